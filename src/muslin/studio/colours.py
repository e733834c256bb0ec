"""Colours and tiles of looks: palette, colourways, cloth zoomed out, the seamless tile to take along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.studio.controls import KEEP, rgb, turned
from muslin.studio.database import Row
from muslin.studio.service import Studio

if TYPE_CHECKING:
    from muslin.textiles.palette import Palette

LARGEST_TILE = 64_000_000  # pixels of an exported tile
Swatches = Sequence[tuple[Row, float]]


def inks(pixels: np.ndarray, alpha: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(colours uint8 hxwx3, what counts bool hxw) of a picture that is transparent around, at most `side` px.

    The white paper under it is none of its colours, nor are the half-tones of its outlines.
    """
    from muslin.images import at_most
    from muslin.textiles.placement import opaque

    pixels, alpha = at_most(pixels, side), at_most(alpha, side)
    counts = alpha >= 128
    return opaque(pixels, alpha), counts if counts.any() else alpha > 0


def stable_palette(pixels: np.ndarray, shown: np.ndarray | None, count: int) -> Palette:
    """At most `count` colours; asked for exactly as many as these, `extract_palette` gives the same again.

    So a palette of new colours of that length means these, in this order. pixels: uint8 hxwx3. shown: bool hxw, what
    of it counts; None: all.
    """
    from muslin.textiles.palette import extract_palette

    found = extract_palette(pixels, count, shown)
    while len(found) < count:
        count = len(found)
        found = extract_palette(pixels, count, shown)
    return found


def own(studio: Studio, row: Row, count: int) -> Palette:
    """The main colours of a look, always seen at one size, so that they never change their places."""
    return studio.engine.palette(row["picture"], count)


def dyes(studio: Studio, swatches: Swatches, asked: Sequence[str]) -> list[str]:
    """Colours in the places of a look's own, as old=new: those that a preview, a tile and the full size all mean.

    What names its old colour already stays; so do colours for a mix, where each swatch has its own.
    """
    if not asked or len(swatches) != 1 or any("=" in colour for colour in asked):
        return list(asked)
    base = own(studio, swatches[0][0], len(asked)).names()
    new = list(asked[: len(base)])
    if KEEP not in new:
        new = _dark_for_dark(base, new)
    return [f"{old}={colour}" for old, colour in zip(base, new, strict=False)]


def _dark_for_dark(base: Sequence[str], colours: Sequence[str]) -> list[str]:
    """The colours in another order: the darkest in the place of the darkest, as textiles.palette.repaint does."""
    by_light, places = (np.argsort(_light(names), kind="stable") for names in (colours, base))
    return [colours[by_light[rank]] for rank in np.argsort(places, kind="stable")]


def _light(names: Sequence[str]) -> np.ndarray:
    from muslin.textiles.palette import to_oklab

    return np.asarray(to_oklab(np.array([rgb(name) for name in names], np.uint8).reshape(-1, 3))[:, 0])


def palette(studio: Studio, row: Row, count: int) -> dict[str, Any]:
    """The main colours of a look, the most frequent first, with share and CIELAB."""
    from muslin.textiles.palette import to_cielab

    found = own(studio, row, count)
    labs = to_cielab(found.colors.astype(np.uint8))
    return {"colours": [
        {"hex": name, "share": round(float(share), 4), "lab": [round(float(part), 2) for part in lab]}
        for name, share, lab in zip(found.names(), found.weights, labs, strict=True)
    ]}  # fmt: skip


def colourways(
    studio: Studio, row: Row, count: int, seed: int, colours: int, lock: Sequence[str], card: Sequence[str]
) -> dict[str, Any]:
    """`count` palettes for a look: hues turned together, or colours taken from a card; nothing is saved."""
    base = own(studio, row, colours).names()
    kept = {nearest(colour, base) for colour in lock}
    rng = np.random.default_rng(seed)
    first = float(rng.uniform(0, 360 / (count + 1)))
    items = []
    for number in range(count):
        degrees = first + 360 * (number + 0.5) / (count + 1)
        new = _from_card(base, kept, card, rng) if card else turned(base, degrees)
        chosen = [KEEP if place in kept else colour for place, colour in enumerate(new)]
        words = ",".join(colour.lstrip("#") for colour in chosen)
        items.append({
            "name": f"Colourway {number + 1}", "palette": chosen, "tile": f"/v1/looks/{row['id']}/tile?palette={words}",
        })  # fmt: skip
    return {"palette": base, "items": items}


