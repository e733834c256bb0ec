"""The colours of a print: extract them, lock some, move the others, without touching the print's structure.

Colours are compared and moved in OKLab (Björn Ottosson, A perceptual color space for image processing, 2020),
differences are reported as CIEDE2000 (CIE 142-2001; notation of Sharma, Wu and Dalal, 2005).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.images import linear_to_srgb, srgb_to_linear

Color = tuple[int, int, int]

KEEP = ("keep", "lock", "-")  # words for a colour that stays


class Dye(tuple[int, int, int]):
    """A new colour that knows which colour it takes the place of; `old` itself where that one stays."""

    old: Color

    def __new__(cls, old: Color, new: Color) -> Dye:
        made = super().__new__(cls, new)
        made.old = old
        return made


# linear sRGB -> cone response, cone response -> OKLab (Ottosson 2020)
_TO_CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
_TO_OKLAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip
_TO_XYZ = np.array([  # linear sRGB -> CIE XYZ, D65 (IEC 61966-2-1)
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip

_SAMPLES = 20_000  # pixels that a palette is taken from
_SAME = 8.0  # CIEDE2000 below which two colours of a palette are one dye in other light
_FINER = (_SAME, 4.0, 2.0, 0.0)  # the same, one after the other, where a print is to take more colours than it has dyes
_FEW = 2  # colours that a print takes in any case
_MOST = 8  # colours of a print that are looked for when some of them are to stay
_BLACK = 0.01  # linear light that black cloth reflects: below it shades are noise, and no proportions
_DARK = (0.1, 0.3)  # OKLab's L up to which a dye counts as black, and from which it does not
_SHADE = np.array([0.35, 1.0, 1.0], np.float32)  # how much L, a, b tell one dye from another
_CHUNK = 1 << 16  # colours moved at a time


@dataclass(frozen=True, eq=False)
class Palette:
    """The main colours of a picture, the most frequent first.

    colors: sRGB uint8 nx3. weights: float64 n, their shares of the picture, sum 1.
    """

    colors: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.colors)

    def names(self) -> list[str]:
        """#rrggbb for each colour."""
        return ["#" + bytes(color).hex() for color in self.colors.astype(np.uint8)]


# ------------------------------------------------------------------------------------------- colour spaces


def to_oklab(srgb: np.ndarray) -> np.ndarray:
    """sRGB (uint8, or float in [0, 1]), last axis 3, to OKLab float32: L in [0, 1], a and b about -0.4..0.4."""
    cones = srgb_to_linear(srgb) @ _TO_CONES.T.astype(np.float32)
    return np.cbrt(cones) @ _TO_OKLAB.T.astype(np.float32)


def from_oklab(oklab: np.ndarray) -> np.ndarray:
    """OKLab, last axis 3, to sRGB uint8; what sRGB cannot show is clipped."""
    cones = np.asarray(oklab, np.float32) @ np.linalg.inv(_TO_OKLAB).T.astype(np.float32)
    return linear_to_srgb(cones**3 @ np.linalg.inv(_TO_CONES).T.astype(np.float32))


