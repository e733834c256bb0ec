"""What is in a folder of pictures: layout, labels, masks, splits. Only headers and bytes are read here.

Layouts, found by the names of the folders:

    plain       DATA/*.jpg
    classes     DATA/LOOK/*.jpg, or DATA/train/LOOK/*.jpg with DATA/test/LOOK/*.jpg
    unpaired    DATA/trainA, trainB, testA, testB                       (as CycleGAN has them)
    paired      DATA/A/train/x.png with DATA/B/train/x.png              (as pix2pix has them)
    collection  DATA/garments/CLASS/*.jpg with DATA/styles/LOOK/*.jpg, and DATA/edges/CLASS/*.jpg, drawings of garments

Masks lie in a folder `masks` beside the pictures or at the root, or in a sibling such as garment_masks,
under the picture's own relative name or its stem. A manifest.csv with the columns file and original_path
says which pictures were cut from one original; these stay on one side of the split, and so do files with the
same content. Garments with such a manifest are split by their own names in training (data/photos.py): of these
`scan` tells what belongs together, not what training keeps out.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from muslin.data.splits import HELD_OUT, held_out
from muslin.data.tables import read_rows
from muslin.errors import EXIT_DATA, UserError
from muslin.folders import walk
from muslin.images import FORMATS, find_images, is_contact_sheet

MASK_FOLDERS = ("masks", "mask", "garment_masks")
SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "val": "test",
    "valid": "test",
    "validation": "test",
}
ORIENTATION = 0x0112  # the EXIF tag
MAX_FILE_BYTES = 200_000_000
MAX_PIXELS = 200_000_000


@dataclass(frozen=True)
class Record:
    """One picture that can be opened.

    domain: 'A' or 'B' of a pair of collections, 'garments' or 'styles', else None.  label: class or look, or
    None. split: 'train' or 'test'.  width, height: pixels as seen, after EXIF orientation (1 to 8).
    original: what it was cut from, as the manifest says, else its own name; the same for equal bytes.
    """

    path: Path
    domain: str | None
    label: str | None
    split: str
    mask: Path | None
    width: int
    height: int
    orientation: int
    sha256: str
    original: str


@dataclass(frozen=True)
class Problem:
    """One file that had to be left out, and why."""

    path: Path
    text: str


@dataclass(frozen=True)
class Collection:
    """The pictures of a folder.

    `split_by_folder`: the folders say what is train and test; else muslin decided.
    """

    root: Path
    layout: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    split_by_folder: bool

    def select(self, *, split: str | None = None, domain: str | None = None, label: str | None = None) -> list[Record]:
        """The records of one split, domain or label; None = any."""
        return [
            record
            for record in self.records
            if (split is None or record.split == split)
            and (domain is None or record.domain == domain)
            and (label is None or record.label == label)
        ]

    @property
    def labels(self) -> list[str]:
        return sorted({record.label for record in self.records if record.label})


@dataclass(frozen=True)
class Place:
    """What the folders alone say of a file; fields as in Record."""

    path: Path
    relative: Path
    domain: str | None
    label: str | None
    split: str | None


def scan(
    directory: str | Path,
    *,
    test_fraction: float = HELD_OUT,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Collection:
    """Read the headers of all pictures under `directory`; bad files go to `problems` and the rest goes on.

    test_fraction: share of originals on the test side where the folders do not say. The side is a function
        of the original's name alone (data/splits.py), the same in every run and for every recipe.
    progress: called with (files done, files in all).
    Raises UserError (exit code 3) when there is no such folder or no picture in it.
    """
    root = _existing_folder(directory)
    layout, places, masks = _places(root)
    originals = _originals(root)
    records: list[Record] = []
    problems: list[Problem] = []
    with ThreadPoolExecutor(threads or max(2, os.cpu_count() or 2)) as pool:
        headers = pool.map(_header, places)
        for done, (place, mask, header) in enumerate(zip(places, masks, headers, strict=True), start=1):
            if isinstance(header, str):
                problems.append(Problem(place.path, header))
            else:
                width, height, orientation, sha256 = header
                records.append(
                    Record(
                        path=place.path,
                        domain=place.domain,
                        label=place.label,
                        split=place.split or "",
                        mask=mask,
                        width=width,
                        height=height,
                        orientation=orientation,
                        sha256=sha256,
                        original=originals.get(place.relative.as_posix(), _key(layout, place)),
                    )
                )
            if progress:
                progress(done, len(places))
    split_by_folder = any(place.split for place in places)
    return Collection(root, layout, tuple(_split(records, test_fraction)), tuple(problems), split_by_folder)


def list_files(directory: str | Path) -> tuple[str, list[tuple[Place, Path | None]]]:
    """The layout, and (place, its mask) of each picture, from the names alone: no file is opened.

    Raises UserError (exit code 3) when there is no such folder or no picture in it.
    """
    layout, places, masks = _places(_existing_folder(directory))
    return layout, list(zip(places, masks, strict=True))


def groups(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected groups of at least two among `count` things, given the pairs that belong together
    (union-find).
    """
    parent = list(range(count))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for first, second in pairs:
        a, b = sorted((root(first), root(second)))
        parent[b] = a
    members: dict[int, list[int]] = {}
    for index in range(count):
        members.setdefault(root(index), []).append(index)
    return [group for group in members.values() if len(group) > 1]


