"""Restyle photos of garments: a photo, a swatch, a few controls in a designer's words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.garments import masks, references
from muslin.garments.bands import bands
from muslin.garments.closeup import Construction
from muslin.garments.fields import PANELS, Fields, luminance_fields, predict_fields
from muslin.garments.framing import garment_box
from muslin.garments.masks import Mask
from muslin.garments.network import Network
from muslin.garments.renderer import dress, fold_exponents, gain
from muslin.images import Photo, read_image, write_image
from muslin.restyle import metadata
from muslin.textiles.mix import Overprint
from muslin.textiles.repeat import REPEATS, Cloth
from muslin.textiles.seamless import VISIBLE, make_seamless, seam_score

REPEAT_SHARE = 0.3  # at scale 1 one swatch spans this share of the garment's longer side
MIXES = ("overprint", "panels")
BASELINE = "luminance"
KEPT_SWATCHES = 16

PhotoLike = str | Path | np.ndarray | Photo
StyleLike = str | Path | np.ndarray | Photo


@dataclass(frozen=True)
class Controls:
    """What a designer may turn. Raises UserError for a value outside its range, naming the range."""

    scale: float = 1.0  # 1 = one swatch spans 30 % of the garment's longer side; 0.02 .. 20
    rotation: float = 0.0  # degrees, clockwise
    offset: tuple[float, float] = (0.0, 0.0)  # fractions of a swatch
    repeat: str = "straight"  # one of textiles.repeat.REPEATS
    strength: float = 1.0  # 0 = the photo, 1 = all new cloth
    shading: float = 1.0  # 0 = flat cloth, 1 = the photo's own folds and light, as they look in the new cloth
    palette: str | Sequence[Any] | None = None  # colours for the cloth, "navy,#e8c1a0" or (r, g, b) each
    seamless: str | bool = "auto"  # mend a swatch that does not tile: True, False or "auto" (when its seam shows)
    mix: str = "overprint"  # several swatches: printed over each other, or one for each sewn panel
    shows: str = "auto"  # what a style's picture shows: "cloth", a "garment" whose cloth is taken, or found out

    def __post_init__(self) -> None:
        for name, low, high in (("scale", 0.02, 20.0), ("strength", 0.0, 1.0), ("shading", 0.0, 2.0)):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and low <= value <= high):
                raise _outside(name, value, f"{low:g} to {high:g}")
        if not (isinstance(self.rotation, (int, float)) and math.isfinite(self.rotation)):
            raise _outside("rotation", self.rotation, "a number of degrees")
        if self.repeat not in REPEATS:
            raise _outside("repeat", self.repeat, REPEATS)
        if self.mix not in MIXES:
            raise _outside("mix", self.mix, MIXES)
        if self.shows not in references.SHOWS:
            raise _outside("shows", self.shows, references.SHOWS)
        if self.seamless not in ("auto", True, False):
            raise _outside("seamless", self.seamless, ("auto", True, False))


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
    exponents: np.ndarray = field(repr=False)  # of the gain: for the whole garment, or for each panel

    @property
    def mask(self) -> np.ndarray:
        """float32 HxW in [0, 1]; where it is 0, `image` is the photo's own bytes."""
        return self.garment.mask.alpha

    @cached_property
    def shading(self) -> np.ndarray:
        """float32 HxW: multiplicative gain in linear light that the cloth received; 1 outside the mask."""
        received = np.ones(self.mask.shape, np.float32)
        for band in self._bands():
            received[band.rows, band.columns] = gain(band, self.exponents)
        return np.where(self.mask > 0, received, 1)

    @cached_property
    def warp(self) -> np.ndarray:
        """float32 HxWx2: cloth position minus pixel position, photo pixels, from the garment's centre; 0 outside."""
        warp = np.zeros((*self.mask.shape, 2), np.float32)
        for band in self._bands():
            warp[band.rows, band.columns] = band.warp
        return np.where(self.mask[..., None] > 0, warp, 0)

    def _bands(self) -> Iterator[Any]:
        box = garment_box((self.mask > 0).astype(np.float32))
        return bands(self.garment.photo.pixels, self.garment.fields, box)

    def save(self, path: str | Path, *, overwrite: bool = False, strip_metadata: bool = False) -> Path:
        """Write the picture, with its settings and provenance inside unless stripped. The suffix is the format.

        The photo's own transparency is kept where the format can. Raises UserError as `images.write_image` does.
        """
        text = None if strip_metadata else metadata.settings_to_text(self.params)
        xmp = None if strip_metadata else metadata.provenance_xmp(self.params)
        return write_image(path, self.image, alpha=self.garment.photo.alpha, text=text, xmp=xmp, overwrite=overwrite)


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
        self._segment = None if self._mask_model is None else Network(self._mask_model.file(), threads)
        for network in (self._segment, self._fields):
            if network is not None:
                network.open_soon()  # while the photo is read
        self._threads = threads
        self._cuts: dict[Any, references.Cut | None] = {}  # of styles that show a garment, their cloth
        self._swatches: dict[Any, np.ndarray] = {}  # as they are repeated: a folder of photos wears one cloth

    def restyle(
        self,
        photo: PhotoLike | Garment,
        style: StyleLike | Sequence[tuple[StyleLike, float]],
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        **controls: Any,
    ) -> Restyled:
        """The photo's garment in the cloth of `style`.

        photo: a file, uint8 HxWx3 sRGB, or a Garment from `examine`. style: a swatch (file or array), or several as
        (swatch, weight); the photo of another garment stands for its cloth (Controls.shows). mask: None (the photo's
        alpha if it has one, else automatic), "auto", "none" (everything), a file, or an array HxW (uint8, or float in
        [0, 1]). seed: kept with the result. controls: see Controls.
        Raises UserError for files that cannot be read, an empty mask, or controls outside their range.
        """
        settings = _controls(controls)
        garment = photo if isinstance(photo, Garment) else self.examine(photo, mask)
        styles = _styles(style)
        cuts = [self._cut(picture, settings.shows) for picture, _ in styles]
        cloths = [self._cloth(*cut, settings, garment) for cut in cuts]
        weights = [weight for _, weight in styles]
        worn = _mixed(cloths, weights, settings.mix)
        image = dress(
            garment.photo.pixels,
            garment.mask.alpha,
            garment.fields,
            worn,
            strength=settings.strength,
            shading=settings.shading,
        )
        height, width = garment.mask.alpha.shape
        params = metadata.describe(
            model=self._identity(),
            source=garment.photo.path,
            styles=[(picture.path, weight) for picture, weight in styles],
            mask=garment.mask_entry,
            seed=seed,
            size=(width, height),
            controls=asdict(settings),
        )
        for entry, (picture, _), (swatch, _) in zip(params["styles"], styles, cuts, strict=True):
            if swatch is not picture.pixels:
                entry["shows"] = "garment"
        return Restyled(image, params, garment, settings.shading * fold_exponents(garment.fields, worn))

    def variants(
        self,
        photo: PhotoLike | Garment,
        style: StyleLike | Sequence[tuple[StyleLike, float]],
        n: int = 4,
        mask: str | Path | np.ndarray | None = None,
        *,
        seed: int = 0,
        **controls: Any,
    ) -> Iterator[Restyled]:
        """`n` results around the given controls, made one by one: print scale, angle, placing and repeat vary.

        The first is the controls as given. The same seed gives the same family.
        """
        settings = _controls(controls)
        if n < 1:
            raise _outside("n", n, "1 or more")
        garment = photo if isinstance(photo, Garment) else self.examine(photo, mask)
        for index in range(n):
            varied = settings if index == 0 else vary_print(settings, np.random.default_rng((abs(seed), index)))
            yield self.restyle(garment, style, seed=seed + index, **asdict(varied))

    def examine(self, photo: PhotoLike, mask: str | Path | np.ndarray | None = None) -> Garment:
        """Read the photo, find its garment, predict its fields. `mask` as in `restyle`."""
        photo = as_photo(photo)
        found, entry = find_mask(photo, mask, self._segment)
        if self._fields is None:
            fields = luminance_fields(photo.pixels, found.alpha)
        else:
            fields = predict_fields(photo.pixels, found.alpha, self._fields)
        return Garment(photo, found, fields, entry)

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
        return self._cut(as_photo(picture), Controls(shows=shows).shows)

    def _cut(self, picture: Photo, shows: str) -> tuple[np.ndarray, float]:
        if shows == "cloth":
            return picture.pixels, REPEAT_SHARE
        alpha = None if picture.alpha is None else picture.alpha.tobytes()
        key = (hash(picture.pixels.tobytes()), hash(alpha), picture.pixels.shape, shows)
        if key not in self._cuts:
            if len(self._cuts) >= KEPT_SWATCHES:
                self._cuts.clear()
            self._cuts[key] = self._shown(picture, shows)
        cut = self._cuts[key]
        if cut is None:
            return picture.pixels, REPEAT_SHARE
        return cut.pixels, cut.share * (REPEAT_SHARE if cut.near else 1.0)

    def _shown(self, picture: Photo, shows: str) -> references.Cut | None:
        if shows == "garment":
            return references.Cut(*references.cloth_of(picture, self._look_at), near=False)
        return references.cloth_shown(picture, self._look_at, self._segment, lambda pixels: self._construction(pixels))

    @cached_property
    def _construction(self) -> Construction:
        """Most styles need no second look: its models are opened at the first that does."""
        features, head = (Network(store.load(name).file(), self._threads) for name in ("features", "closeup"))
        return Construction(features, head)

    def _look_at(self, photo: Photo) -> tuple[np.ndarray, Fields]:
        garment = self.examine(photo)
        return garment.mask.alpha, garment.fields

    def _cloth(self, swatch: np.ndarray, span: float, settings: Controls, garment: Garment) -> Any:
        mirrored = settings.repeat == "mirror"
        key = (hash(swatch.tobytes()), swatch.shape, settings.seamless, mirrored, repr(settings.palette))
        if key not in self._swatches:
            if len(self._swatches) >= KEPT_SWATCHES:
                self._swatches.clear()
            self._swatches[key] = prepare_swatch(swatch, settings)
        pixels = self._swatches[key]
        share = settings.scale * span * garment.longer_side / max(pixels.shape[:2])
        return Cloth(pixels, settings.repeat).prepare(share, settings.rotation, settings.offset)

    def _identity(self) -> dict[str, Any]:
        if self._model is None:
            return {"name": BASELINE, "sha256": None}
        return metadata.model_entry(self._model, self._given)


