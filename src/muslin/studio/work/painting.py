"""Garments in looks that a model paints: which variants there are, how one is made, the command that says the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from muslin.studio import learned
from muslin.studio.controls import exactly, shade
from muslin.studio.database import Row
from muslin.studio.engine import Engine

if TYPE_CHECKING:
    from muslin.images import Photo

Parts = Sequence[tuple[Row | Mapping[str, Any], float]]
SPREAD = 4  # variants that are asked for at once: they share the whole range


def arguments(parts: Parts, controls: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for the model of these looks; of the controls it has a strength, a drawing also colours."""
    first = learned.origin(parts[0][0])
    asked: dict[str, Any] = {"strength": float(controls.get("strength", 1.0))}
    if first["drawing"] and controls.get("palette"):
        palette = controls["palette"]
        asked["palette"] = palette if isinstance(palette, str) else ",".join(palette)
    if len(parts) > 1:
        asked["look_mix"] = {learned.origin(row)["look"]: weight for row, weight in parts}
    elif first["look"]:
        asked["look"] = first["look"]
    return asked


def family(
    parts: Parts, asked: Mapping[str, Any], seed: int, start: int, count: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(seed, keyword arguments) of `count` variants, each another picture; number 0 is what was asked for.

    Where the model takes noise (stargan_v2) these are other draws, of a drawing other colours, or where a colour was
    asked for its shades; where photo and network decide everything (cut, cyclegan) other strengths.
    """
    drawing = learned.origin(parts[0][0])["drawing"]
    for number in range(start, start + count):
        if drawing and asked.get("palette"):
            yield seed, {**asked, "palette": _shades(asked["palette"], number)}
        elif drawing:  # its own paint first, then colours drawn by the seed
            yield seed, {**asked, "number": number}
        elif one_family(parts, asked):
            yield seed + number, dict(asked)
        else:
            share = 1 - (number % SPREAD + _between(number // SPREAD)) / SPREAD
            yield seed, {**asked, "strength": round(asked["strength"] * share, 3)}


def one_family(parts: Parts, asked: Mapping[str, Any]) -> bool:
    """Whether `muslin restyle -n` makes the same variants: other strengths and shades are lines of their own."""
    source = learned.origin(parts[0][0])
    return source["recipe"] == "stargan_v2" or (bool(source["drawing"]) and not asked.get("palette"))


def _shades(palette: str, number: int) -> str:
    from muslin.textiles.palette import parse_colors

    if number == 0:
        return palette
    named = ["#" + bytes(colour).hex() for colour in parse_colors(palette) if isinstance(colour, tuple)]
    return ",".join(shade(colour, number) for colour in named) or palette


def _between(number: int) -> float:
    """0, 1/2, 1/4, 3/4, 1/8, ...: numbers that spread over 0 to 1 however many are taken (van der Corput)."""
    return sum((number >> bit & 1) / 2 ** (bit + 1) for bit in range(number.bit_length()))


def paint(engine: Engine, parts: Parts, photo: Photo, mask: Any, asked: Mapping[str, Any], seed: int) -> Any:
    """One result, with .image and .params as muslin.restyle.translate.Translated has them. mask: uint8 HxW."""
    source = learned.origin(parts[0][0])
    painter = engine.painter(source["model"])
    if source["drawing"]:
        number = int(asked.get("number", 0))
        own = {name: value for name, value in asked.items() if name != "number"}
        return next(painter.variants(photo, n=1, seed=seed, start=number, **own))
    return painter.restyle(photo, mask=mask, seed=seed, **asked)


def preview(engine: Engine, garment: Row, parts: Parts, asked: Mapping[str, Any], side: int) -> bytes:
    """A JPEG of the garment in these looks, longer side at most `side` pixels."""
    from muslin.images import encode_image
    from muslin.studio.engine import JPEG_QUALITY

    photo, mask = engine.small(garment["photo"], garment["mask"], side)
    with engine.previewing:
        return encode_image(paint(engine, parts, photo, mask, asked, 0).image, "JPEG", quality=JPEG_QUALITY)


def answered(params: Mapping[str, Any]) -> dict[str, Any]:
    """The full controls of a result; what the model has not is as it stands by default."""
    from muslin.restyle.controls import Controls

    own = params["controls"]
    return {**asdict(Controls()), "strength": own["strength"], "palette": ",".join(own.get("palette") or []) or None}


def command(
    photo: str, mask: str, parts: Parts, asked: Mapping[str, Any], output: str, count: int = 1, seed: int = 0
) -> str:
    """The line of `muslin restyle` that makes the same pictures. photo, mask: paths."""
    source = learned.origin(parts[0][0])
    words = ["muslin", "restyle", photo, "--model", source["model"]]
    if asked.get("look"):
        words += ["--look", asked["look"]]
    if asked.get("look_mix"):
        words += ["--look-mix", ",".join(f"{look}={exactly(weight)}" for look, weight in asked["look_mix"].items())]
    if not source["drawing"]:
        words += ["--mask", mask]
    if asked.get("palette"):
        words += ["--palette", asked["palette"]]
    words += ["--strength", repr(asked["strength"])]
    if count > 1:
        words += ["--number", str(count)]
    if count > 1 or seed:
        words += ["--seed", str(seed)]
    return shlex.join([*words, "--output", output, "--json"])