def _places(root: Path) -> tuple[str, list[Place], list[Path | None]]:
    files, masks = _walk(root)
    layout, places = _arrange(root, files)
    return layout, places, [masks.find(place) for place in places]


def _existing_folder(directory: str | Path) -> Path:
    root = Path(directory).expanduser()
    if root.is_dir():
        return root
    raise UserError(
        f"There is no folder '{directory}'.",
        received="a file" if root.is_file() else None,
        advice="Give a folder of pictures (JPEG, PNG, WebP or TIFF).",
        exit_code=EXIT_DATA,
    )


class _Masks:
    """Mask files by relative name without suffix, and by stem where a folder of masks is flat."""

    def __init__(self) -> None:
        self.by_name: dict[str, Path] = {}

    def add(self, base: str, relative: Path, path: Path) -> None:
        self.by_name[f"{base}:{relative.with_suffix('').as_posix()}"] = path

    def find(self, place: Place) -> Path | None:
        """Beside the picture first (parent/masks/stem), then the root's masks under the relative name or
        the stem.
        """
        name = place.relative.with_suffix("")
        inner = Path(*name.parts[1:]) if len(name.parts) > 1 else name
        keys = [f"{place.relative.parent.as_posix()}:{name.name}"]
        keys += [f".:{name.as_posix()}", f".:{inner.as_posix()}", f".:{name.name}"]
        return next((self.by_name[key] for key in keys if key in self.by_name), None)


def _walk(root: Path) -> tuple[list[Path], _Masks]:
    """The picture files under `root`, sorted, and its masks, also those of a sibling folder.

    Follows links, as `folders.walk` does.
    """
    files: list[Path] = []
    masks = _Masks()
    for here, folders, names in walk(root):
        folders[:] = [name for name in folders if not name.startswith("__")]
        for name in [name for name in folders if name.lower() in MASK_FOLDERS or name.lower().endswith("_masks")]:
            folders.remove(name)
            beside = Path(name[: -len("_masks")])  # trainA_masks holds those of trainA, not of trainB
            for path in find_images([here / name]):
                base, relative = here.relative_to(root).as_posix(), path.relative_to(here / name)
                masks.add(base, relative, path)
                masks.add(base, beside / relative, path)
        files += [here / name for name in names if _is_picture(name)]
    for sibling in (f"{root.name}_masks", f"{root.name.removesuffix('s')}_masks"):
        if root.name and (root.parent / sibling).is_dir():
            for path in find_images([root.parent / sibling]):
                masks.add(".", path.relative_to(root.parent / sibling), path)
    if not files:
        raise UserError(
            f"There is no picture in '{root}'.",
            possible=sorted(suffix[1:] for suffix in FORMATS),
            advice="Folders inside it are searched too; check the path.",
            exit_code=EXIT_DATA,
        )
    return files, masks


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in FORMATS and not name.startswith(".") and not is_contact_sheet(name)


