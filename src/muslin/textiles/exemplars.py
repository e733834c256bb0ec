"""The swatches that prints are arranged from: which to keep, how to keep them, and their colours as statistics.

A bank holds, for each look, a few seamless swatches (exemplars) of one size and the tones of many more. On disk it is
one atlas a look and one JSON file. Tones are mean and covariance in OKLab (Ottosson 2020); one cloth takes another's
by the linear map of optimal transport between two Gaussians (Pitie & Kokaram 2007, "The linear Monge-Kantorovitch
linear colour mapping for example-based colour transfer", equation 6).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from muslin.errors import EXIT_MODEL, UserError
from muslin.textiles.palette import from_oklab, to_oklab
from muslin.textiles.seamless import make_seamless

REPEAT = 256  # px, side of an exemplar: one repeat of its cloth
BANK = "bank.json"
ATLAS_COLUMNS = 4
JPEG_QUALITY, WEBP_QUALITY = 75, 82  # of an atlas
UNSEEN = 30.0  # mean squared error of 8-bit values that counts as not seen: 33.4 dB
SOFTEST, STRONGEST = 0.35, 1.8  # how far a contrast may be pressed or stretched to take another's tone
NEAR = 0.06  # OKLab: colours of one ground
A_GROUND = 0.3  # of the cloth must be near one colour for it to have a ground
FARTHEST_GROUND = 0.35  # OKLab: a light ground does not become a dark one
FLOOR = 4e-5  # OKLab squared: added to variances, so that a plain cloth has a direction too


@dataclass(frozen=True)
class Tone:
    """The colours of a cloth: mean (3) and covariance (3x3) in OKLab."""

    mean: np.ndarray
    covariance: np.ndarray

    def as_list(self) -> list[float]:
        """Nine numbers: the mean and the upper triangle of the covariance."""
        numbers = [*self.mean, *self.covariance[np.triu_indices(3)]]
        return [round(float(number), 6) for number in numbers]

    @staticmethod
    def of_list(numbers: Sequence[float]) -> Tone:
        upper = np.zeros((3, 3))
        upper[np.triu_indices(3)] = numbers[3:9]
        return Tone(np.array(numbers[:3], float), upper + np.triu(upper, 1).T)

    def mixed(self, other: Tone, share: float) -> Tone:
        """Between the two; share of `other` in [0, 1]."""
        return Tone(
            (1 - share) * self.mean + share * other.mean, (1 - share) * self.covariance + share * other.covariance
        )


def tone_of(image: np.ndarray) -> Tone:
    """The tone of an sRGB uint8 picture."""
    step = max(1, min(image.shape[:2]) // 96)
    lab = to_oklab(image[::step, ::step]).reshape(-1, 3).astype(np.float64)
    return Tone(lab.mean(axis=0), np.cov(lab.T))


def transfer(source: Tone, target: Tone) -> np.ndarray:
    """3x4 matrix that maps OKLab (L, a, b, 1) of cloth with tone `source` to tone `target`; contrasts limited."""
    root, inverse = _roots(source.covariance + FLOOR * np.eye(3))
    middle, _ = _roots(root @ (target.covariance + FLOOR * np.eye(3)) @ root)
    left, gains, right = np.linalg.svd(inverse @ middle @ inverse)
    matrix = (left * np.clip(gains, SOFTEST, STRONGEST)) @ right
    return np.column_stack([matrix, target.mean - matrix @ source.mean]).astype(np.float32)


def _roots(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square root of a symmetric positive matrix, and its inverse."""
    values, vectors = np.linalg.eigh(matrix)
    values = np.sqrt(np.maximum(values, 1e-12))
    return (vectors * values) @ vectors.T, (vectors / values) @ vectors.T


