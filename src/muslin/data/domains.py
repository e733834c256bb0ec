"""Domains: the collections between which translation recipes translate, with a mask for every picture.

Layouts (see data/folder.py), and what a domain is called there:

    unpaired    DATA/trainA, trainB (testA, testB)               A, B
    classes     DATA/LOOK/*.jpg                                  LOOK
    collection  DATA/garments/CLASS/*.jpg with style_labels.csv  the labels; without the table, the classes
    None        garments rendered by muslin                      a textile, such as plain or stripes

Masks are those beside the pictures, a picture's own transparency, or found by the shipped network (kept in
the user's cache, so that it looks at a picture once). A picture with a mask is laid on white in its garment's
own square, so that networks spend themselves on cloth; one without is cut square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.data import folder
from muslin.data.collection import square
from muslin.data.found_masks import found_mask
from muslin.data.photos import clean_mask, held_out
from muslin.data.tables import read_rows
from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
from muslin.garments.fields import garment_square
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.masks import SMALLEST_SHARE
from muslin.images import read_image

MASKS = ("auto", "given", "none")
EMBEDDED = ("plain", "stripes")  # textiles of the embedded domains
EMBEDDED_COUNT = 256  # pictures of each
FEWEST = 4
FIRST_CHOICES = ("plain", "source", "a")  # what a source is called, where nobody said which one it is
LABELS = ("style_labels.csv", "labels.csv")  # columns: file, style


@dataclass(frozen=True)
class Domain:
    """Pictures of one kind. N pictures, S = side in pixels.

    images: uint8 N x S x S x 3 sRGB. masks: uint8 N x S x S, 255 = garment; 255 everywhere where there is no mask.
    keys: names relative to the folder, for splits and reports.
    """

    name: str
    images: np.ndarray
    masks: np.ndarray
    keys: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Item:
    """One picture of a domain that has not been read. mask: its file, if it has one."""

    key: str
    path: Path
    mask: Path | None


def load_domains(
    data: Any = None,
    size: int = 96,
    names: Sequence[str] | None = None,
    *,
    masks: str = "auto",
    held: bool = False,
    most: int = 4000,
    background: int = 255,
) -> dict[str, Domain]:
    """Name -> Domain, in the order of `names`; all that DATA holds where none are named.

    data: a folder; None for rendered garments; or a mapping name -> pictures (N x H x W x 3), taken whole.
    masks: "auto" finds what is not given, "given" finds none, "none" takes every picture whole.
    held: the pictures kept out of training (testA, testB, or one in ten by name) instead of the others.
    most: at most so many pictures of a domain. background: grey level around the garment.
    Raises UserError for a folder without domains, a name that is not there, fewer than FEWEST pictures of one.
    """
    if masks not in MASKS:
        raise UserError("There is no such way to find masks.", received=repr(masks), possible=MASKS)
    if isinstance(data, Mapping):
        found: dict[str, Any] = dict(data)
    elif data is None:
        found = {name: None for name in _embedded_names(names)}
    else:
        found = {name: items[:most] for name, items in list_domains(data, held=held).items()}
    loaded = {}
    for name in names or found:
        if name not in found:
            raise _no_such(name, {key: EMBEDDED_COUNT if value is None else len(value) for key, value in found.items()})
        if isinstance(data, Mapping):
            loaded[name] = _from_arrays(name, found[name], size)
        elif data is None:
            loaded[name] = _embedded(name, size, EMBEDDED_COUNT, held, background)
        else:
            loaded[name] = _read(name, found[name], size, masks, background)
    return loaded


def list_domains(data: str | Path, *, held: bool = False) -> dict[str, list[Item]]:
    """Name -> the pictures of that domain, by names alone: nothing is decoded. Arguments as in load_domains."""
    layout, files = folder.list_files(data)
    labels = _labels(Path(data).expanduser())
    split_by_folder = any(place.split for place, _ in files)
    domains: dict[str, list[Item]] = {}
    for place, mask in files:
        if layout == "collection" and (place.domain or "").lower() != "garments":
            continue
        key = place.relative.as_posix()
        if layout == "collection":
            key = key.partition("/")[2]
        name = place.domain if layout in ("unpaired", "paired") else labels.get(key) if labels else place.label
        test = place.split == "test" if split_by_folder else held_out(key)
        if name and test == held:
            domains.setdefault(name, []).append(Item(key, place.path, mask))
    if not domains:
        raise UserError(
            "This folder does not say which picture is of which kind.",
            received=data,
            possible="folders trainA and trainB; a folder for each look; garments/ with style_labels.csv",
            advice="Put the pictures of each look into a folder of its name.",
            exit_code=EXIT_DATA,
        )
    return dict(sorted(domains.items()))


def choose_pair(counts: Mapping[str, int], source: str | None, target: str | None) -> tuple[str, str, str]:
    """(source, target, a sentence that says so) where `counts` are the pictures of each domain there is.

    What is not named is chosen: as source the domain called plain, else the first by name; as target the largest
    other one. Raises UserError for names that are not there, for one name twice, and for fewer than two domains.
    """
    for name in (source, target):
        if name and name not in counts:
            raise _no_such(name, counts)
    if len(counts) < 2 or (source and source == target):
        raise UserError(
            "A translation needs two kinds of pictures.",
            received=", ".join(f"{name} ({count})" for name, count in counts.items()) or "none",
            advice="Name two of them, as in --option source=plain --option target=stripes.",
            exit_code=EXIT_DATA if len(counts) < 2 else EXIT_USAGE,
        )
    others = sorted(name for name in counts if name != target)
    preferred = [name for choice in FIRST_CHOICES for name in others if name.lower() == choice]
    first = source or (preferred or others)[0]
    second = target or max((name for name in sorted(counts) if name != first), key=lambda name: counts[name])
    sentence = f"From {first} ({counts[first]:,} pictures) to {second} ({counts[second]:,})."
    if len(counts) > 2 and not (source and target):
        others = [f"{name} ({counts[name]:,})" for name in sorted(counts) if name not in (first, second)]
        sentence += f" There are also {', '.join(others)}: choose with --option source=... --option target=..."
    return first, second, sentence


def load_pair(
    data: Any, size: int, source: str | None = None, target: str | None = None, **more: Any
) -> tuple[Domain, Domain, str]:
    """(source, target, a sentence about the choice). Arguments as in choose_pair and load_domains."""
    if data is None:
        counts = dict.fromkeys(_embedded_names([name for name in (source, target) if name]), EMBEDDED_COUNT)
    elif isinstance(data, Mapping):
        counts = {name: len(pictures) for name, pictures in data.items()}
    else:
        counts = {name: len(items) for name, items in list_domains(data, held=more.get("held", False)).items()}
    first, second, sentence = choose_pair(counts, source, target)
    loaded = load_domains(data, size, (first, second), **more)
    return loaded[first], loaded[second], sentence


def cut_out(pixels: np.ndarray, mask: np.ndarray, size: int, background: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """The garment in its own square, laid on grey: uint8 HxWx3 and uint8 HxW -> size x size x 3, size x size."""
    frame = garment_frame(garment_box(mask), size)
    image, inside = garment_square(pixels, mask.astype(np.float32) / 255, frame, size)
    laid = image * inside[..., None] + background * (1 - inside[..., None])
    return np.rint(laid).astype(np.uint8), np.rint(inside * 255).astype(np.uint8)


def _no_such(name: str, counts: Mapping[str, int]) -> UserError:
    return UserError(
        f"There are no pictures called '{name}' to learn from.",
        possible=[f"{known} ({count})" for known, count in counts.items()],
        exit_code=EXIT_USAGE,
    )


def _labels(root: Path) -> dict[str, str]:
    """Relative file -> label, of the first table found at the root or beside the garments."""
    for table in [root / base / name for base in ("garments", ".") for name in LABELS]:
        if table.is_file():
            found = [(row["file"], row.get("style") or row.get("label")) for row in read_rows(table, "file")]
            return {file: label for file, label in found if file and label}
    return {}


def _read(name: str, items: Sequence[Item], size: int, masks: str, background: int) -> Domain:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda item: picture(item, size, masks, background), items))
    return _domain(name, [(item.key, *pair) for item, pair in zip(items, made, strict=True) if pair is not None])


def picture(item: Item, size: int, masks: str, background: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(image, mask), or None for a file that cannot be read: `muslin data check` names those."""
    try:
        photo = read_image(item.path)
        mask = None if masks == "none" else _mask(item, photo, masks)
    except UserError:
        return None
    if mask is None or (mask > 127).mean() < SMALLEST_SHARE:
        return square(photo.pixels, size), np.full((size, size), 255, np.uint8)
    return cut_out(photo.pixels, mask, size, background)