def _arrange(root: Path, files: list[Path]) -> tuple[str, list[Place]]:
    """The layout, and domain, label and split of each file from the folders it lies in."""
    relatives = [path.relative_to(root) for path in files]
    first = {relative.parts[0].lower() for relative in relatives if len(relative.parts) > 1}
    second = {relative.parts[1].lower() for relative in relatives if len(relative.parts) > 2}
    if {"traina", "trainb"} <= first:
        layout = "unpaired"
    elif {"a", "b"} <= first and second & SPLITS.keys():
        layout = "paired"
    elif "garments" in first:
        layout = "collection"
    elif first & SPLITS.keys():
        layout = "classes" if second else "plain"
    else:
        layout = "classes" if first else "plain"
    return layout, [_place(layout, path, relative) for path, relative in zip(files, relatives, strict=True)]


def _place(layout: str, path: Path, relative: Path) -> Place:
    folders = list(relative.parts[:-1])
    domain = split = None
    if layout == "unpaired" and folders and folders[0][:-1].lower() in SPLITS:
        head = folders.pop(0)
        split, domain = SPLITS[head[:-1].lower()], head[-1].upper()
    elif layout == "paired" and folders and folders[0].lower() in ("a", "b"):
        domain = folders.pop(0).upper()
    elif layout == "collection" and folders:
        domain = folders.pop(0)
    if split is None and folders and folders[0].lower() in SPLITS:
        split = SPLITS[folders.pop(0).lower()]
    return Place(path, relative, domain, folders[0] if folders else None, split)


def _key(layout: str, place: Place) -> str:
    """The name that the split hashes: inside its collection, so that it is the same when that alone is given."""
    name = place.relative.as_posix()
    return name.partition("/")[2] if layout == "collection" and place.domain else name


def _originals(root: Path) -> dict[str, str]:
    """Relative file -> original, from every manifest.csv of the folder and of the folders just below it."""
    originals: dict[str, str] = {}
    for manifest in [root / "manifest.csv", *sorted(root.glob("*/manifest.csv"))]:
        if not manifest.is_file():
            continue
        base = manifest.parent.relative_to(root)
        try:
            rows = read_rows(manifest, "file", "original_path")
        except UserError:  # it only says which pictures belong together; without it each stands alone
            continue
        for row in rows:
            if row["file"] and row["original_path"]:
                originals[(base / row["file"]).as_posix()] = row["original_path"]
    return originals


def _header(place: Place) -> tuple[int, int, int, str] | str:
    """(width, height, orientation, sha256), or what is wrong with the file in words."""
    from PIL import Image, UnidentifiedImageError

    try:
        found = place.path.stat()
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
            return "not an ordinary file"
        if found.st_size > MAX_FILE_BYTES:
            return f"larger than {MAX_FILE_BYTES // 1_000_000} MB"
        data = place.path.read_bytes()
        if not data:
            return "empty file"
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            orientation = image.getexif().get(ORIENTATION, 1)
    except UnidentifiedImageError:
        return "not a picture, whatever its name says"
    except Image.DecompressionBombError:
        return "too many pixels"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    except Exception as error:  # Pillow's readers raise whatever a damaged header leads them to
        return f"damaged ({type(error).__name__})"
    if width * height > MAX_PIXELS:
        return f"{width} x {height} is more than {MAX_PIXELS // 1_000_000} million pixels"
    orientation = orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1
    if orientation >= 5:
        width, height = height, width
    return width, height, orientation, hashlib.sha256(data).hexdigest()


def _split(records: list[Record], fraction: float) -> list[Record]:
    """Fill in the split where the folders did not say; files that share an original or their bytes share a
    side.
    """
    last: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for index, record in enumerate(records):
        for key in (record.original, record.sha256):
            if key in last:
                pairs.append((last[key], index))
            last[key] = index
    originals = [record.original for record in records]
    for group in groups(len(records), pairs):
        first = min(originals[index] for index in group)
        for index in group:
            originals[index] = first
    return [
        replace(
            record,
            original=original,
            split=record.split or ("test" if held_out(original, fraction) else "train"),
        )
        for record, original in zip(records, originals, strict=True)
    ]