def regularity(swatch: np.ndarray, side: int = 48) -> float:
    """How much a seamless swatch repeats itself inside: 1 for stripes and checks, about 0.3 for scattered flowers.

    The largest autocorrelation of its lightness at a distance of a quarter of the swatch or more, at least 0.
    """
    import cv2

    light = cv2.resize(swatch, (side, side), interpolation=cv2.INTER_AREA).mean(axis=2)
    light = light - light.mean()
    power = np.abs(np.fft.fft2(light)) ** 2
    found = np.fft.ifft2(power).real / max(float(light.var()) * light.size, 1e-6)
    lag = np.minimum(np.arange(side), side - np.arange(side)) / side
    far = np.hypot(lag[:, None], lag[None, :]) >= 0.25
    return float(np.clip(found[far].max(), 0.0, 1.0))


def toned_lab(image: np.ndarray, source: Tone, target: Tone) -> np.ndarray:
    """`image` (sRGB uint8) of tone `source` in tone `target`, OKLab float32."""
    matrix = transfer(source, target)
    lab = (to_oklab(image) @ matrix[:, :3].T + matrix[:, 3]).astype(np.float32)
    lab[..., 0] = _within(lab[..., 0])
    return lab


def _within(lightness: np.ndarray, low: float = 0.12, high: float = 0.9, room: float = 0.09) -> np.ndarray:
    """Lightness that levels off towards black and white, so that a stretched contrast does not burn out."""
    bright = high + room * np.tanh((lightness - high) / room)
    dark = low + room * np.tanh((lightness - low) / room)
    return np.where(lightness > high, bright, np.where(lightness < low, dark, lightness))


def retone(image: np.ndarray, source: Tone, target: Tone) -> np.ndarray:
    """`image` (sRGB uint8) of tone `source` in tone `target`, sRGB uint8."""
    return from_oklab(toned_lab(image, source, target))


