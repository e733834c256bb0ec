"""Restyle photos of garments: a photo, a swatch, a few controls in a designer's words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from muslin import store
from muslin.errors import EXIT_DATA, EXIT_MODEL, EXIT_USAGE, UserError
from muslin.garments import masks
from muslin.garments.bands import bands
from muslin.garments.faces import Faces
from muslin.garments.fields import PANELS, Fields, luminance_fields, predict_fields
from muslin.garments.footwear import Footwear
from muslin.garments.framing import garment_box
from muslin.garments.masks import Mask
from muslin.garments.network import Network
from muslin.garments.outfits import PARTS
from muslin.garments.parts import missing, worn_as
from muslin.garments.placing import cloth_place, on_panel
from muslin.garments.renderer import Lighting, dress, gain, lighting
from muslin.garments.sight import Sight
from muslin.garments.solids import Solids
from muslin.garments.strips import with_strip
from muslin.images import Photo, off_white, over_white, read_image, write_image
from muslin.restyle import metadata, parts
from muslin.restyle.controls import Controls, from_names, outside, vary_print
from muslin.restyle.styles import REPEAT_SHARE, Styles, trimmed
from muslin.textiles.mix import Overprint
from muslin.textiles.placement import ONCE, placed

BASELINE = "luminance"
PIECES = "pieces.onnx"  # of a drape model; those of before have none
LOOKERS = (
    "features",
    "footwear",
    "solid",
    "garment",
    "closeup",
    "plain",
)  # models that choose; nothing of theirs becomes a pixel

PhotoLike = str | Path | np.ndarray | Photo
StyleLike = str | Path | np.ndarray | Photo


@dataclass(frozen=True)
class Garment:
    """A photo that has been looked at: everything that does not depend on the cloth. Restyle it many times."""

    photo: Photo
    mask: Mask
    fields: Fields
    mask_entry: dict[str, Any]

    @property
    def longer_side(self) -> float:
        left, top, right, bottom = garment_box(self.mask.alpha)
        return float(max(right - left, bottom - top))


@dataclass(frozen=True, eq=False)
class Restyled:
    """One result. image: uint8 HxWx3, the photo's size. params: all it takes to make it again (restyle/metadata.py)."""

    image: np.ndarray
    params: dict[str, Any]
    garment: Garment = field(repr=False)
    light: Lighting = field(repr=False)

    @property
    def mask(self) -> np.ndarray:
        """float32 HxW in [0, 1]; where it is 0, `image` is the photo's own bytes."""
        return self.garment.mask.alpha

    @cached_property
    def shading(self) -> np.ndarray:
        """float32 HxW: multiplicative gain in linear light that the cloth received; 1 outside the mask."""
        received = np.ones(self.mask.shape, np.float32)
        for band in self._bands():
            received[band.rows, band.columns] = gain(band, self.light)
        return np.where(self.mask > 0, received, 1)

    @cached_property
    def warp(self) -> np.ndarray:
        """float32 HxWx2: cloth position minus pixel position, photo pixels, from the garment's centre; 0 outside."""
        warp = np.zeros((*self.mask.shape, 2), np.float32)
        for band in self._bands():
            warp[band.rows, band.columns] = band.warp
        return np.where(self.mask[..., None] > 0, warp, 0)

    @property
    def parts(self) -> list[str]:
        """The parts of the garment that were found, by their names in garments.parts.NAMES; legs for sleeves of what
        hangs from a waist.
        """
        return worn_as(with_strip(self.garment.fields, self.garment.mask.alpha))

    @property
    def missing(self) -> list[str]:
        """The parts that were to wear a cloth of their own and were not found."""
        return missing(self.garment.fields, self.params.get("on", ()))

    def _bands(self) -> Iterator[Any]:
        box = garment_box((self.mask > 0).astype(np.float32))
        return bands(self.garment.photo.pixels, self.garment.fields, box)

    def save(self, path: str | Path, *, overwrite: bool = False, strip_metadata: bool = False) -> Path:
        """Write the picture, with its settings and provenance inside unless stripped. The suffix is the format.

        The photo's own transparency is kept where the format can. Raises UserError as `images.write_image` does.
        """
        text = None if strip_metadata else metadata.settings_to_text(self.params)
        xmp = None if strip_metadata else metadata.provenance_xmp(self.params)
        alpha = self.garment.photo.alpha
        return write_image(path, off_white(self.image, alpha), alpha=alpha, text=text, xmp=xmp, overwrite=overwrite)