def _mask(item: Item, photo: Any, masks: str) -> np.ndarray | None:
    """uint8 HxW of the photo's own size, or None where there is none and none is to be found."""
    height, width = photo.pixels.shape[:2]
    if item.mask is not None:
        given = read_image(item.mask).pixels.max(axis=-1)
    elif photo.alpha is not None:
        return photo.alpha
    elif masks == "auto":
        given = found_mask(item.path, photo.pixels)
    else:
        given = None
    if given is None:
        return None
    return cv2.resize(clean_mask(given), (width, height), interpolation=cv2.INTER_LINEAR)


def _domain(name: str, made: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Domain:
    if len(made) < FEWEST:
        raise UserError(
            f"There are too few pictures called '{name}' to learn from.",
            received=f"{len(made)} that can be read",
            possible=f"at least {FEWEST}; some hundreds are better",
            advice="`muslin data check DIR` says what is wrong with each file.",
            exit_code=EXIT_DATA,
        )
    keys, images, masks = zip(*made, strict=True)
    return Domain(name, np.stack(images), np.stack(masks), tuple(keys))


def _from_arrays(name: str, pictures: Any, size: int) -> Domain:
    """Arrays have no masks of their own: each picture is taken whole."""
    from muslin.data.collection import to_uint8

    whole = np.full((size, size), 255, np.uint8)
    return _domain(name, [(str(i), square(picture, size), whole) for i, picture in enumerate(to_uint8(pictures))])


def _embedded_names(names: Sequence[str] | None) -> list[str]:
    """The textiles asked for and, where fewer than two are, those of EMBEDDED. Raises UserError for others."""
    from muslin.textiles.procedural import TEXTILES

    for name in names or ():
        if name not in TEXTILES:
            raise UserError(
                f"muslin weaves no textile called '{name}'.",
                possible=sorted(TEXTILES),
                advice="Name one of these, or give a folder of pictures.",
                exit_code=EXIT_USAGE,
            )
    asked = list(dict.fromkeys(names or ()))
    return asked if len(asked) > 1 else [*asked, *(name for name in EMBEDDED if name not in asked)]


@cache
def _embedded(name: str, size: int, count: int, held: bool, background: int) -> Domain:
    """Rendered garments in one textile. No garment is in two domains: they are unpaired."""
    from muslin.data.truth import render
    from muslin.textiles.procedural import TEXTILES

    first = (2 * sorted(TEXTILES).index(name) + held) * 100_000

    def make(index: int) -> tuple[str, np.ndarray, np.ndarray]:
        drawn = render(first + index, max(64, size), textile=name)
        return str(index), *cut_out(drawn.photo, np.rint(drawn.mask * 255).astype(np.uint8), size, background)

    with ThreadPoolExecutor(2) as pool:
        return _domain(name, list(pool.map(make, range(count))))
