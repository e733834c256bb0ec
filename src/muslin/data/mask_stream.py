"""Photo -> mask pairs for the segmentation network, augmented on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from muslin.data.photos import GarmentPhoto
from muslin.garments.framing import about_centre, photo_frame, rotation


def random_frame(rng: np.random.Generator, height: int, width: int, size: int) -> np.ndarray:
    """`photo_frame` with a random mirror, turn, zoom, stretch and shift about the centre. 2x3."""
    degrees = rng.normal(0, 8) if rng.random() < 0.85 else rng.uniform(-100, 100)
    zoom, stretch = np.exp(rng.uniform(-0.3, 0.22)), np.exp(rng.normal(0, 0.06))
    linear = zoom * rotation(degrees) @ np.diag([rng.choice((-1.0, 1.0)) * stretch, 1 / stretch])
    frame = about_centre(linear, photo_frame(height, width, size), size)
    shift = rng.normal(0, 0.04, 2) * size
    return frame + np.array([[0, 0, shift[0]], [0, 0, shift[1]]], np.float32)


def jitter_colour(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Random exposure, gamma, white balance, saturation, noise and blur. float32 [0, 1] HxWx3 in and out."""
    pixels = np.clip(pixels, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.25)))
    pixels = pixels * np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.06, 3)).astype(np.float32)
    grey = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    pixels = grey[..., None] + (pixels - grey[..., None]) * np.float32(rng.uniform(0.3, 1.4))
    if rng.random() < 0.3:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.2))
    if rng.random() < 0.5:
        pixels = pixels + rng.normal(0, rng.uniform(0, 0.03), pixels.shape).astype(np.float32)
    return np.clip(pixels, 0, 1).astype(np.float32)


def lay_texture(rng: np.random.Generator, swatch: np.ndarray, size: int) -> np.ndarray:
    """A swatch repeated over size x size at a random scale and angle. float32 [0, 1]."""
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(0, 360), np.exp(rng.uniform(-1.2, 0.7)))
    turn[:, 2] += rng.uniform(0, size, 2)
    laid = cv2.warpAffine(swatch, turn, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_WRAP)
    return laid.astype(np.float32) / 255


def camouflaged(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The backdrop in a colour between its own and the garment's mean one. image: float32 HxWx3; mask: HxW in [0, 1].

    A white shirt on a white wall: colour tells nothing, only the outline and the garment's shape do.
    """
    inside = mask[..., None]
    garment = (image * inside).sum((0, 1)) / (inside.sum() + 1e-3)
    backdrop = (image * (1 - inside)).sum((0, 1)) / ((1 - inside).sum() + 1e-3)
    return image + (1 - inside) * np.float32(rng.uniform(0.4, 1)) * (garment - backdrop)


@dataclass(frozen=True)
class MaskStream:
    """Batches {"image": N,S,S,3 in [-1, 1], "mask": N,S,S,1 in [0, 1]}.

    One sample in four is laid on another background, one in three is printed with a swatch, and of some the
    backdrop has nearly the garment's colour, so that the network learns what a garment's outline is rather than what
    plain cloth on a floor looks like.
    """

    photos: Sequence[GarmentPhoto]  # all with masks
    swatches: Sequence[np.ndarray]
    size: int
    batch_size: int
    seed: int
    truth_share: float = 0.15  # of rendered garments
    camouflaged_share: float = 0.125  # of all, with the backdrop in nearly the garment's colour
    fine_batches: int = 0  # of three: half as many pictures at twice the size

    def batch(self, images_seen: int) -> dict[str, np.ndarray]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, images_seen))
        fine = (images_seen // self.batch_size) % 3 < self.fine_batches
        few = max(1, self.batch_size // 2)
        return (replace(self, size=2 * self.size, batch_size=few) if fine else self)._pictures(rng)

    def _pictures(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        samples = [self._sample(rng) for _ in range(self.batch_size)]
        images, masks = (np.stack(column) for column in zip(*samples, strict=True))
        return {"image": images * 2 - 1, "mask": masks[..., None]}

    def _sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        pixels, mask = self._pair(rng)
        move = random_frame(rng, mask.shape[0], mask.shape[1], self.size)
        square = (self.size, self.size)
        image = cv2.warpAffine(pixels, move, square, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.warpAffine(mask, move, square, flags=cv2.INTER_AREA).astype(np.float32) / 255
        image = image.astype(np.float32) / 255
        if self.swatches and rng.random() < 0.33:
            print_ = lay_texture(rng, self.swatches[int(rng.integers(len(self.swatches)))], self.size)
            cover = mask[..., None] * np.float32(rng.uniform(0.4, 1))
            image = image * (1 - cover) + cover * print_ * (0.25 + 0.75 * image.mean(-1, keepdims=True) * 1.6)
        if self.swatches and rng.random() < 0.25:
            ground = lay_texture(rng, self.swatches[int(rng.integers(len(self.swatches)))], self.size)
            soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.0))[..., None]
            image = image * soft + (1 - soft) * jitter_colour(rng, ground)
        if rng.random() < self.camouflaged_share:
            image = camouflaged(rng, image, mask)
        return jitter_colour(rng, image), mask

    def _pair(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        if not self.photos or rng.random() < self.truth_share:
            from muslin.data.truth import render

            rendered = render(int(rng.integers(2**31)), self.size)
            return rendered.photo, np.round(rendered.mask * 255).astype(np.uint8)
        photo = self.photos[int(rng.integers(len(self.photos)))]
        assert photo.mask is not None
        return photo.pixels, photo.mask