class Restyler:
    """Loads a model once; restyles any number of photos.

    model: name or folder of a `drape` model; "luminance" or None for the classical baseline (luminance as shading, no
        warp).
    mask_model: the same for automatic masks; None for GrabCut.
    threads: for the networks; None: all cores this process may use.
    """

    def __init__(
        self, model: str | Path | None = "drape", mask_model: str | Path | None = "mask", threads: int | None = None
    ) -> None:
        self._given = str(model)
        self._model = None if model in (None, BASELINE) else _loaded(self._given, "drape")
        self._mask_model = None if mask_model is None else _loaded(mask_model, "mask")
        self._fields = None if self._model is None else Network(self._model.file(), threads)
        sewn = None if self._model is None or PIECES not in self._model.card["files"] else self._model.file(PIECES)
        self._sewn = None if sewn is None else Network(sewn, threads)
        self._segment = None if self._mask_model is None else Network(self._mask_model.file(), threads)
        for network in (self._segment, self._fields, self._sewn):
            if network is not None:
                network.open_soon()  # while the photo is read
        # What only looks is opened where it is asked: six at once take the time from each other on two cores.
        features, shoes, solid, *heads = (
            Network(store.load(name).file(), threads if name == "features" else 1) for name in LOOKERS
        )
        self._footwear, self._solid = Footwear(features, shoes), Solids(features, solid, heads[-1])
        self._styles = Styles(self._look_at, None if self._segment is None else Sight(features, *heads))

    def restyle(
        self,
        photo: PhotoLike | Garment,
        style: StyleLike | Sequence[tuple[StyleLike, float]],
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        on: Mapping[str, StyleLike] | None = None,
        **controls: Any,
    ) -> Restyled:
        """The photo's garment in the cloth of `style`.

        photo: a file, uint8 HxWx3 sRGB, or a Garment from `examine`. style: a swatch (file or array), or several as
        (swatch, weight); the photo of another garment stands for its cloth (Controls.shows). mask: None (the photo's
        alpha if it has one, else automatic), "auto", "upper" or "lower" (that part of what somebody in the photo
        wears), "none" (everything), a file, or an array HxW (uint8, or float in [0, 1]). seed: kept with the result.
        on: what parts wear instead, by name (garments.parts.NAMES): a style, or "keep" for the photo's own cloth. A
        part that the garment does not show changes nothing (Restyled.missing). controls: see Controls.
        Raises UserError for files that cannot be read, an empty mask, a part that no garment has, or controls outside
        their range.
        """
        settings, on = from_names(controls), parts.named(on, as_photo)
        if on:
            parts.check(settings)
        garment = self._seen(photo, mask)
        styles = [(trimmed(picture, settings.shows), weight) for picture, weight in _styles(style)]
        once = settings.repeat == ONCE
        # A picture is placed as it is, whatever it shows, unless somebody says that it is a garment.
        shows = "cloth" if once and settings.shows == "auto" else settings.shows
        cuts = [self._styles.cut(picture, shows) for picture, _ in styles]
        pictures = {name: trimmed(one, shows) for name, one in on.items() if isinstance(one, Photo)}
        cut_on = {name: self._styles.cut(picture, shows) for name, picture in pictures.items()}
        garment, of = _ready(garment, settings, on), None
        if once:
            garment, worn = self._placed(garment, styles, cuts, settings)
        else:
            cloths = [self._styles.cloth(*cut, settings, garment.longer_side) for cut in cuts]
            worn = _mixed(cloths, [weight for _, weight in styles], settings.mix)
            undyed = replace(settings, palette=None)  # a palette is that of the style
            laid = {name: self._styles.cloth(*cut, undyed, garment.longer_side) for name, cut in cut_on.items()}
            worn, of = parts.worn(worn, garment.fields, on, laid)
        image = dress(
            garment.photo.pixels,
            garment.mask.alpha,
            garment.fields,
            worn,
            of,
            strength=settings.strength,
            shading=settings.shading,
        )
        params = self._params(garment, settings, seed, styles, on)
        entries = [*params["styles"], *(params["on"][name] for name in pictures)]
        given = [*(picture for picture, _ in styles), *pictures.values()]
        for entry, picture, (swatch, _) in zip(entries, given, [*cuts, *cut_on.values()], strict=True):
            if swatch is not picture.pixels:
                entry["shows"] = "garment"
        return Restyled(image, params, garment, lighting(garment.fields, worn, settings.shading, of))

    def _params(
        self,
        garment: Garment,
        settings: Controls,
        seed: int,
        styles: list[tuple[Photo, float]],
        on: Mapping[str, Photo | str],
    ) -> dict[str, Any]:
        """What is kept with a result, so that it can be made again."""
        height, width = garment.mask.alpha.shape
        return metadata.describe(
            model=self._identity(),
            source=garment.photo.path,
            styles=[(picture.path, weight) for picture, weight in styles],
            mask=garment.mask_entry,
            seed=seed,
            size=(width, height),
            controls=asdict(settings),
            on={name: one.path if isinstance(one, Photo) else one for name, one in on.items()},
        )

    def _placed(
        self,
        garment: Garment,
        styles: list[tuple[Photo, float]],
        cuts: list[tuple[np.ndarray, float]],
        settings: Controls,
    ) -> tuple[Garment, list[Any]]:
        """(the garment as a print sees it, the one style as a placement print). Raises UserError for several styles."""
        if len(styles) > 1:
            raise UserError(
                "A placement print (repeat 'once') is one picture.",
                received=f"{len(styles)} styles",
                advice="Restyle the garment in its cloth first, then place the print on the result.",
                exit_code=EXIT_USAGE,
            )
        (picture, _), (swatch, _) = styles[0], cuts[0]
        shown = self._styles.printed(picture if swatch is picture.pixels else Photo(swatch), settings)
        height, width = shown.pixels.shape[:2]
        scale = settings.scale * REPEAT_SHARE * garment.longer_side / max(height, width)
        size = (width * scale, height * scale)
        place = cloth_place(garment.fields, garment.mask.alpha, settings.offset, size, settings.rotation)
        fields = garment.fields if place.alone else on_panel(garment.fields, place.panel)
        laid = placed(shown.pixels, shown.alpha, scale, settings.rotation, place.centre, place.panel)
        return replace(garment, fields=fields), [laid]

    def variants(
        self,
        photo: PhotoLike | Garment,
        style: StyleLike | Sequence[tuple[StyleLike, float]],
        n: int = 4,
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        on: Mapping[str, StyleLike] | None = None,
        **controls: Any,
    ) -> Iterator[Restyled]:
        """`n` results around the given controls, made one by one: print scale, angle, placing and repeat vary.

        on: as in `restyle`; its cloths vary with the style's. The first is the controls as given. The same seed gives
        the same family.
        """
        settings, on = from_names(controls), parts.named(on, as_photo)
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise outside("n", n, "whole numbers from 1 on")
        garment = self._seen(photo, mask)
        for index in range(n):
            varied = settings if index == 0 else vary_print(settings, np.random.default_rng((abs(seed), index)))
            yield self.restyle(garment, style, seed=seed + index, on=on, **asdict(varied))

    def _seen(self, photo: PhotoLike | Garment, mask: str | Path | np.ndarray | None) -> Garment:
        if not isinstance(photo, Garment):
            return self.examine(photo, mask)
        if mask is not None:
            raise UserError(
                "A mask was given for a photo that has been examined already.",
                advice="Give it to examine(photo, mask).",
                exit_code=EXIT_USAGE,
            )
        return photo

    def examine(self, photo: PhotoLike, mask: str | Path | np.ndarray | None = None) -> Garment:
        """Read the photo, find its garment, predict its fields. `mask` as in `restyle`."""
        photo = as_photo(photo)
        found, entry = find_mask(photo, mask, self._segment)
        return Garment(photo, found, self.fields(photo.pixels, found.alpha), entry)

    def fields(self, pixels: np.ndarray, alpha: np.ndarray) -> Fields:
        """What is known of a garment's light and cloth. pixels: uint8 HxWx3 sRGB. alpha: float32 HxW in [0, 1]."""
        if self._fields is None:
            return luminance_fields(pixels, alpha)
        return predict_fields(pixels, alpha, self._fields, footwear=self._footwear, solid=self._solid, sewn=self._sewn)

    def cloth(self, picture: PhotoLike, shows: str = "auto") -> np.ndarray:
        """The cloth that a picture stands for as a style: uint8 hxwx3 sRGB.

        Of a garment (shows="garment", or "auto" where the picture surely shows one) its cloth, cut from the largest
        straight piece and evenly lit; of a garment seen from near ("auto") the largest piece without anything sewn;
        otherwise the picture as it is. Raises UserError as `restyle` does.
        """
        return self.cloth_and_span(picture, shows)[0]

    def cloth_and_span(self, picture: PhotoLike, shows: str = "auto") -> tuple[np.ndarray, float]:
        """(the cloth that a picture stands for, the share of a garment's longer side that its own spans at scale 1).

        The cloth is the picture's own pixels where nothing is cut. See cloth.
        """
        return self._styles.cut(trimmed(as_photo(picture), Controls(shows=shows).shows), shows)

    def _look_at(self, photo: Photo) -> tuple[np.ndarray, Fields]:
        garment = self.examine(photo)
        return garment.mask.alpha, garment.fields

    def _identity(self) -> dict[str, Any]:
        if self._model is None:
            return {"name": BASELINE, "sha256": None}
        return metadata.model_entry(self._model, self._given)