def to_cielab(srgb: np.ndarray) -> np.ndarray:
    """sRGB (uint8, or float in [0, 1]), last axis 3, to CIELAB float64, white point D65."""
    ratio = srgb_to_linear(srgb).astype(np.float64) @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def delta_e(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 between sRGB colours (uint8, or float in [0, 1], last axis 3), broadcast: 1 is just visible."""
    return delta_e_cielab(to_cielab(np.asarray(first)), to_cielab(np.asarray(second)))


def delta_e_cielab(first: np.ndarray, second: np.ndarray, lightness_factor: float = 1.0) -> np.ndarray:
    """CIEDE2000 between CIELAB colours, last axis 3, broadcast (equations 2 to 22 of Sharma et al. 2005).

    lightness_factor: the formula's k_L; 2 is usual for textiles, where lightness counts half.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)
    mean_c7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2.0) ** 7
    g = 1.5 - 0.5 * np.sqrt(mean_c7 / (mean_c7 + 25.0**7))
    c1, c2 = np.hypot(a1 * g, b1), np.hypot(a2 * g, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * g)) % 360.0 for a, b in ((a1, b1), (a2, b2)))
    colorful = c1 * c2 != 0.0
    turn = np.where(colorful, (h2 - h1 + 180.0) % 360.0 - 180.0, 0.0)
    turn = np.where(colorful & (h2 - h1 == 180.0), 180.0, turn)
    delta_h = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2.0)
    mean_l, mean_c = (l1 + l2) / 2.0, (c1 + c2) / 2.0
    total = h1 + h2
    far = np.abs(h1 - h2) > 180.0
    mean_h = np.where(far, np.where(total < 360.0, total + 360.0, total - 360.0), total) / 2.0
    mean_h = np.radians(np.where(colorful, mean_h, total))
    t = (
        1.0
        - 0.17 * np.cos(mean_h - np.pi / 6.0)
        + 0.24 * np.cos(2.0 * mean_h)
        + 0.32 * np.cos(3.0 * mean_h + np.radians(6.0))
        - 0.20 * np.cos(4.0 * mean_h - np.radians(63.0))
    )
    offset = (mean_l - 50.0) ** 2
    light = (l2 - l1) / lightness_factor / (1.0 + 0.015 * offset / np.sqrt(20.0 + offset))
    chroma = (c2 - c1) / (1.0 + 0.045 * mean_c)
    hue = delta_h / (1.0 + 0.015 * mean_c * t)
    bend = np.radians(30.0 * np.exp(-(((np.degrees(mean_h) - 275.0) / 25.0) ** 2)))
    rotation = -np.sin(2.0 * bend) * 2.0 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    return np.sqrt(np.maximum(light**2 + chroma**2 + hue**2 + rotation * chroma * hue, 0.0))


# ------------------------------------------------------------------------------------------------- palettes


def extract_palette(
    image: np.ndarray, n: int = 5, mask: np.ndarray | None = None, seed: int = 0, same: float = _SAME
) -> Palette:
    """At most n colours of an sRGB uint8 HxWx3 picture (k-means in OKLab), the most frequent first.

    mask: HxW, above 0.5 counts. same: CIEDE2000 (lightness counts half) below which shades of one dye count as one
    colour. The same seed gives the same palette.
    Raises UserError when n is below 1 or the mask is empty or of another size.
    """
    import cv2

    if n < 1:
        raise UserError("A palette has at least one colour.", received=n, exit_code=EXIT_USAGE)
    pixels = image.reshape(-1, 3)
    if mask is not None:
        if mask.shape != image.shape[:2]:
            raise UserError("The mask and the picture differ in size.", received=f"{mask.shape} and {image.shape}")
        pixels = pixels[mask.reshape(-1) > 0.5]
    if len(pixels) == 0:
        raise UserError("There are no pixels to take a palette from.", advice="Is the mask empty?")
    rng = np.random.default_rng(seed)
    if len(pixels) > _SAMPLES:
        pixels = pixels[rng.integers(0, len(pixels), _SAMPLES)]
    if len(pixels) == 1:  # OpenCV takes a single sample of three numbers for three samples
        pixels = np.repeat(pixels, 2, axis=0)
    samples = to_oklab(pixels)
    count = min(n, len(np.unique(pixels, axis=0)))
    cv2.setRNGSeed(seed)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-4)
    labels = np.zeros((len(samples), 1), np.int32)
    labels, centers = cv2.kmeans(samples, count, labels, stop, 3, cv2.KMEANS_PP_CENTERS)[1:]
    weights = np.bincount(labels[:, 0], minlength=count) / len(samples)
    return _merged(np.asarray(centers, np.float64), weights, same)


def _merged(centers: np.ndarray, weights: np.ndarray, same_below: float) -> Palette:
    """The palette with shades of one dye joined, most frequent first."""
    kept: list[np.ndarray] = []
    shares: list[float] = []
    for place in np.argsort(-weights, kind="stable"):
        color, share = centers[place], float(weights[place])
        if share == 0.0:
            continue
        same = next((i for i, other in enumerate(kept) if _difference(other, color) < same_below), None)
        if same is None:
            kept.append(color)
            shares.append(share)
        else:
            kept[same] = (kept[same] * shares[same] + color * share) / (shares[same] + share)
            shares[same] += share
    order = np.argsort(-np.array(shares), kind="stable")
    return Palette(from_oklab(np.array(kept)[order]), np.array(shares)[order])


