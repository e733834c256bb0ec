"""Learned looks on photos: style codes from seeds or from references, mixed and weighted, painted inside the mask.

A `stargan_v2` model paints the garment's own square at a small size. Finer detail of the photo (seams, folds) comes
back where what was painted follows the photo, and stays away where it does not: where the old print was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.garments import masks
from muslin.garments.fields import garment_square
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.masks import Mask
from muslin.garments.network import Network, fits
from muslin.garments.renderer import lay_over
from muslin.images import Photo, off_white, write_image
from muslin.restyle import metadata
from muslin.restyle.controls import NUMBERS, outside, within
from muslin.restyle.restyler import PhotoLike, as_photo, find_mask

RECIPE = "stargan_v2"
SWATCH_SHARE = 0.8  # of a reference that is garment: from here on it is a piece of cloth, not a photo of a garment
SWATCH_REPEAT = 0.4  # of the garment's square that one repeat of a reference swatch spans
KNOWN_CODES = 64  # codes of each look from noise, beside which a reference's code is held
VARIED = 0.35  # how far a variant of a reference goes towards a code from noise
DETAIL_WINDOW = 7  # px of the painted square, in which photo and painting are compared
PLAIN = 0.03**2  # variance of luminance in such a window, below which cloth counts as plain


@dataclass(frozen=True)
class Garment:
    """A photo whose garment was found, and its square as the networks see it: float32 S,S,3 and S,S, in [0, 1]."""

    photo: Photo
    mask: Mask
    mask_entry: dict[str, Any]
    frame: np.ndarray
    square: np.ndarray
    inside: np.ndarray


@dataclass(frozen=True, eq=False)
class Painted:
    """One result. image: uint8 HxWx3, the photo's size. params: all it takes to make it again."""

    image: np.ndarray
    params: dict[str, Any]
    garment: Garment = field(repr=False)

    @property
    def mask(self) -> np.ndarray:
        """float32 HxW in [0, 1]; where it is 0, `image` is the photo's own bytes."""
        return self.garment.mask.alpha

    def save(self, path: str | Path, *, overwrite: bool = False, strip_metadata: bool = False) -> Path:
        """Write the picture with its settings inside unless stripped; as Restyled.save."""
        text = None if strip_metadata else metadata.settings_to_text(self.params)
        xmp = None if strip_metadata else metadata.provenance_xmp(self.params)
        alpha = self.garment.photo.alpha
        return write_image(path, off_white(self.image, alpha), alpha=alpha, text=text, xmp=xmp, overwrite=overwrite)