def _ready(garment: Garment, settings: Controls, on: Mapping[str, Photo | str]) -> Garment:
    """A garment as its new cloth sees it: its folds as deep as the light is, and its pieces as far as they matter."""
    fields = garment.fields.folded(min(1.0, settings.shading))  # no light, no folds
    if "strip" in on:
        fields = with_strip(fields, garment.mask.alpha)
    if settings.seams == "matched" and on:
        fields = fields.matched()
    elif settings.repeat == ONCE or settings.seams == "matched":
        fields = replace(fields, pieces=None)
    return replace(garment, fields=fields)


def find_mask(
    photo: Photo, mask: str | Path | np.ndarray | None, network: Network | None
) -> tuple[Mask, dict[str, Any]]:
    """(the garment of a photo, how it was found). mask: as in Restyler.restyle. network: of automatic masks."""
    height, width = photo.pixels.shape[:2]
    if mask is None and photo.alpha is not None and photo.alpha.min() < 255 and photo.alpha.max() > 127:
        return masks.given(photo.alpha, height, width, "alpha"), {"kind": "alpha"}
    if mask is None or (isinstance(mask, str) and mask in ("auto", *PARTS)):
        part = mask if isinstance(mask, str) and mask in PARTS else None
        found = masks.automatic(photo.pixels, network, lambda pixels: _faces()(pixels), part)
        entry = {"kind": part or "auto", "source": found.source, "confidence": round(found.confidence, 3)}
        return found, {**entry, "worn": True} if found.worn else entry
    if isinstance(mask, str) and mask == "none":
        return masks.whole(height, width), {"kind": "none"}
    if isinstance(mask, np.ndarray):
        return masks.given(_mask_levels(mask), height, width), {"kind": "array"}
    file = read_image(mask)
    # A cut-out saved as a mask: its transparency says more than its colours.
    grey = file.alpha if file.alpha is not None and file.alpha.min() < 255 else file.pixels
    return masks.given(masks.of_labels(grey), height, width), metadata.file_entry(mask, kind="file")