def _difference(first: np.ndarray, second: np.ndarray) -> float:
    labs = to_cielab(from_oklab(np.stack([first, second])))
    return float(delta_e_cielab(labs[0], labs[1], lightness_factor=2.0))


def parse_colors(text: str) -> list[Color | None]:
    """Colours from words: '#aabbcc, navy, keep, rgb(10, 20, 30), #112233=navy'; keep, lock and - give None.

    old=new is a Dye: the new colour for just that old one, and old=keep the old one for itself. Names are those of
    CSS. Raises UserError (exit code 2) for other words.
    """
    colors: list[Color | None] = []
    for word in re.split(r",(?![^(]*\))", text):
        old, paired, new = word.strip().lower().partition("=")
        color = _color(new if paired else old)
        replaced = _color(old) if paired else None
        if paired and replaced is None:
            raise _no_color(word)
        colors.append(Dye(replaced, color or replaced) if replaced is not None else color)
    return colors


def _color(word: str) -> Color | None:
    """One colour; None for a word of KEEP."""
    from PIL import ImageColor

    word = word.strip()
    if word in KEEP:
        return None
    try:
        red, green, blue = ImageColor.getrgb(word if not re.fullmatch(r"[0-9a-f]{6}", word) else f"#{word}")[:3]
    except ValueError:
        raise _no_color(word) from None
    return red, green, blue


def _no_color(word: str) -> UserError:
    return UserError(
        "There is no such colour.", received=repr(word), advice="Write several with commas between.",
        possible="#rrggbb, a CSS name such as navy, rgb(10, 20, 30), keep, or old=new", exit_code=EXIT_USAGE,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ recolouring


def recolor(
    image: np.ndarray, source: Palette, target: Sequence[Color | np.ndarray | None], *, alone: bool = False
) -> np.ndarray:
    """The picture with the source palette's colours moved to the target's, sRGB uint8 HxWx3.

    target[i] takes the place of source.colors[i]; None, and what the target does not reach, stays. Every pixel
    keeps its place among the colours: shades of one colour become shades of the new one, in proportion to its
    lightness (as under light), and mixtures stay mixtures. alone: hues that a pixel has beside its palette's colour
    go; else they stay, as does the rust in a brown that becomes navy. Raises UserError when the target is longer.
    """
    if len(target) > len(source):
        raise UserError(
            "There are more new colours than the picture has.", received=len(target), possible=f"up to {len(source)}",
            exit_code=EXIT_USAGE,
        )  # fmt: skip
    old = to_oklab(source.colors)
    new = old.copy()
    moved = np.zeros(len(old), bool)
    for number, color in enumerate(target):
        if color is not None and tuple(color) != tuple(source.colors[number]):
            new[number], moved[number] = to_oklab(np.array(color, np.uint8)), True
    if not moved.any():
        return image.copy()
    # each colour once: a picture has far fewer colours than pixels
    code = image.reshape(-1, 3).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    present = np.zeros(1 << 24, bool)
    present[code] = True
    codes = np.flatnonzero(present)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8)
    table = np.zeros((1 << 24, 3), np.uint8)
    for start in range(0, len(codes), _CHUNK):
        part = slice(start, start + _CHUNK)
        table[codes[part]] = _moved(colors[part], old, new, moved, 0.0 if alone else 1.0)
    return table[code].reshape(image.shape)