def ground_of(lab: np.ndarray) -> tuple[np.ndarray, float]:
    """(the most frequent colour, the share of the cloth near it) of a cloth in OKLab, HxWx3."""
    step = max(1, lab.shape[0] // 64)
    colors = lab[::step, ::step].reshape(-1, 3)
    _, bins, counts = np.unique(np.floor(colors / NEAR).astype(int), axis=0, return_inverse=True, return_counts=True)
    ground = colors[bins.ravel() == np.argmax(counts)].mean(axis=0)
    near = np.linalg.norm(colors - ground, axis=1) < NEAR
    return colors[near].mean(axis=0), float(near.mean())


def on_one_ground(cloths: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Cloths in OKLab whose grounds all have the colour of the first one's, where both have a ground.

    Motifs keep their colours: a colour moves with the ground the more the nearer it is to it.
    """
    grounds = [ground_of(cloth) for cloth in cloths]
    color, share = grounds[0]
    moved = [cloths[0]]
    for cloth, (own, own_share) in zip(cloths[1:], grounds[1:], strict=True):
        if min(share, own_share) < A_GROUND or np.linalg.norm(own - color) > FARTHEST_GROUND:
            moved.append(cloth)
            continue
        nearness = np.exp(-((cloth - own) ** 2).sum(axis=-1, keepdims=True) / (2 * NEAR**2))
        moved.append((cloth + nearness * (color - own)).astype(np.float32))
    return moved


@dataclass(frozen=True, eq=False)
class Look:
    """What prints of one look are made from.

    exemplars: uint8 N,REPEAT,REPEAT,3, each tiles straight. tones: of as many swatches as there were.
    style_code: what the network was told about this look.
    """

    exemplars: np.ndarray
    tones: tuple[Tone, ...]
    style_code: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @cached_property
    def exemplar_tones(self) -> tuple[Tone, ...]:
        return tuple(tone_of(exemplar) for exemplar in self.exemplars)

    @cached_property
    def regularities(self) -> tuple[float, ...]:
        return tuple(regularity(exemplar) for exemplar in self.exemplars)

    @cached_property
    def grains(self) -> tuple[float, ...]:
        """Of each exemplar the direction of its lines: below 0 they stand, above 0 they lie, near 0 neither."""
        return tuple(float(described[-1]) for described in self._described)

    @cached_property
    def strangeness(self) -> np.ndarray:
        """How little two exemplars suit each other on one cloth, N x N.

        Fine against bold, free against regular, a light cloth with dark motifs against a dark one with light motifs.
        """
        rows = []
        for described, regular in zip(self._described, self.regularities, strict=True):
            bands = described[6:10] - described[6:10].mean()
            rows.append([*bands, 0.5 * abs(described[-1]), 2.0 * regular, described[0]])
        features = np.array(rows)
        return np.asarray(np.linalg.norm(features[:, None] - features[None], axis=2))

    @cached_property
    def _described(self) -> tuple[np.ndarray, ...]:
        return tuple(_describe(squared(exemplar, 128))[0] for exemplar in self.exemplars)


Bank = Mapping[str, Look]


def make_look(swatches: Sequence[np.ndarray], count: int) -> Look:
    """Choose `count` of the swatches (sRGB uint8, any size), make them seamless, measure the tones of all."""
    chosen = choose(swatches, count)
    exemplars = np.stack([make_seamless(squared(swatches[index])) for index in chosen])
    return Look(exemplars, tuple(tone_of(swatch) for swatch in swatches))


def squared(swatch: np.ndarray, side: int = REPEAT) -> np.ndarray:
    """The centre of a swatch, side x side."""
    import cv2

    short = min(swatch.shape[:2])
    top, left = (swatch.shape[0] - short) // 2, (swatch.shape[1] - short) // 2
    cut = np.ascontiguousarray(swatch[top : top + short, left : left + short])
    if short == side:
        return cut
    return cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA if short > side else cv2.INTER_CUBIC)


def choose(swatches: Sequence[np.ndarray], count: int) -> list[int]:
    """Indices of `count` swatches: even ones (no pocket, button or shadow) to which the others are near.

    As different as can be would choose the odd ones out. Greedy facility location (Nemhauser et al. 1978).
    """
    if len(swatches) <= count:
        return list(range(len(swatches)))
    described = [_describe(squared(swatch, 128)) for swatch in swatches]
    unevenness = np.array([uneven for _, uneven in described])
    kept = np.argsort(unevenness, kind="stable")[: max(count, round(0.6 * len(swatches)))]
    features = np.stack([described[index][0] for index in kept])
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    apart = np.linalg.norm(features[:, None] - features[None], axis=2)
    chosen: list[int] = []
    nearest = np.full(len(features), np.inf)
    while len(chosen) < count:
        cost = np.minimum(nearest[:, None], apart).sum(axis=0)
        cost[chosen] = np.inf
        chosen.append(int(np.argmin(cost)))
        nearest = np.minimum(nearest, apart[:, chosen[-1]])
    return sorted(int(kept[place]) for place in chosen)


def _describe(image: np.ndarray) -> tuple[np.ndarray, float]:
    """(features that tell designs apart, how uneven the cloth is: blocks that differ from the whole)."""
    import cv2

    lab = to_oklab(image)
    blocks = lab.reshape(4, 32, 4, 32, 3).swapaxes(1, 2).reshape(16, -1, 3)
    whole = lab.reshape(-1, 3).std(axis=0) + 0.02
    means, spreads = blocks.mean(axis=1), blocks.std(axis=1)
    uneven = float((means.std(axis=0) / whole).mean() + (spreads.std(axis=0) / whole).mean())
    bands, level = [], lab[..., 0]
    for _ in range(4):
        smaller = cv2.GaussianBlur(level, (0, 0), 1.6)
        bands.append(np.log(float((level - smaller).std()) + 0.003))
        level = smaller[::2, ::2]
    slopes = [np.log(float(np.abs(np.diff(lab[..., 0], axis=axis)).mean()) + 0.003) for axis in (0, 1)]
    features = [*(3 * lab.mean(axis=(0, 1))), *whole, *bands, slopes[0] - slopes[1]]
    return np.array(features, np.float64), uneven


# ------------------------------------------------------------------------------------------------------ on disk


def save_bank(bank: Bank, folder: Path) -> None:
    """Write bank.json and one atlas for each look into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, look in bank.items():
        data, suffix = _encode(_atlas(look.exemplars))
        file = f"bank/{name}{suffix}"
        (folder / "bank").mkdir(exist_ok=True)
        (folder / file).write_bytes(data)
        entries[name] = {
            "file": file,
            "count": len(look.exemplars),
            "style_code": [round(float(number), 5) for number in look.style_code],
            "tones": [tone.as_list() for tone in look.tones],
        }
    (folder / BANK).write_text(json.dumps(entries), encoding="utf-8")


class StoredBank(Mapping[str, Look]):
    """A bank on disk whose looks are read when they are asked for.

    read: file name -> path, checked (store.Model.file). Raises UserError (exit code 4) for a damaged bank.
    """

    def __init__(self, read: Any) -> None:
        self._read = read
        self._looks: dict[str, Look] = {}
        try:
            self._entries: dict[str, Any] = json.loads(Path(read(BANK)).read_text(encoding="utf-8"))
            assert isinstance(self._entries, dict)
        except (ValueError, AssertionError) as error:
            raise _damaged() from error

    def __getitem__(self, name: str) -> Look:
        if name not in self._looks:
            entry = self._entries[name]
            try:
                exemplars = _split(Path(self._read(entry["file"])), int(entry["count"]))
                tones = tuple(Tone.of_list(numbers) for numbers in entry["tones"])
                code = np.array(entry["style_code"], np.float32)
            except (KeyError, TypeError, ValueError, OSError) as error:
                raise _damaged() from error
            self._looks[name] = Look(exemplars, tones, code)
        return self._looks[name]

    def __iter__(self) -> Any:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _atlas(exemplars: np.ndarray) -> np.ndarray:
    columns = min(ATLAS_COLUMNS, len(exemplars))
    missing = -len(exemplars) % columns
    padded = np.concatenate([exemplars, np.repeat(exemplars[-1:], missing, axis=0)])
    rows = padded.reshape(-1, columns, *exemplars.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(rows.reshape(-1, columns * exemplars.shape[2], 3))


def _encode(atlas: np.ndarray) -> tuple[bytes, str]:
    """WebP, where its halved colour resolution cannot be seen; else the smaller of JPEG in full colour and lossless.

    Thin lines in strong colours are where it can.
    """
    from PIL import Image

    image = Image.fromarray(atlas)
    small, full, lossless = io.BytesIO(), io.BytesIO(), io.BytesIO()
    image.save(small, "WEBP", quality=WEBP_QUALITY, method=5)
    image.save(full, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    image.save(lossless, "WEBP", lossless=True, quality=20, method=2)
    if lossless.tell() <= full.tell():
        return lossless.getvalue(), ".webp"
    error = atlas.astype(np.float32) - np.asarray(Image.open(small).convert("RGB"))
    if small.tell() < full.tell() and float(np.square(error).mean()) <= UNSEEN:
        return small.getvalue(), ".webp"
    return full.getvalue(), ".jpg"


def _split(path: Path, count: int) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        atlas = np.asarray(image.convert("RGB"))
    columns = atlas.shape[1] // REPEAT
    tiles = atlas.reshape(-1, REPEAT, columns, REPEAT, 3).swapaxes(1, 2).reshape(-1, REPEAT, REPEAT, 3)
    return np.ascontiguousarray(tiles[:count])


def _damaged() -> UserError:
    return UserError(
        "The bank of swatches of this model cannot be read.",
        advice="Install the model again, or learn the look again.",
        exit_code=EXIT_MODEL,
    )