@cache
def _faces() -> Faces:
    return Faces(Network(store.load("face").file(), threads=1))


def _mask_levels(mask: np.ndarray) -> np.ndarray:
    """uint8 HxW or HxWx3 of a mask given as an array. Raises UserError for what cannot be meant as one."""
    numbers = mask.dtype.kind in "buif" and mask.size > 0
    flat = mask.ndim == 2 or (mask.ndim == 3 and mask.shape[2] in (1, 3, 4))
    in_range = numbers and (mask.dtype == np.uint8 or bool((mask >= -0.001).all() and (mask <= 1.001).all()))
    if not flat or not in_range:
        span = f", values from {np.min(mask):.4g} to {np.max(mask):.4g}" if numbers else ""
        raise UserError(
            "A mask given as an array is height x width: uint8, or numbers from 0 to 1.",
            received=f"{mask.dtype} {mask.shape}{span}",
            exit_code=EXIT_DATA,
        )
    levels = masks.of_labels(mask) if mask.dtype == np.uint8 else np.round(np.clip(mask, 0, 1) * 255).astype(np.uint8)
    transparent = levels.ndim == 3 and levels.shape[2] == 4 and levels[..., 3].min() < 255
    return levels[..., 3] if transparent else levels


def _mixed(cloths: list[Any], weights: list[float], mix: str) -> list[Any]:
    """What `dress` takes: one cloth for all panels, or one for each."""
    if len(cloths) == 1:
        return cloths
    if mix == "panels":  # body, sleeves (both alike), trim; the heaviest first
        order = [cloths[i] for i in np.argsort([-weight for weight in weights], kind="stable")]
        limbs, trim = order[1], order[min(2, len(order) - 1)]
        return [order[0], limbs, limbs, trim][: len(PANELS)]
    total = sum(weights)
    return [Overprint(cloths, [weight / total for weight in weights])]