class LookRestyler:
    """Loads a stargan_v2 model once; gives any number of photos any of its looks.

    model: name or folder. mask_model: the same for automatic masks; None for GrabCut. threads: for the networks.
    Raises UserError for a model of another recipe.
    """

    def __init__(self, model: str | Path, mask_model: str | Path | None = "mask", threads: int | None = None) -> None:
        self.model, self._given = store.load(model), str(model)
        if self.model.recipe != RECIPE:
            raise UserError(
                f"The model '{self.model.name}' knows no looks.",
                received=f"a model of the recipe '{self.model.recipe}'",
                possible=[found.name for found in store.models() if found.recipe == RECIPE] or None,
                advice="Train one: muslin train stargan_v2 DATA",
                exit_code=EXIT_MODEL,
            )
        card = self.model.card
        self.size, self.latent_size = int(card["size"]), int(card["latent_size"])
        self.looks = looks_of(self.model)
        self._generator, self._mapping, self._encoder = (
            Network(self.model.file(f"{name}.onnx"), threads)
            for name in ("generator", "mapping_network", "style_encoder")
        )
        self._segment = None if mask_model is None else Network(store.load(mask_model).file(), threads)
        self._known: np.ndarray | None = None

    def restyle(
        self,
        photo: PhotoLike | Garment,
        style: PhotoLike | Sequence[tuple[PhotoLike, float]] = (),
        mask: str | Path | np.ndarray | None = None,
        *,
        look: str | None = None,
        look_mix: Mapping[str, float] | None = None,
        strength: float = 1.0,
        seed: int = 0,
        vary: int = 0,
    ) -> Painted:
        """The photo's garment in a look: one by name, a mix by weights, or that of a reference picture.

        style: a reference (a garment, or cloth alone), or several as (picture, weight); `look` then says what to take
        them for (None: the nearest look). look, look_mix: drawn from noise by `seed`. mask: as in Restyler.restyle.
        strength: 0 is the photo, 1 all new. vary: 0 takes references as they are, other numbers variants near them.
        Raises UserError for looks that the model does not know, and for numbers outside their range.
        """
        controls = {"look": look, "look_mix": look_mix, "strength": strength}
        references = [(as_photo(picture), weight) for picture, weight in pairs(style)]
        check_controls(self.model, references, controls)
        garment = photo if isinstance(photo, Garment) else self.examine(photo, mask)
        if references:
            parts = self._read(references, look, garment, self.from_noise(seed) if vary else None)
        else:
            codes = self.from_noise(seed)
            wanted = look_mix or {str(look): 1.0}
            indices = [self.looks.index(name) for name in wanted]
            parts = [(i, codes[i], weight) for i, weight in zip(indices, wanted.values(), strict=True)]
        code, shares = self._mixed(parts)
        image = lay_over(garment.photo.pixels, garment.mask.alpha, self.paint(garment, code), strength)
        if not references:
            recorded = {"look": look} if look else {"look_mix": shares}
        else:
            recorded = {"look": next(iter(shares))} if len(shares) == 1 else {}
        params = metadata.describe(
            model=metadata.model_entry(self.model, self._given),
            source=garment.photo.path,
            styles=[(picture.path, weight) for picture, weight in references],
            mask=garment.mask_entry,
            seed=seed,
            size=image.shape[1::-1],
            controls={"strength": float(strength), **recorded, **({"vary": vary} if vary else {})},
        )
        return Painted(image, params, garment)

    def variants(
        self,
        photo: PhotoLike | Garment,
        style: PhotoLike | Sequence[tuple[PhotoLike, float]] = (),
        n: int = 4,
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        **controls: Any,
    ) -> Iterator[Painted]:
        """`n` results, one by one: looks by name from the seeds seed, seed + 1, ...; references varied a little."""
        check_controls(self.model, pairs(style), controls)
        if n < 1:
            raise outside("n", n, "1 or more")
        garment = photo if isinstance(photo, Garment) else self.examine(photo, mask)
        first = int(controls.pop("vary", 0))  # of a picture that is made again
        for index in range(n):
            vary = first + index if pairs(style) else 0
            yield self.restyle(garment, style, seed=seed + index, vary=vary, **controls)

    def examine(self, photo: PhotoLike, mask: str | Path | np.ndarray | None = None) -> Garment:
        """Read the photo and find its garment."""
        photo = as_photo(photo)
        found, entry = find_mask(photo, mask, self._segment)
        frame = garment_frame(garment_box(found.alpha), self.size)
        image, inside = garment_square(photo.pixels, found.alpha, frame, self.size)
        return Garment(photo, found, entry, frame, image.astype(np.float32) / 255, inside)

    # ---------------------------------------------------------------- style codes

    def from_noise(self, seed: int) -> np.ndarray:
        """The code of each look that this seed draws: looks,S."""
        latent = np.random.default_rng(seed).standard_normal((1, self.latent_size)).astype(np.float32)
        return _first(self._mapping(latent=latent))[0, : len(self.looks)]

    def from_picture(self, picture: PhotoLike, garment: Garment) -> np.ndarray:
        """The code of a reference read as each look: looks,S. A piece of cloth is cut to the shape of `garment`."""
        square = self._reference_square(as_photo(picture), garment)
        return _first(self._encoder(image=square[None] * 2 - 1))[0, : len(self.looks)]

    def nearest_look(self, codes: np.ndarray) -> int:
        """The look among whose codes from noise the reference's code of that look lies best. codes: looks,S."""
        if self._known is None:
            latent = np.random.default_rng(0).standard_normal((KNOWN_CODES, self.latent_size)).astype(np.float32)
            self._known = _first(self._mapping(latent=latent))[:, : len(self.looks)]
        spread = self._known.std(axis=0).mean(axis=-1) + 1e-6
        away = np.abs(self._known - codes).mean(axis=-1).min(axis=0)
        return int(np.argmin(away / spread))

    def _read(
        self, references: Sequence[tuple[Photo, float]], look: str | None, garment: Garment, noise: np.ndarray | None
    ) -> list[tuple[int, np.ndarray, float]]:
        """(look, its code, weight) of each reference."""
        parts = []
        for picture, weight in references:
            codes = self.from_picture(picture, garment)
            index = self.nearest_look(codes) if look is None else self.looks.index(look)
            code = codes[index] if noise is None else (1 - VARIED) * codes[index] + VARIED * noise[index]
            parts.append((index, code, weight))
        return parts

    def _mixed(self, parts: Sequence[tuple[int, np.ndarray, float]]) -> tuple[np.ndarray, dict[str, float]]:
        """(weighted mean of the codes 1,S; share of each look)."""
        total = sum(weight for _, _, weight in parts)
        shares: dict[str, float] = {}
        for index, _, weight in parts:
            shares[self.looks[index]] = shares.get(self.looks[index], 0.0) + weight / total
        code = np.sum([np.float32(weight / total) * part for _, part, weight in parts], axis=0)
        return code[None].astype(np.float32), shares

    def _reference_square(self, reference: Photo, garment: Garment) -> np.ndarray:
        """What the style encoder sees of a reference: a garment on white, float32 S,S,3 in [0, 1]."""
        try:
            mask = find_mask(reference, None, self._segment)[0]
        except UserError:  # no garment in it
            mask = masks.whole(*reference.pixels.shape[:2])
        if mask.share > SWATCH_SHARE:
            side = max(8, round(SWATCH_REPEAT * self.size))
            cloth = cv2.resize(reference.pixels, (side, side), interpolation=cv2.INTER_AREA)
            times = -(-self.size // side)
            laid = np.tile(cloth, (times, times, 1))[: self.size, : self.size].astype(np.float32) / 255
            return _on_white(laid, garment.inside)
        frame = garment_frame(garment_box(mask.alpha), self.size)
        image, inside = garment_square(reference.pixels, mask.alpha, frame, self.size)
        return _on_white(image.astype(np.float32) / 255, inside)

    # ---------------------------------------------------------------- painting

    def paint(self, garment: Garment, code: np.ndarray) -> np.ndarray:
        """The garment in a style code, uint8 HxWx3: the photo's size, only to be looked at inside the mask."""
        seen = _on_white(garment.square, garment.inside)
        made = _first(self._generator(image=seen[None] * 2 - 1, style_code=code))
        made = fits("image", made, 1, self.size, self.size, 3)[0]
        made = np.clip((made + 1) / 2, 0, 1)
        return enlarged(made, garment.square, garment.inside, garment.photo.pixels, garment.frame)


def looks_of(model: store.Model) -> list[str]:
    return [str(name) for name in model.card.get("looks") or []]


def check_controls(model: store.Model, references: Sequence[tuple[Any, float]], controls: Mapping[str, Any]) -> None:
    """Raises UserError (usage) for what such a model cannot be asked for, naming its looks."""
    looks, look, mix = looks_of(model), controls.get("look"), controls.get("look_mix")
    unknown = [name for name in controls if name not in ("look", "look_mix", "strength", "vary")]
    if unknown:
        raise UserError(
            f"The model '{model.name}' paints; it has no cloth to turn, scale or dye.",
            received=", ".join(unknown),
            possible="look, look_mix, a reference, strength, seed",
            exit_code=EXIT_USAGE,
        )
    if (mix and (look or references)) or not (mix or look or references):
        raise UserError(
            "A look is one by name, a mix of several, or a reference picture." if mix else "Which look shall it be?",
            possible=looks,
            advice=f"Try: --look {looks[0]}, or --look-mix {looks[0]}=0.6,{looks[-1]}=0.4, or --reference other.jpg",
            exit_code=EXIT_USAGE,
        )
    for name in [*(mix or ()), *([look] if look else [])]:
        if name not in looks:
            raise UserError(f"The model '{model.name}' has no look '{name}'.", possible=looks, exit_code=EXIT_USAGE)
    for weight in [*(mix or {}).values(), *(weight for _, weight in references)]:
        if not (isinstance(weight, NUMBERS) and math.isfinite(weight) and weight > 0):
            raise outside("the weight of a look", weight, "numbers above 0")
    within("strength", controls.get("strength", 1.0), 0, 1)


def named(references: Sequence[tuple[Any, float]], controls: Mapping[str, Any]) -> list[str]:
    """What a result is called after: the looks of a mix, the references' files, or the look."""
    files = [path.stem if isinstance(path, Path) else "reference" for path, _ in references]
    return list(controls.get("look_mix") or ()) or files or [str(controls.get("look"))]


def pairs(style: Any) -> list[tuple[Any, float]]:
    """References with weights, from one or several, with or without weights."""
    several = style if isinstance(style, (list, tuple)) else [style]
    return [(item[0], item[1]) if isinstance(item, (list, tuple)) else (item, 1.0) for item in several]


def enlarged(
    made: np.ndarray, square: np.ndarray, inside: np.ndarray, pixels: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """A painted square at the photo's size, with the photo's own fine detail where painting and photo agree.

    made, square: float32 S,S,3 in [0, 1], what was painted and what it was painted from; inside: S,S; pixels: the
    photo, uint8 HxWx3; frame: from its pixels to the square's. In each window of the square the painting is fitted as
    a gain on the photo's luminance; detail that the square is too small to show is added times that gain (He & Sun
    2015, "Fast Guided Filter": coefficients are enlarged, not pixels). uint8 HxWx3.
    """
    height, width = pixels.shape[:2]
    weight = inside + 1e-4

    def around(values: np.ndarray) -> np.ndarray:
        window = (DETAIL_WINDOW, DETAIL_WINDOW)
        total = cv2.blur(weight, window)
        return cv2.blur(values * weight, window) / total

    before, after = square.mean(-1), made.mean(-1)
    spread = around(before * before) - around(before) ** 2
    shared = around(before * after) - around(before) * around(after)
    # Where the square shows nothing but plain cloth, weave and seams take the new cloth's brightness.
    plain = np.clip(around(after) / (around(before) + 1e-3), 0.0, 1.5)
    gain = np.clip((shared + PLAIN * plain) / (spread + PLAIN), 0.0, 1.5)
    # What was painted outside the garment means nothing: the inside is carried outwards before it is enlarged.
    near = cv2.GaussianBlur(weight, (0, 0), 2.0)
    carried = cv2.GaussianBlur(made * weight[..., None], (0, 0), 2.0) / near[..., None]
    whole = np.where(inside[..., None] > 0.5, made, carried)
    fields = np.dstack([whole, square, gain]).astype(np.float32)
    box = garment_box(_seen(inside, frame, width, height))
    left, top, right, bottom = (max(0, box[0] - 2), max(0, box[1] - 2), min(width, box[2] + 2), min(height, box[3] + 2))
    shift = frame[:, :2] @ np.array([left, top], np.float32) + frame[:, 2]
    local = np.hstack([frame[:, :2], shift[:, None]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (right - left, bottom - top)
    large = [
        cv2.warpAffine(np.ascontiguousarray(part), local, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for part in (fields[..., :3], fields[..., 3:6], fields[..., 6])
    ]
    detail = pixels[top:bottom, left:right].astype(np.float32) / 255 - large[1]
    result = pixels.copy()
    painted = large[0] + large[2][..., None] * detail.mean(-1, keepdims=True)
    result[top:bottom, left:right] = np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8)
    return result


def _seen(inside: np.ndarray, frame: np.ndarray, width: int, height: int) -> np.ndarray:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mask = (inside > 0).astype(np.uint8) * np.uint8(255)
    return cv2.warpAffine(mask, frame, (width, height), flags=flags) > 0


def _on_white(square: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return (square * inside[..., None] + (1 - inside[..., None])).astype(np.float32)


def _first(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return next(iter(outputs.values()))