def find_mask(
    photo: Photo, mask: str | Path | np.ndarray | None, network: Network | None
) -> tuple[Mask, dict[str, Any]]:
    """(the garment of a photo, how it was found). mask: as in Restyler.restyle. network: of automatic masks."""
    height, width = photo.pixels.shape[:2]
    if mask is None and photo.alpha is not None and photo.alpha.min() < 255 and photo.alpha.max() > 127:
        return masks.given(photo.alpha, height, width, "alpha"), {"kind": "alpha"}
    if mask is None or (isinstance(mask, str) and mask == "auto"):
        found = masks.automatic(photo.pixels, network)
        return found, {"kind": "auto", "source": found.source, "confidence": round(found.confidence, 3)}
    if isinstance(mask, str) and mask == "none":
        return masks.whole(height, width), {"kind": "none"}
    if isinstance(mask, np.ndarray):
        grey = np.round(np.clip(mask, 0, 1) * 255).astype(np.uint8) if mask.dtype != np.uint8 else mask
        return masks.given(grey, height, width), {"kind": "array"}
    file = read_image(mask)
    # A cut-out saved as a mask: its transparency says more than its colours.
    grey = file.alpha if file.alpha is not None and file.alpha.min() < 255 else file.pixels
    return masks.given(grey, height, width), metadata.file_entry(mask, kind="file")