def _styles(style: Any) -> list[tuple[Photo, float]]:
    """Swatches with weights. Raises UserError for none, or for a weight that is not above 0."""
    several = isinstance(style, (list, tuple))
    pairs = [item if isinstance(item, (list, tuple)) else (item, 1.0) for item in (style if several else [style])]
    if not pairs:
        raise UserError("A restyle needs at least one swatch.", advice="Give one with --style.", exit_code=EXIT_USAGE)
    for _, weight in pairs:
        if not (math.isfinite(weight) and weight > 0):
            raise outside("a swatch's weight", weight, "numbers above 0")
    return [(as_photo(swatch), float(weight)) for swatch, weight in pairs]


def as_photo(source: PhotoLike) -> Photo:
    """A file, an array (uint8 HxWx3 sRGB, or x4 with alpha) or a Photo, as a Photo. Raises UserError for others."""
    if isinstance(source, Photo):
        return source
    if not isinstance(source, np.ndarray):
        return read_image(source)
    if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] not in (3, 4) or not source.size:
        raise UserError(
            "A picture given as an array is uint8, height x width x 3 (sRGB) or x 4 (with alpha).",
            received=f"{source.dtype} {source.shape}",
            exit_code=EXIT_USAGE,
        )
    pixels = np.ascontiguousarray(source[..., :3])
    if source.shape[2] == 3 or (source[..., 3] == 255).all():
        return Photo(pixels)
    alpha = np.ascontiguousarray(source[..., 3])
    return Photo(over_white(pixels, alpha), alpha)  # as a file of the same content


def _loaded(model: str | Path, recipe: str) -> store.Model:
    found = store.load(model)
    if found.recipe != recipe:
        raise UserError(
            f"The model '{found.name}' was trained by another recipe.",
            received=found.recipe,
            possible=recipe,
            exit_code=EXIT_MODEL,
        )
    return found
