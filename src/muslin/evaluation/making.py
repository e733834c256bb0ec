"""Pictures to judge a model by: made from noise, or from the garments of a folder that training did not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muslin import store
from muslin.data.domains import Item, list_domains
from muslin.data.folder import Place, list_files, scan
from muslin.data.pairs import pair_files
from muslin.data.splits import held_out
from muslin.errors import EXIT_DATA, EXIT_MODEL, UserError
from muslin.images import write_image
from muslin.restyle.opening import restyler_for

COUNT = 200
SWATCHES = 24  # procedural ones, where the folder has none
NOISE = ("dcgan", "r3gan", "print")
TRANSLATION, PAIRED = ("cut", "cyclegan"), "pix2pix"
PHOTOS = ("drape", "cut", "cyclegan", "pix2pix", "stargan_v2")
GARMENTS, STYLES = "garments", "styles"


@dataclass(frozen=True)
class Made:
    """A folder of pictures that a model made. real: the files that they are to be compared with. name: of these.
    tiles: meant as repeats.
    """

    folder: Path
    real: list[Path]
    name: str
    tiles: bool


def make(
    model: str | Path,
    data: str | Path,
    folder: Path,
    *,
    count: int = COUNT,
    seed: int = 0,
    progress: Callable[..., Any] | None = None,
) -> Made:
    """Let `model` make `count` pictures into `folder`; those from photos know their photo, mask and swatch.

    data: the pictures it should be like: the collection it was trained on, or another one. Photos are taken from the
        side kept out of training, where there are any.
    Raises UserError for a model that makes no pictures, or where `data` has no photos for it.
    """
    found, root = store.load(model), Path(data)
    advance = progress or (lambda done, total=None, note="": None)
    folder.mkdir(parents=True, exist_ok=True)
    if found.recipe in NOISE:
        from muslin.imagine import Imaginer

        pictures = Imaginer(found.folder).pictures(count, seed=seed)
    elif found.role in PHOTOS:
        pictures = _restyled(found, root, count, seed)
    else:
        raise UserError(
            f"The model '{found.name}' makes no pictures that could be judged.",
            received=found.recipe,
            possible=(*NOISE, *PHOTOS),
            exit_code=EXIT_MODEL,
        )
    done = 0
    for done, picture in enumerate(pictures, start=1):
        picture.save(folder / f"{done:05d}.png", overwrite=True)
        advance(done, total=count, note="making pictures")
    if not done:
        raise UserError(f"No photo in '{root}' could be restyled.", exit_code=EXIT_DATA)
    name, real = _real_of(found, root)
    return Made(folder, real, name, found.recipe == "print")


def _real_of(model: store.Model, root: Path) -> tuple[str, list[Path]]:
    """What the made pictures should look like: of a folder of several kinds the one that the model makes."""
    if model.role in TRANSLATION:
        name = str(model.card["domains"][1])
        return f"{name} of {root.name}", [item.path for item in _of_kind(root, name, held=False)] or _all(root)
    if model.role == PAIRED:
        return f"targets of {root.name}", [target for _, target in _pairs(model, root, held=False)]
    inside = STYLES if model.recipe == "print" else GARMENTS
    return root.name, _all(root / inside if (root / inside).is_dir() else root)


def _all(root: Path) -> list[Path]:
    return [place.path for place, _ in list_files(root)[1]]


def _restyled(model: store.Model, root: Path, count: int, seed: int) -> Iterator[Any]:
    rng = np.random.default_rng(seed)
    photos = _photos(model, root)
    photos = [photos[index] for index in rng.permutation(len(photos))[:count]]
    with_swatch = model.recipe == "drape"
    swatches = _swatches(root) if with_swatch else []
    restyler = restyler_for(str(model.folder))
    for index, (photo, mask) in enumerate(photos):
        style = swatches[int(rng.integers(len(swatches)))] if with_swatch else ()
        try:
            yield next(iter(restyler.variants(photo, style, 1, mask, seed=seed + index)))
        except UserError as error:
            if error.exit_code != EXIT_DATA:
                raise
            continue  # a photo without a garment, an empty mask


def _photos(model: store.Model, root: Path) -> list[tuple[Path, Path | None]]:
    """(photo, its mask) of garments that training did not see; where it saw all of them, of any."""
    if model.role in TRANSLATION:
        name = str(model.card["domains"][0])
        items = _of_kind(root, name, held=True) or _of_kind(root, name, held=False)
        if items:
            return [(item.path, item.mask) for item in items]
    if model.role == PAIRED:
        return [(source, None) for source, _ in _pairs(model, root, held=True) or _pairs(model, root, held=False)]
    layout, files = list_files(root)
    if layout == "collection":  # garments beside swatches, and perhaps drawings of both
        able = [(place, mask) for place, mask in files if place.domain == GARMENTS]
    else:
        able = [(place, mask) for place, mask in files if place.domain != "B"]
    kept = [(place, mask) for place, mask in able if _kept_out(place, layout)]
    return [(place.path, mask) for place, mask in (kept or able)]


def _of_kind(root: Path, name: str, held: bool) -> list[Item]:
    """The pictures of a domain on one side of the split; none where the folder has no kinds, or none there."""
    try:
        return list_domains(root, held=held).get(name, [])
    except UserError:
        return []


def _pairs(model: store.Model, root: Path, held: bool) -> list[tuple[Path, Path]]:
    """(source, target) on one side of the split, as training has them."""
    told = {**model.card.get("settings", {}), **model.card}  # a student has it from its teacher's card
    return pair_files(root, _scratch("pairs"), held=held, direction=str(told.get("direction", "auto")))


def _kept_out(place: Place, layout: str) -> bool:
    """As training splits (data/domains.py, data/photos.py)."""
    if place.split is not None:
        return place.split == "test"
    key = place.relative.as_posix()
    return held_out(key.partition("/")[2] if layout == "collection" else key)


def _swatches(root: Path) -> list[Path]:
    """The folder's own cloths, else procedural ones."""
    if (root / STYLES).is_dir():
        swatches = scan(root / STYLES)
        return [record.path for record in swatches.select(split="test") or swatches.records]
    from muslin.textiles.procedural import TEXTILES, swatch

    folder = _scratch("swatches")
    names = sorted(TEXTILES)
    return [
        write_image(folder / f"{names[i % len(names)]}-{i}.png", swatch(names[i % len(names)], i, 256))
        for i in range(SWATCHES)
    ]


def _scratch(what: str) -> Path:
    """An empty folder that lasts as long as the program."""
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix=f"muslin-{what}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
