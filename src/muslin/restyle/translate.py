"""Restyle photos of any size with models that paint one look: cut and cyclegan (collections), pix2pix (sketches).

Such a model sees the garment's own square at a few hundred pixels at most. What it changes there is carried to the
photo's full size as a change of light: in linear light the result is the enlarged painting times the photo's own
detail, photo / enlarged input. So seams and weave of the full-size photo stay, a model that changes nothing gives the
photo back, and pixels outside the mask are the photo's own bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.garments.fields import garment_square
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.masks import Mask
from muslin.garments.network import Network, fits
from muslin.images import Photo, as_pixels, linear_to_srgb, luminance, off_white, srgb_to_linear, write_image
from muslin.restyle import metadata
from muslin.restyle.controls import within
from muslin.restyle.restyler import PhotoLike, as_photo, find_mask

RECIPES = ("cut", "cyclegan", "pix2pix")
STEP = 8  # px: the networks take sides that are multiples of it
BACKGROUND = 255  # grey around the garment, as in training (data/domains.py)
DETAIL = (0.4, 2.5)  # range of the photo's own detail, as a gain in linear light
BLOCK = 1 << 20  # photo pixels at a time


@dataclass(frozen=True, eq=False)
class Translated:
    """One result. image: uint8 HxWx3, the photo's size. params: all it takes to make it again (restyle/metadata.py)."""

    image: np.ndarray
    params: dict[str, Any]
    photo: Photo
    found: Mask

    @property
    def mask(self) -> np.ndarray:
        """float32 HxW in [0, 1]; where it is 0, `image` is the photo's own bytes."""
        return self.found.alpha

    def save(self, path: str | Path, *, overwrite: bool = False, strip_metadata: bool = False) -> Path:
        """Write the picture, with its settings and provenance inside unless stripped. The suffix is the format."""
        text = None if strip_metadata else metadata.settings_to_text(self.params)
        xmp = None if strip_metadata else metadata.provenance_xmp(self.params)
        alpha = self.photo.alpha
        return write_image(path, off_white(self.image, alpha), alpha=alpha, text=text, xmp=xmp, overwrite=overwrite)


class Translator:
    """Loads a translation model once; restyles any number of photos.

    model: name or folder of a model of one of RECIPES. mask_model: as for Restyler.
    """

    def __init__(self, model: str | Path, mask_model: str | Path | None = "mask", threads: int | None = None) -> None:
        self._model, self._threads = store.load(model), threads
        if self._model.role not in RECIPES:
            raise UserError(
                f"The model '{self._model.name}' does not translate pictures.",
                received=self._model.role,
                possible=RECIPES,
                exit_code=EXIT_MODEL,
            )
        self._given = str(model)
        self._segment = None if mask_model is None else Network(store.load(mask_model).file(), threads)
        self._networks: dict[str, Network] = {}

    @property
    def looks(self) -> dict[str, str]:
        """Name of a look -> the file that paints it; the first is what the model was trained for."""
        return looks_of(self._model)

    def restyle(
        self,
        photo: PhotoLike,
        mask: str | Path | np.ndarray | None = None,
        *,
        strength: float = 1.0,
        look: str | None = None,
        seed: int = 0,
    ) -> Translated:
        """The photo's garment as the model's target collection would have it.

        photo, mask: as in Restyler.restyle, but that without a mask a picture is used whole by a model that was trained
        on whole ones. strength: 0 = the photo, 1 = all of the change. look: one of `looks`.
        seed: kept with the result; these models make one result of a photo.
        Raises UserError for files that cannot be read, an empty mask, or controls outside their range.
        """
        strength = within("strength", strength, 0, 1)
        network = self._network(look)
        photo = as_photo(photo)
        if mask is None and self._model.card.get("whole"):  # it has never seen a garment cut out
            mask = "none"
        found, entry = find_mask(photo, mask, self._segment)
        image = self.paint(network, photo.pixels, found.alpha, strength)
        height, width = found.alpha.shape
        controls = {"strength": strength, **({"look": look} if look else {})}
        params = metadata.describe(
            model=metadata.model_entry(self._model, self._given),
            source=photo.path,
            styles=[],
            mask=entry,
            seed=seed,
            size=(width, height),
            controls=controls,
        )
        return Translated(image, params, photo, found)

    def variants(
        self,
        photo: PhotoLike,
        style: Sequence[Any] = (),
        n: int = 1,
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        **controls: Any,
    ) -> Iterator[Translated]:
        """The one result, under the same call as Restyler.variants. Raises UserError for what such a model has not."""
        check_controls(self._model, style, n, controls)
        yield self.restyle(photo, mask, seed=seed, **controls)

    def paint(self, network: Any, pixels: np.ndarray, alpha: np.ndarray, strength: float = 1.0) -> np.ndarray:
        """uint8 HxWx3 and mask float32 HxW -> uint8 HxWx3. network: input `image`, one output of the same shape."""
        box = garment_box(alpha)
        size = working_size(int(self._model.card.get("size", 96)))
        frame = garment_frame(box, size)
        before, inside = garment_square(pixels, alpha, frame, size)
        before = np.rint(before * inside[..., None] + BACKGROUND * (1 - inside[..., None])).astype(np.uint8)
        made = next(iter(network(image=before[None].astype(np.float32) / 127.5 - 1).values()))
        made = fits("image", made, 1, size, size, 3)[0]
        after = as_pixels(made)
        return carry(pixels, alpha, frame, before, after, inside, strength)

    def _network(self, look: str | None) -> Network:
        looks = self.looks
        if look is not None and look not in looks:
            raise UserError(
                f"The model '{self._model.name}' has no look '{look}'.",
                possible=list(looks),
                exit_code=EXIT_USAGE,
            )
        file = looks[look] if look else self._model.network
        if file not in self._networks:
            self._networks[file] = Network(self._model.file(file), self._threads)
        return self._networks[file]