def repaint(
    image: np.ndarray, colors: Sequence[Color | np.ndarray | None], mask: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """The picture in the given colours only, sRGB uint8 HxWx3; fewer when it has fewer of its own.

    Its dark colours become the dark ones among the given, its light ones the light ones, so that the print keeps
    its relief. When one of the given is None (keep), they go by frequency instead: the first takes the place of
    the most frequent colour, and so on. Dyes say themselves what they replace: every other colour of the picture stays,
    and next to them, what is no Dye means nothing.
    """
    dyes = [color for color in colors if isinstance(color, Dye)]
    if dyes:
        dyes += _others(image, dyes, mask, seed)
        known = Palette(np.array([dye.old for dye in dyes], np.uint8), np.full(len(dyes), 1 / len(dyes)))
        return recolor(image, known, dyes)
    # Of many colours some are left over rather than shades of one dye made several: they lie in blotches.
    for same in (
        _FINER if len(colors) <= _FEW else _FINER[:2]
    ):  # a pale tartan in navy and white takes both: its shades are dyes then
        source = extract_palette(image, max(1, len(colors)), mask, seed, same)
        if len(source) >= len(colors):
            break
    chosen = list(colors[: len(source)])
    alone = all(color is not None for color in chosen)
    if alone:
        by_light = np.argsort(to_oklab(np.array(chosen, np.uint8))[:, 0], kind="stable")
        places = np.argsort(to_oklab(source.colors)[:, 0], kind="stable")
        chosen = [chosen[by_light[rank]] for rank in np.argsort(places, kind="stable")]
    return recolor(image, source, chosen, alone=alone)


def _others(image: np.ndarray, dyes: Sequence[Dye], mask: np.ndarray | None, seed: int) -> list[Dye]:
    """The picture's colours that none of the dyes replaces, as dyes that stay."""
    own = extract_palette(image, _MOST, mask, seed).colors.astype(np.uint8)
    replaced = np.array([dye.old for dye in dyes], np.uint8)
    away = delta_e(own[:, None], replaced[None]).min(axis=1)
    return [Dye(tuple(color), tuple(color)) for color in own[away > 2 * _SAME].tolist()]


def _moved(pixels: np.ndarray, old: np.ndarray, new: np.ndarray, moved: np.ndarray, beside: float) -> np.ndarray:
    lab = to_oklab(pixels)
    # lightness counts less: a colour in shade is still that colour
    distance = np.stack([((lab - color) ** 2) @ _SHADE for color in old], axis=1)
    shares = (distance + 1e-6) ** -1.5
    shares /= shares.sum(axis=1, keepdims=True)
    change = np.zeros_like(lab)
    for number in np.flatnonzero(moved):
        change += shares[:, number, None] * (_in_new_light(lab, old[number], new[number], beside) - lab)
    recolored = from_oklab(lab + change)
    untouched = shares[:, moved].sum(axis=1) < 1e-3
    recolored[untouched] = pixels[untouched]
    return recolored


def _in_new_light(lab: np.ndarray, old: np.ndarray, new: np.ndarray, beside: float) -> np.ndarray:
    """A pixel's colour if its cloth were dyed new instead of old. beside: share kept of what hue it has besides.

    Light scales linear RGB, hence all of OKLab by one factor: shades are proportions of the dye's own L, a, b.
    """
    level, own = _above_black(lab[:, :1], float(old[0]))
    own = max(own, 0.05)
    contrast = np.clip(new[0] / own, 0.3, 2.5)
    lightness = np.clip(new[0] + (level - own) * contrast, 0.0, 1.0)
    before = np.clip(lab[:, :1] / max(float(old[0]), 0.05), 0.0, 1.5)
    after = np.clip(lightness / max(float(new[0]), 0.05), 0.0, 1.5)
    return np.concatenate([lightness, new[1:] * after + beside * (lab[:, 1:] - old[1:] * before)], axis=1)


def _above_black(lightness: np.ndarray, dye: float) -> tuple[np.ndarray, float]:
    """OKLab's L of pixels and of their dye, with the light that black cloth reflects added where the dye is black.

    (0, 0, 0) and (4, 3, 0) are one black, though 0.1 apart in L: in a lighter dye they are not to be two colours.
    """
    black = np.float32(_BLACK * np.clip((_DARK[1] - dye) / (_DARK[1] - _DARK[0]), 0, 1))
    return np.cbrt(lightness**3 + black), float(np.cbrt(dye**3 + black))
