"""What `drape` learns from: garments whose shading is known, because they were plain before we printed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from muslin.data import truth
from muslin.data.graphics import any_dye, badge, blocks, drawing, other_than_ground, scatter, words, woven
from muslin.data.mask_stream import lay_texture
from muslin.data.photos import GarmentPhoto
from muslin.data.truth import Render
from muslin.garments import pieces
from muslin.garments.framing import about_centre, garment_box, garment_frame, rotation
from muslin.garments.shading import log_of_light
from muslin.images import linear_to_srgb, luminance, srgb_to_linear

IN_THE_MIRROR = np.array([0, 1, 3, 2, 4], np.uint8)  # labels of panels: the limbs change places
ROLES_IN_THE_MIRROR = np.array([0, *(1 + k for k in pieces.IN_THE_MIRROR)], np.int32)
MIN_LUMINANCE = 0.02  # linear light; a darker plain garment shows the camera's noise rather than its folds


def median_luminance(photo: GarmentPhoto) -> float:
    """Of the garment's pixels, in linear light."""
    assert photo.mask is not None
    inside = luminance(srgb_to_linear(photo.pixels))[photo.mask > 127]
    return float(np.median(inside)) if inside.size else 0.0


def print_on(shading: np.ndarray, mask: np.ndarray, albedo: np.ndarray, exposure: float = 0.45) -> np.ndarray:
    """A photo of cloth with this albedo under this log shading. uint8 HxWx3 sRGB; black outside the mask.

    albedo: HxWx3 linear light. exposure: luminance, in linear light, of the brightest 2 % of the garment.
    """
    light = albedo * np.exp(shading)[..., None]
    inside = luminance(light)[mask > 0.5]
    top = float(np.quantile(inside, 0.98)) if inside.size else 1.0
    return linear_to_srgb(light * (exposure / max(top, 1e-4)) * mask[..., None])