def nearest(colour: str, among: Sequence[str]) -> int:
    """The place of the colour that an eye would take for `colour` first."""
    from muslin.textiles.palette import delta_e

    others = np.array([rgb(other) for other in among], np.uint8)
    return int(delta_e(np.array(rgb(colour), np.uint8), others).argmin())


def _from_card(base: Sequence[str], kept: set[int], card: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Colours of the card in the places of those not kept: dark for dark, light for light."""
    free = [place for place in range(len(base)) if place not in kept]
    drawn = rng.choice(len(card), len(free), replace=len(card) < len(free))
    chosen = _dark_for_dark([base[place] for place in free], [card[index] for index in drawn])
    new = list(base)
    for place, colour in zip(free, chosen, strict=True):
        new[place] = colour
    return new


def recolour(studio: Studio, row: Row, colours: Sequence[str]) -> np.ndarray:
    """The look's picture at its own size in other colours, uint8 hxwx3; see textiles.palette.repaint."""
    from muslin.textiles.palette import parse_colors, repaint

    meant = dyes(studio, [(row, 1.0)], colours)
    return repaint(studio.engine.photo(row["picture"]).pixels, parse_colors(",".join(meant)))


def zoomed_out(
    studio: Studio, swatches: Swatches, *, across: int, side: int, repeat: str, rotation: float,
    colours: Sequence[str], seamless: str | bool,
) -> np.ndarray:  # fmt: skip
    """Flat cloth, side x side pixels, `across` swatches side by side. uint8."""
    from muslin.textiles.repeat import Cloth

    meant = tuple(dyes(studio, swatches, colours))
    made = [studio.engine.swatch(row["picture"], seamless, repeat, meant) for row, _ in swatches]
    pixels = at_one_size(made, [weight for _, weight in swatches], made[0].shape[1], made[0].shape[0])
    v, u = np.mgrid[0:side, 0:side].astype(np.float32)
    return Cloth(pixels, repeat).prepare(side / across / pixels.shape[1], rotation).sample(u, v)


def tile(studio: Studio, swatches: Swatches, width: int, repeat: str, colours: Sequence[str]) -> np.ndarray:
    """One period of the cloth: tiles straight, one swatch `width` pixels wide. uint8 HxWx3.

    Raises UserError for a tile of more than LARGEST_TILE pixels.
    """
    from muslin.restyle.controls import Controls
    from muslin.restyle.styles import prepare_swatch
    from muslin.textiles.repeat import Cloth

    settings = Controls(repeat=repeat, palette=",".join(dyes(studio, swatches, colours)) or None)
    made = [prepare_swatch(studio.engine.photo(row["picture"]).pixels, settings) for row, _ in swatches]
    height = max(1, round(made[0].shape[0] * width / made[0].shape[1]))
    periods = {"straight": 1, "half-drop": 2, "brick": 2, "mirror": 4}[repeat]
    if width * height * periods > LARGEST_TILE:
        raise UserError(
            "The tile would be too large a picture.",
            received=f"{width} x {height} pixels, {periods} times",
            possible=f"at most {LARGEST_TILE / 1e6:.0f} million pixels",
            advice="Ask for fewer centimetres or a lower resolution.",
            exit_code=EXIT_USAGE,
        )
    pixels = at_one_size(made, [weight for _, weight in swatches], width, height)
    return Cloth(pixels, repeat).cell()


def at_one_size(swatches: Sequence[np.ndarray], weights: Sequence[float], width: int, height: int) -> np.ndarray:
    """Swatches at one size, printed over each other by weight; uint8 height x width x 3."""
    from muslin.textiles.mix import overprinted

    if len(swatches) == 1:
        return at_size(swatches[0], width, height)
    total = sum(weights)
    return overprinted((at_size(pixels, width, height) for pixels in swatches), [part / total for part in weights])


def at_size(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """A tile at another size that still tiles, uint8: averaged where it shrinks, enlarged across its border."""
    from muslin.images import resize
    from muslin.textiles.enlarge import enlarge

    rows, columns = pixels.shape[:2]
    return enlarge(resize(pixels, min(width, columns), min(height, rows)), width, height)
