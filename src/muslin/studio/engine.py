"""Pictures in memory: garments that have been looked at, swatches ready to be repeated, and quick previews.

A garment is examined once at its own size; the preview uses the same fields on a smaller photo, so that what a slider
shows is what the full size will show.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from muslin.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from muslin.images import Photo
    from muslin.restyle.restyler import Garment, Restyler
    from muslin.textiles.palette import Palette

KEPT_PREVIEWS = 48  # examined garments at preview size, 2 MB each
KEPT_PIXELS = 24_000_000  # of examined garments at full size, and as many of photos
KEPT_PAINTERS = 3  # models that paint a look of their own
PREVIEW_SWATCH = 384  # px; a swatch of the preview
JPEG_QUALITY = 88
ONCE = "once"  # textiles.placement.ONCE, without its imports
KEEP = "keep"  # garments.parts.KEEP, likewise
Value = TypeVar("Value")
Looks = Sequence[tuple[str, float]]  # SHA-256 of a swatch's picture, and its weight


class Kept:
    """The last values made, by key; the weights of all together stay within `room` (the newest always stays)."""

    def __init__(self, room: float) -> None:
        self.room, self.used = room, 0.0
        self._items: OrderedDict[Hashable, tuple[Any, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value], weight: Callable[[Value], float] = lambda _: 1.0) -> Value:
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                kept: Value = self._items[key][0]
                return kept
        made = make()
        with self._lock:
            if key not in self._items:
                self._items[key] = (made, weight(made))
                self.used += self._items[key][1]
            while self.used > self.room and len(self._items) > 1:
                self.used -= self._items.popitem(last=False)[1][1]
        return made


class Pictures(Protocol):
    """Kept pictures by their SHA-256: studio.files.Files, or what came to a replica."""

    def data(self, sha256: str, /) -> bytes: ...


class Engine:
    """Loads the networks at the first use. Safe to call from several threads; the heavy parts take turns."""

    def __init__(self, files: Pictures, threads: int | None = None) -> None:
        self.files, self.threads = files, threads
        self._garments, self._small, self._swatches = Kept(KEPT_PIXELS), Kept(KEPT_PREVIEWS), Kept(64)
        self._photos, self._painters = Kept(KEPT_PIXELS), Kept(KEPT_PAINTERS)
        self._palettes = Kept(512)
        self._turn = threading.RLock()
        self.previewing = threading.Lock()

    @cached_property
    def restyler(self) -> Restyler:
        from muslin import store
        from muslin.restyle.restyler import Restyler

        try:
            store.find("mask")
            mask_model: str | None = "mask"
        except UserError:
            mask_model = None
        return Restyler(mask_model=mask_model, threads=self.threads)

    def warm(self) -> None:
        """Load the networks and run each once, so that the first person does not wait for it."""
        import numpy as np

        with self._turn:
            stripes = np.zeros((64, 64, 3), np.uint8)
            stripes[:, ::8] = 200
            self.restyler.restyle(stripes, stripes, "none")

    def photo(self, sha256: str) -> Photo:
        """A kept picture, decoded; read from its bytes, since its path is nobody's business."""
        from muslin.images import read_image

        return self._photos.get(
            sha256,
            lambda: read_image(self.files.data(sha256)),
            lambda photo: float(photo.pixels.shape[0] * photo.pixels.shape[1]),
        )

    def look_at(self, photo: Photo) -> tuple[np.ndarray, str, str, float]:
        """Find the garment: (mask uint8 HxW, kind, source, confidence). kind: alpha, auto, or none where none is."""
        import numpy as np

        from muslin.garments import masks

        try:
            with self._turn:
                found = self.restyler.examine(photo)
        except UserError:
            whole = masks.whole(*photo.pixels.shape[:2])
            return np.round(whole.alpha * 255).astype(np.uint8), "none", "whole", 0.0
        grey = np.round(found.mask.alpha * 255).astype(np.uint8)
        return grey, str(found.mask_entry["kind"]), found.mask.source, round(found.mask.confidence, 3)

    def part_of(self, photo: Photo, part: str) -> np.ndarray:
        """The mask (uint8 HxW) of one of outfits.PARTS of what somebody wears. Raises UserError where nobody does."""
        import numpy as np

        with self._turn:
            return np.round(self.restyler.examine(photo, part).mask.alpha * 255).astype(np.uint8)

    def cloth(self, picture: Photo, shows: str) -> tuple[np.ndarray, float]:
        """The cloth that a picture stands for, and its span: see Restyler.cloth_and_span."""
        with self._turn:
            return self.restyler.cloth_and_span(picture, shows)

    def garment(self, photo: str, mask: str) -> Garment:
        """The examined garment at its own size. photo, mask: SHA-256 of kept pictures."""

        def make() -> Garment:
            with self._turn:
                return self.restyler.examine(self.photo(photo), self.photo(mask).pixels)

        return self._garments.get((photo, mask), make, lambda garment: float(garment.mask.alpha.size))

    def small_garment(self, photo: str, mask: str, side: int) -> Garment:
        """The same garment with its photo's longer side at most `side`, and the fields of the full one."""
        return self._small.get((photo, mask, side), lambda: shrunk(self.garment(photo, mask), side))

    def parts(self, photo: str, mask: str, side: int) -> dict[str, np.ndarray]:
        """Where the parts of a garment lie (garments.parts.masks), in its photo of at most `side` pixels."""
        from muslin.garments.parts import masks
        from muslin.garments.strips import with_strip

        def make() -> dict[str, np.ndarray]:
            garment = self.small_garment(photo, mask, side)
            alpha = garment.mask.alpha
            return masks(garment.photo.pixels, alpha, with_strip(garment.fields, alpha))

        return self._small.get(("parts", photo, mask, side), make)

    def preview(
        self, photo: str, mask: str, looks: Looks, controls: Mapping[str, Any], side: int,
        on: Mapping[str, str] | None = None,
    ) -> bytes:  # fmt: skip
        """A JPEG of the garment in these looks, longer side at most `side` pixels. on: studio.parts.pictures."""
        from muslin.images import Photo, encode_image

        garment = self.small_garment(photo, mask, side)
        if controls.get("repeat") == ONCE:
            return self._placed(garment, looks, controls)
        mended = controls.get("seamless", "auto")
        repeat = controls.get("repeat", "straight")
        palette = tuple(controls.get("palette") or ())
        with self.previewing:  # two at once would each take twice as long
            cloths = [(Photo(self.swatch(sha256, mended, repeat, palette)), weight) for sha256, weight in looks]
            by_part = {
                part: one if one == KEEP else Photo(self.swatch(one, mended, repeat))
                for part, one in (on or {}).items()
            }
            asked = {**controls, "palette": None, "seamless": False, "shows": "cloth", "on": by_part}
            made = self.restyler.restyle(garment, cloths, **asked)
            return encode_image(made.image, "JPEG", quality=JPEG_QUALITY)

    def _placed(self, garment: Garment, looks: Looks, controls: Mapping[str, Any]) -> bytes:
        """The preview of a placement print: of a picture as it is, with what is transparent in it."""
        from muslin.images import encode_image

        with self.previewing:
            prints = [(self._small_print(sha256), weight) for sha256, weight in looks]
            asked = {**controls, "palette": ",".join(controls.get("palette") or ()) or None, "shows": "cloth"}
            made = self.restyler.restyle(garment, prints, **asked)
            return encode_image(made.image, "JPEG", quality=JPEG_QUALITY)

    def _small_print(self, sha256: str) -> Photo:
        from muslin.images import Photo, at_most
        from muslin.textiles.placement import without_clear_margins

        def make() -> Photo:
            photo = without_clear_margins(self.photo(sha256))  # or a mark on a clear artboard would be a few pixels
            alpha = None if photo.alpha is None else at_most(photo.alpha, PREVIEW_SWATCH)
            return Photo(at_most(photo.pixels, PREVIEW_SWATCH), alpha)

        return self._swatches.get((sha256, ONCE), make)

    def painter(self, model: str) -> Any:
        """What restyles with a model that paints. Raises UserError for one that is not installed."""
        from muslin import store
        from muslin.restyle.opening import restyler_for

        card = store.load(model)
        return self._painters.get((model, card.sha256), lambda: restyler_for(model, self.threads))

    def small(self, photo: str, mask: str, side: int) -> tuple[Photo, np.ndarray]:
        """Photo and mask (uint8 hxw) with the longer side at most `side`, for a preview of what paints."""
        import numpy as np

        from muslin.images import Photo, at_most

        def make() -> tuple[Photo, np.ndarray]:
            grey = at_most(self.photo(mask).pixels, side)[..., 0]
            return Photo(at_most(self.photo(photo).pixels, side)), np.ascontiguousarray(grey)

        return self._small.get(("painted", photo, mask, side), make)

    def swatch(
        self, sha256: str, seamless: str | bool = "auto", repeat: str = "straight", palette: tuple[str, ...] = ()
    ) -> np.ndarray:
        """A look's picture at preview size, mended and recoloured as `restyle` would. uint8 hxwx3, kept."""
        from muslin.images import at_most
        from muslin.restyle.controls import Controls
        from muslin.restyle.styles import prepare_swatch

        def plain() -> np.ndarray:
            settings = Controls(seamless=seamless, repeat=repeat)
            return prepare_swatch(at_most(self.photo(sha256).pixels, PREVIEW_SWATCH), settings)

        base = self._swatches.get((sha256, seamless, repeat), plain)
        if not palette:
            return base
        settings = Controls(seamless=False, palette=",".join(palette))
        return self._swatches.get((sha256, seamless, repeat, palette), lambda: prepare_swatch(base, settings))

    def palette(self, sha256: str, count: int) -> Palette:
        """At most `count` main colours of a look's picture; kept, since every piece of a batch asks for them."""
        from muslin.studio.colours import inks, stable_palette

        def measured() -> Palette:
            photo = self.photo(sha256)
            if photo.alpha is None:
                return stable_palette(self.swatch(sha256, False), None, count)
            return stable_palette(*inks(photo.pixels, photo.alpha, PREVIEW_SWATCH), count)

        return self._palettes.get((sha256, count), measured)


def shrunk(garment: Garment, side: int) -> Garment:
    """A garment whose photo and mask are averaged down, seen through the fields of the full-size one."""
    import cv2
    import numpy as np

    from muslin.images import Photo

    height, width = garment.mask.alpha.shape
    scale = side / max(height, width)
    if scale >= 1:
        return garment
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = cv2.resize(garment.photo.pixels, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(garment.mask.alpha, size, interpolation=cv2.INTER_AREA)
    # Pixel centres are integers: x = ratio * (x' + 0.5) - 0.5.
    ratio = np.array([width / size[0], height / size[1]])
    frame = garment.fields.frame.astype(np.float64)
    shift = frame[:, :2] @ (ratio / 2 - 0.5) + frame[:, 2]
    moved = np.hstack([frame[:, :2] * ratio, shift[:, None]]).astype(np.float32)
    return replace(
        garment,
        photo=Photo(pixels),
        mask=replace(garment.mask, alpha=alpha),
        fields=replace(garment.fields, frame=moved),
    )