@dataclass(frozen=True)
class DrapeStream:
    """Batches of N = rendered + plain + printed samples, in this order. S = size.

    image N,S,S,3 in [-1, 1]; mask N,S,S,1; shading N,S,S,1 (log gain, mean 0 inside the mask; 0 where unknown);
    print N,S,S,1 (1 = another dye than the garment's ground; 0 where unknown);
    known N,1,1,1 (1 = shading and print are known); panels N,S/2,S/2 int32 (0 = unknown or outside, 1.. = panel);
    roles N,S,S int32 (0 = unknown or outside, k = the k-th of garments.pieces.ROLES); grain N,S/2,S/2,2 (cosine and
    sine of how far the grain is turned); warp N,S/4,S/4,2 (in units of S); posed N,1,1,1 (1 = the warp is known).

    rendered: the truth world, all known. plain: photos of plain garments, most of them with a print laid on; shading
    known. printed: photos of garments with their own prints: only the discriminator speaks. Panels of photos are known
    where they come with them.
    """

    plain: Sequence[GarmentPhoto]
    printed: Sequence[GarmentPhoto]
    swatches: Sequence[np.ndarray]
    size: int
    batch_size: int
    seed: int
    keep_plain: float = 0.2  # share of plain garments shown as they are
    rendered_garments: int = 2048  # different ones; each is rendered once and kept (0.4 MB at 128 px)
    first_garment: int = 0  # seed of the first of them in the truth world
    fine_batches: int = 0  # of three
    plain_share: float = 0.5  # of a batch
    printed_share: float = 0.125

    def batch(self, images_seen: int) -> dict[str, np.ndarray]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, images_seen))
        fine = (images_seen // self.batch_size) % 3 < self.fine_batches
        return (self._finer() if fine else self._coarser())._garments(rng)

    def _finer(self) -> DrapeStream:
        """Half as many garments at twice the side; each takes four times the memory, so a quarter of them is kept.

        The light alone is read at this size, and photos teach it best: most of these garments are plain ones.
        """
        few, half = max(1, self.rendered_garments // 4), max(1, self.batch_size // 2)
        return replace(self, size=2 * self.size, batch_size=half, rendered_garments=few, plain_share=0.75)

    def _coarser(self) -> DrapeStream:
        """Where most batches are fine ones, the others teach the pose: rendered garments, and photos with panels."""
        if self.fine_batches < 2:
            return self
        sewn = any(photo.panels is not None for photo in self.printed)
        return replace(self, plain_share=0.25, printed_share=0.25 if sewn else self.printed_share)

    def _garments(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        plain = int(self.plain_share * self.batch_size) if self.plain else 0
        printed = int(self.printed_share * self.batch_size) if self.printed else 0
        samples = [self._rendered(rng) for _ in range(self.batch_size - plain - printed)]
        samples += [self._plain(rng) for _ in range(plain)]
        samples += [self._printed(rng) for _ in range(printed)]
        batch = {key: np.stack([sample[key] for sample in samples]) for key in samples[0]}
        batch["image"] = batch["image"].astype(np.float32) / 127.5 - 1
        return batch

    def _sample(
        self,
        image: np.ndarray,
        mask: np.ndarray,
        shading: np.ndarray | None,
        dyed: np.ndarray | None = None,
        panels: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        size = self.size
        unknown = np.zeros((size // 2, size // 2), np.int32)
        return {
            "image": image,
            "mask": mask[..., None],
            "shading": np.zeros((size, size, 1), np.float32) if shading is None else shading[..., None],
            "print": np.zeros((size, size, 1), np.float32) if dyed is None else dyed[..., None],
            "known": np.full((1, 1, 1), shading is not None, np.float32),
            "panels": unknown if panels is None else panels[1::2, 1::2].astype(np.int32),
            "roles": np.zeros((size, size), np.int32),
            "grain": np.zeros((size // 2, size // 2, 2), np.float32),
            "warp": np.zeros((size // 4, size // 4, 2), np.float32),
            "posed": np.zeros((1, 1, 1), np.float32),
        }

    def _rendered(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        size = self.size
        shown = _render(self.first_garment + int(rng.integers(self.rendered_garments)), size)
        frame = garment_frame(garment_box(shown.mask), size)
        frame = about_centre(np.eye(2) * rng.uniform(0.94, 1.03), frame, size)
        image, mask = _view(shown.photo, frame, size), _view(shown.mask, frame, size)
        log = np.log(np.maximum(shown.shading, 1e-3)).astype(np.float32)
        shading = _view(log, frame, size)
        shading = (shading - (shading * mask).sum() / (mask.sum() + 1e-3)) * mask
        dyed = other_than_ground(srgb_to_linear(image) * np.exp(-shading)[..., None], mask)
        panels = _view(shown.parts, frame, size, cv2.INTER_NEAREST)
        sample = self._sample(_camera(rng, image), mask, shading, dyed, panels)
        sample["posed"] += 1
        sample["roles"] = _view(shown.roles, frame, size, cv2.INTER_NEAREST).astype(np.int32)
        turned = shown.grain[_view(shown.pieces, frame, size, cv2.INTER_NEAREST)[1::2, 1::2]]
        sample["grain"] = np.stack([np.cos(turned), np.sin(turned)], axis=-1)
        sample["warp"] = _view(shown.warp, frame, size)[2::4, 2::4] * (frame[0, 0] / size)
        return _mirror(sample) if rng.random() < 0.5 else sample

    def _plain(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        pixels, mask, panels = self._photo(rng, self.plain)
        linear = srgb_to_linear(pixels)
        shading = log_of_light(linear, mask)
        if rng.random() < self.keep_plain:
            return self._sample(pixels, mask, shading, panels=panels)
        shading = np.clip(shading, -2.5, 1.5) * np.float32(rng.uniform(0.75, 1.35))
        albedo = self._albedo(rng, linear, mask)
        image = print_on(shading, mask, albedo, exposure=float(np.exp(rng.uniform(-1.6, 0.1))))
        return self._sample(_camera(rng, image), mask, shading, other_than_ground(albedo, mask), panels)

    def _printed(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        pixels, mask, panels = self._photo(rng, self.printed)
        return self._sample(pixels, mask, None, panels=panels)

    def _photo(
        self, rng: np.random.Generator, photos: Sequence[GarmentPhoto]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """A photo, its mask and its panels in the garment's frame, turned and zoomed a little, at times mirrored."""
        photo = photos[int(rng.integers(len(photos)))]
        assert photo.mask is not None
        frame = garment_frame(garment_box(photo.mask), self.size)
        turn = np.exp(rng.uniform(-0.12, 0.06)) * rotation(rng.normal(0, 4))
        across = rng.choice((-1.0, 1.0))
        frame = about_centre(turn @ np.diag([across, 1.0]), frame, self.size)
        mask = _view(photo.mask, frame, self.size).astype(np.float32) / 255
        panels = None if photo.panels is None else _view(photo.panels, frame, self.size, cv2.INTER_NEAREST)
        if panels is not None and across < 0:
            panels = IN_THE_MIRROR[panels]
        return _view(photo.pixels, frame, self.size, border=cv2.BORDER_REPLICATE), mask, panels

    def _albedo(self, rng: np.random.Generator, linear: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """A print in linear light HxWx3: all over, placed on cloth of one colour, or small and strewn over it."""
        size = self.size
        own = (linear * mask[..., None]).sum((0, 1)) / (mask.sum() + 1e-3)
        kind = rng.random()
        if 0.4 <= kind < 0.53:  # one colour, and something small all over it
            ground = np.broadcast_to(own if rng.random() < 0.6 else any_dye(rng), (size, size, 3)).astype(np.float32)
            return _bent(rng, (scatter if kind < 0.46 else woven)(rng, ground))
        print_ = _bent(rng, lay_texture(rng, self._swatch(rng), size))
        albedo = srgb_to_linear(print_) * np.float32(0.97) + np.float32(0.015)
        if rng.random() < 0.25:
            albedo = albedo * (own / own.max())
        if kind < 0.12:
            blob = cv2.resize(rng.normal(0, 1, (6, 6)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
            place = (blob > rng.uniform(-0.3, 0.6)).astype(np.float32)[..., None]
            albedo = albedo * place + (1 - place) * own
        elif kind < 0.4:  # what most printed clothes are: one colour with words, a picture, or other cloth sewn on
            ground = np.broadcast_to(own if rng.random() < 0.6 else any_dye(rng), albedo.shape).astype(np.float32)
            ground = blocks(rng, ground) if rng.random() < 0.4 else ground
            what = rng.random()
            if what < 0.4:
                albedo = badge(rng, ground, mask, albedo)
            else:
                albedo = words(rng, ground, mask) if what < 0.75 else drawing(rng, ground, mask)
        return albedo.astype(np.float32)

    def _swatch(self, rng: np.random.Generator) -> np.ndarray:
        from muslin.textiles.procedural import TEXTILES, swatch

        if self.swatches and rng.random() < 0.88:
            one = self.swatches[int(rng.integers(len(self.swatches)))]
            # Half of them in exchanged colours: as many prints again, of the same drawing and contrast.
            return np.ascontiguousarray(one[..., rng.permutation(3)]) if rng.random() < 0.5 else one
        return swatch(str(rng.choice(sorted(TEXTILES))), int(rng.integers(2**31)), 128)


@lru_cache(maxsize=8192)
def _render(seed: int, size: int) -> Render:
    """Kept, since rendering costs half as much as a training step; one garment in five is plain.

    One in eight is a jacket, one in sixteen a polo shirt: they have more pieces than what seeds draw.
    """
    kind = {1: "jacket", 5: "polo", 9: "jacket"}.get(seed % 16)
    return truth.render(seed, size, kind=kind, plain=seed % 5 == 0)


def _view(
    field: np.ndarray, frame: np.ndarray, size: int, flags: int = cv2.INTER_LINEAR, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """`field` seen through `frame`; photos and masks that shrink are averaged, labels are not."""
    if flags == cv2.INTER_LINEAR and abs(np.linalg.det(frame[:, :2])) < 0.5:
        flags = cv2.INTER_AREA
    return cv2.warpAffine(field, frame, (size, size), flags=flags, borderMode=border)


def _bent(rng: np.random.Generator, print_: np.ndarray) -> np.ndarray:
    """Seven prints in ten bent smoothly: cloth never hangs straight."""
    if rng.random() >= 0.7:
        return print_
    size = print_.shape[0]
    bend = rng.normal(0, rng.uniform(0.005, 0.035) * size, (5, 5, 2)).astype(np.float32)
    bend = cv2.resize(bend, (size, size), interpolation=cv2.INTER_CUBIC)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
    return cv2.remap(print_, grid + bend, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _mirror(sample: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Left to right: the limbs change names and the warp its sign across."""
    mirrored = {key: np.ascontiguousarray(value[:, ::-1]) for key, value in sample.items()}
    mirrored["panels"] = IN_THE_MIRROR[mirrored["panels"]].astype(np.int32)
    mirrored["warp"] = mirrored["warp"] * np.array([-1, 1], np.float32)
    mirrored["grain"] = mirrored["grain"] * np.array([1, -1], np.float32)
    mirrored["roles"] = ROLES_IN_THE_MIRROR[mirrored["roles"]]
    return mirrored


def _camera(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Blur, noise and JPEG now and then. uint8 in and out."""
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.9))
    if rng.random() < 0.4:
        noise = rng.normal(0, rng.uniform(0, 5), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))])[1]
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return image