def looks_of(model: store.Model) -> dict[str, str]:
    """Name of a look -> the file that paints it. A model that goes both ways paints its source's look too."""
    names = [str(name) for name in model.card.get("domains") or []]
    looks = {names[1] if len(names) > 1 else model.name: model.network}
    if len(names) > 1 and "generator_back.onnx" in model.card["files"]:
        looks[names[0]] = "generator_back.onnx"
    return looks


def check_controls(model: store.Model, style: Sequence[Any], n: int, controls: dict[str, Any]) -> None:
    """Raises UserError (usage) for a swatch, for several variants, and for controls of cloth that is laid."""
    if style:
        raise UserError(
            f"The model '{model.name}' takes no --style: it has learned one look ({', '.join(looks_of(model))}).",
            advice="Leave --style out, or lay a swatch with the model drape.",
            exit_code=EXIT_USAGE,
        )
    unknown = [name for name in controls if name not in ("strength", "look")]
    if unknown:
        raise UserError(
            f"The model '{model.name}' paints; it has no cloth to turn, scale or dye.",
            received=", ".join(unknown),
            possible="strength, look",
            exit_code=EXIT_USAGE,
        )
    if n != 1:
        raise UserError(
            f"The model '{model.name}' makes one result of a photo.",
            received=f"{n} variants",
            advice="Leave -n out, or vary --strength.",
            exit_code=EXIT_USAGE,
        )


def working_size(trained: int) -> int:
    """Side of the square at which a network trained at `trained` px looks at a garment: that, as a multiple of STEP.

    Looking closer gives sharper edges and loses the look: what the network takes for a stripe is then twice too fine,
    and painted half as strong (docs/recipes.md, cut).
    """
    return STEP * math.ceil(trained / STEP)


def carry(
    pixels: np.ndarray,
    alpha: np.ndarray,
    frame: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    inside: np.ndarray,
    strength: float = 1.0,
) -> np.ndarray:
    """The change from `before` to `after`, seen in a small square, at the photo's own size.

    pixels: uint8 HxWx3, alpha: float32 HxW. frame: 2x3, photo pixel -> square pixel. before, after: uint8 SxSx3,
    inside: float32 SxS, the mask there. Returns uint8 HxWx3; `pixels` itself where alpha or strength is 0.
    """
    result = pixels.copy()
    if not strength:
        return result
    first, last = srgb_to_linear(before), srgb_to_linear(after)
    fields = np.dstack([last - first, luminance(first)[..., None]])
    fields = _spread(fields, (inside > 0.98).astype(np.float32))
    left, top, right, bottom = garment_box((alpha > 0).astype(np.float32))
    rows = max(1, BLOCK // max(1, right - left))
    for start in range(top, bottom, rows):
        part = (slice(start, min(start + rows, bottom)), slice(left, right))
        photo, weight = pixels[part], alpha[part][..., None]
        shift = (frame[:, 2] + frame[:, :2] @ np.array([left, start])).astype(np.float32)
        here = np.hstack([frame[:, :2], shift[:, None]])
        enlarged = cv2.warpAffine(
            fields, here, photo.shape[1::-1], flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        light = srgb_to_linear(photo)
        detail = (luminance(light) + 0.01) / (np.maximum(enlarged[..., 3], 0) + 0.01)
        # On the outline a pixel shows backdrop too: its light says nothing of the cloth's detail.
        detail = np.where(alpha[part] > 0.98, np.clip(detail, *DETAIL), 1)[..., None]
        lit = light + np.float32(strength) * weight * detail * enlarged[..., :3]
        result[part] = np.where(weight > 0, linear_to_srgb(np.clip(lit, 0, 1)), photo)
    return result


def _spread(fields: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fields that are known where `weight` is 1, continued outwards from there. SxSxC and SxS."""
    filled, known = fields * weight[..., None], weight
    result, missing = filled.copy(), weight < 0.5
    for sigma in (1.0, 3.0, 0.1 * len(weight)):
        near = cv2.GaussianBlur(known, (0, 0), sigma)
        reached = missing & (near > 0.02)
        if reached.any():
            blurred = cv2.GaussianBlur(filled, (0, 0), sigma).reshape(fields.shape)
            result[reached] = blurred[reached] / near[reached][..., None]
            missing = missing & ~reached
    return result