def prepare_swatch(swatch: np.ndarray, settings: Controls) -> np.ndarray:
    """The swatch as it will be repeated: mended where its seam would show, in the asked colours. uint8 hxwx3."""
    if settings.seamless is True or (
        settings.seamless == "auto" and settings.repeat != "mirror" and seam_score(swatch) > VISIBLE
    ):
        swatch = make_seamless(swatch)
    if settings.palette is not None:
        from muslin.textiles.palette import parse_colors, repaint

        given = [settings.palette] if isinstance(settings.palette, str) else list(settings.palette)
        colours = [color for item in given for color in (parse_colors(item) if isinstance(item, str) else [item])]
        swatch = repaint(swatch, colours)
    return swatch


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


def vary_print(settings: Controls, rng: np.random.Generator) -> Controls:
    """Another print scale, angle, place and perhaps repeat, around the given."""
    turn = float(rng.choice([0, 0, 45, 90, -45, 30, -30, 15]))
    return replace(
        settings,
        scale=float(np.clip(settings.scale * 2 ** rng.uniform(-1.0, 0.8), 0.02, 20)),
        rotation=settings.rotation + turn,
        offset=(float(rng.random()), float(rng.random())),
        repeat=str(rng.choice(REPEATS)) if rng.random() < 0.5 else settings.repeat,
    )


def _controls(given: dict[str, Any]) -> Controls:
    names = list(Controls.__dataclass_fields__)
    unknown = [name for name in given if name not in names]
    if unknown:
        raise UserError("There is no such control.", received=", ".join(unknown), possible=names, exit_code=EXIT_USAGE)
    return Controls(**given)


def _styles(style: Any) -> list[tuple[Photo, float]]:
    """Swatches with weights. Raises UserError for none, or for a weight that is not above 0."""
    several = isinstance(style, (list, tuple))
    pairs = [item if isinstance(item, (list, tuple)) else (item, 1.0) for item in (style if several else [style])]
    if not pairs:
        raise UserError("A restyle needs at least one swatch.", advice="Give one with --style.", exit_code=EXIT_USAGE)
    for _, weight in pairs:
        if not (math.isfinite(weight) and weight > 0):
            raise _outside("a swatch's weight", weight, "numbers above 0")
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
    alpha = np.ascontiguousarray(source[..., 3]) if source.shape[2] == 4 else None
    return Photo(pixels=np.ascontiguousarray(source[..., :3]), alpha=alpha, path=None, metadata={})


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


def _outside(name: str, value: object, possible: object) -> UserError:
    return UserError(f"{name} is outside its range.", received=value, possible=possible, exit_code=EXIT_USAGE)
