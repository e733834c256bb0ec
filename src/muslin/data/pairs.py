"""Pairs of pictures, source and target, and an endless stream of sketch -> garment batches from them.

Layouts, found by the names of the folders:

    drawings      DATA/edges/CLASS/x.jpg with DATA/garments/CLASS/x.jpg (also sketches, drawings or lines; photos)
    paired        DATA/A/train/x.png with DATA/B/train/x.png, or DATA/A with DATA/B, or trainA with trainB
    side by side  DATA/train/x.jpg or DATA/x.jpg, one picture twice as wide: source and target (as pix2pix has them)
    photos        DATA/garments with masks and no drawings: the drawings are made from the photos
    None          garments that muslin renders, with drawings from their exact fields

Masks (DATA/garment_masks or DATA/masks, same relative names) frame the garment and lay it on white.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.data.lines import photo_drawing, truth_drawing
from muslin.data.photos import clean_mask
from muslin.data.splits import held_out
from muslin.data.truth import render
from muslin.errors import EXIT_DATA, UserError
from muslin.garments.framing import garment_box, garment_frame
from muslin.images import find_images, make_folder, write_image

DRAWINGS = ("edges", "sketches", "drawings", "lines")
PHOTOS = ("garments", "photos", "targets")
MASKS = ("garment_masks", "masks")
DIRECTIONS = ("auto", "AtoB", "BtoA")
EMBEDDED_COUNT = 512
FEWEST = 4
PAPER = 255
WRITTEN, MOST_WRITTEN = 256, 2000  # px and number of the pairs that are written as files, to be judged by


@dataclass(frozen=True)
class Pair:
    """source, target: uint8 R x R x 3. mask: uint8 R x R, 255 = garment, None where nobody knows."""

    key: str
    source: np.ndarray
    target: np.ndarray
    mask: np.ndarray | None


@dataclass(frozen=True)
class _Files:
    """Where one pair lies. source None: the target's file holds both (or the drawing is to be made)."""

    key: str
    source: Path | None
    target: Path
    mask: Path | None


def load_pairs(data: Any, side: int, *, held: bool = False, direction: str = "auto") -> list[Pair]:
    """All pairs of the training side (or of the held-out side) at side x side px.

    direction: which half of a picture that holds both is the source: the left ("AtoB"), the right ("BtoA"), or the
    one that looks like a drawing ("auto"). Of two folders A and B, "BtoA" makes B the source.
    Raises UserError where a folder holds no pairs, too few, or such that do not fit together.
    """
    if direction not in DIRECTIONS:
        raise UserError("There is no such direction.", received=repr(direction), possible=DIRECTIONS)
    if data is None:
        return list(_embedded(side, held))
    root = Path(data).expanduser()
    layout, files = find_pairs(root, held=held, direction=direction)

    def load(entry: _Files) -> Pair | None:
        return _load(entry, layout, side, direction)

    with ThreadPoolExecutor(2) as pool:
        pairs = [pair for pair in pool.map(load, files) if pair is not None]
    if len(pairs) < (1 if held else FEWEST):
        raise UserError(
            f"'{root}' holds too few pairs of pictures to learn from.",
            received=f"{len(pairs)} pairs that can be read",
            possible="edges/ beside garments/, A/train beside B/train, or pictures with source and target side by side",
            exit_code=EXIT_DATA,
        )
    return pairs


def pair_files(root: Path, folder: Path, *, held: bool = False, direction: str = "auto") -> list[tuple[Path, Path]]:
    """(source, target) of each pair, as files; what no file holds alone is written into `folder`, WRITTEN px square."""
    layout, entries = find_pairs(root, held=held, direction=direction)
    if layout == "paired" or layout == "drawings":
        return [(entry.source, entry.target) for entry in entries if entry.source is not None]

    def write(entry: _Files) -> tuple[Path, Path] | None:
        pair = _load(entry, layout, WRITTEN, direction)
        if pair is None:
            return None
        source, target = (folder / end / f"{entry.key}.png" for end in ("source", "target"))
        for path, pixels in ((source, pair.source), (target, pair.target)):
            write_image(make_folder(path.parent) / path.name, pixels, overwrite=True)
        return source, target

    with ThreadPoolExecutor(2) as pool:
        return [files for files in pool.map(write, entries[:: 1 + len(entries) // MOST_WRITTEN]) if files is not None]


def find_pairs(root: Path, *, held: bool = False, direction: str = "auto") -> tuple[str, list[_Files]]:
    """(layout, files of the training or of the held-out side), by names alone: nothing is decoded."""
    if not root.is_dir():
        raise UserError(f"There is no folder '{root}'.", exit_code=EXIT_DATA)
    folders = {path.name.lower(): path for path in sorted(root.iterdir()) if path.is_dir()}
    photos = next((folders[name] for name in PHOTOS if name in folders), None)
    drawings = next((folders[name] for name in DRAWINGS if name in folders), None)
    masks = _index(next((folders[name] for name in MASKS if name in folders), None))
    if photos is not None:
        targets, sources = _index(photos), _index(drawings)
        names = sorted(targets.keys() & sources.keys() if drawings is not None else targets.keys() & masks.keys())
        keyed = [(targets[name].relative_to(photos).as_posix(), name) for name in names]
        chosen = [name for key, name in keyed if held_out(key) == held]
        return "drawings" if drawings else "photos", [
            _Files(name, sources.get(name), targets[name], masks.get(name)) for name in chosen
        ]
    ends = _two_folders(folders, held)
    if ends is not None:
        a, b = ends if direction != "BtoA" else ends[::-1]
        sources, targets = _index(a), _index(b)
        names = _own_side(sorted(sources.keys() & targets.keys()), a, held)
        return "paired", [_Files(name, sources[name], targets[name], masks.get(name)) for name in names]
    folder = _split_folder(folders, held) or root
    targets = _index(folder)
    names = _own_side(sorted(targets), folder, held)
    return "side by side", [_Files(name, None, targets[name], None) for name in names]


def _two_folders(folders: dict[str, Path], held: bool) -> tuple[Path, Path] | None:
    """A/train with B/train, trainA with trainB, or plain A with B."""
    for split in ("test", "val") if held else ("train",):
        if {f"{split}a", f"{split}b"} <= folders.keys():
            return folders[f"{split}a"], folders[f"{split}b"]
    if {"a", "b"} <= folders.keys():
        for split in ("test", "val") if held else ("train",):
            inner = folders["a"] / split, folders["b"] / split
            if inner[0].is_dir() and inner[1].is_dir():
                return inner
        return folders["a"], folders["b"]
    return None


def _split_folder(folders: dict[str, Path], held: bool) -> Path | None:
    return next((folders[name] for name in (("test", "val") if held else ("train",)) if name in folders), None)


def _own_side(names: list[str], folder: Path, held: bool) -> list[str]:
    """Where the folders say what is held out, all of a folder; else one in ten, by name."""
    said = folder.name.lower().rstrip("ab") in ("train", "test", "val")
    return names if said else [name for name in names if held_out(name) == held]


def _index(folder: Path | None) -> dict[str, Path]:
    """Relative name without suffix -> file."""
    if folder is None:
        return {}
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(find_images([folder]))}


def _load(entry: _Files, layout: str, side: int, direction: str) -> Pair | None:
    target = _read(entry.target)
    if target is None:
        return None
    source = None if entry.source is None else _read(entry.source)
    if layout == "side by side":
        halves = _halves(target, entry.key, direction)
        source, target = halves
    if source is None and entry.source is not None:
        return None
    mask = None if entry.mask is None else _read(entry.mask)
    if source is not None and source.shape != target.shape:
        if abs(source.shape[0] / source.shape[1] - target.shape[0] / target.shape[1]) > 0.03:
            raise UserError(
                f"The two pictures of the pair '{entry.key}' have different shapes.",
                received=f"{source.shape[1]} x {source.shape[0]} and {target.shape[1]} x {target.shape[0]}",
                exit_code=EXIT_DATA,
            )
        source = cv2.resize(source, target.shape[1::-1], interpolation=cv2.INTER_AREA)
    if mask is None:
        assert source is not None  # photos without drawings are found by their masks
        return Pair(entry.key, squared(source, side), squared(target, side), None)
    grey = clean_mask(cv2.resize(mask[..., 0], target.shape[1::-1], interpolation=cv2.INTER_AREA))
    return framed(entry.key, source, target, grey, side)


def framed(key: str, source: np.ndarray | None, target: np.ndarray, mask: np.ndarray, side: int) -> Pair:
    """The pair in its garment's own square, the garment on white, the drawing without what lies outside it.

    source None: a drawing of the target. mask: uint8 HxW.
    """
    frame = garment_frame(garment_box(mask), side)
    target, alpha = (into_frame(picture, frame, side, 0) for picture in (target, mask))
    weight = (alpha.astype(np.float32) / 255)[..., None]
    target = np.round(target * weight + PAPER * (1 - weight)).astype(np.uint8)
    if source is None:
        source = np.repeat(photo_drawing(target, alpha)[..., None], 3, axis=2)
    else:
        source = into_frame(source, frame, side, PAPER)
        radius = max(2, round(0.03 * side))
        near = cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
        near = cv2.GaussianBlur(near, (0, 0), radius / 3).astype(np.float32)[..., None] / 255
        source = np.round(source * near + PAPER * (1 - near)).astype(np.uint8)
    return Pair(key, source, target, alpha)


def into_frame(picture: np.ndarray, frame: np.ndarray, side: int, border: int) -> np.ndarray:
    """`picture` through the 2x3 map `frame`, without aliasing where it shrinks. Outside it, `border`."""
    scale = float(frame[0, 0])
    if scale < 1:
        height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
        shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        across, down = picture.shape[1] / width, picture.shape[0] / height
        # Pixel centres are integers: x = across * (x' + 0.5) - 0.5.
        steps = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
        picture, frame = shrunk, (np.vstack([frame, [0, 0, 1]]) @ steps)[:2]
    value = (border,) * 3
    return cv2.warpAffine(picture, frame.astype(np.float64), (side, side), borderValue=value)


def squared(picture: np.ndarray, side: int) -> np.ndarray:
    """The whole picture in a square, its border repeated where it is not one. uint8 side x side x 3."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    top, left = (longer - height) // 2, (longer - width) // 2
    picture = cv2.copyMakeBorder(picture, top, longer - height - top, left, longer - width - left, cv2.BORDER_REPLICATE)
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if longer > side else cv2.INTER_CUBIC)


def _halves(picture: np.ndarray, key: str, direction: str) -> tuple[np.ndarray, np.ndarray]:
    """(source, target) of a picture that holds both."""
    height, width = picture.shape[:2]
    if width % 2 or not 1.2 <= width / height <= 4:
        raise UserError(
            f"'{key}' does not hold a source and a target side by side.",
            received=f"{width} x {height} px",
            possible="two pictures of one size beside each other; or edges/ beside garments/, A/train beside B/train",
            exit_code=EXIT_DATA,
        )
    left, right = picture[:, : width // 2], picture[:, width // 2 :]
    if direction == "auto":
        direction = "AtoB" if _drawn(left) >= _drawn(right) else "BtoA"
    return (left, right) if direction == "AtoB" else (right, left)


def _drawn(picture: np.ndarray) -> float:
    """How much a picture looks like lines on paper: the share of pixels that are nearly white and grey."""
    low, high = picture.min(axis=2).astype(int), picture.max(axis=2).astype(int)
    return float(((low > 200) & (high - low < 30)).mean())


def _read(path: Path) -> np.ndarray | None:
    """uint8 HxWx3 sRGB; None when unreadable (`muslin data check` names such files)."""
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return None if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


HELD_OUT_SEED = 2**30  # of rendered garments that are not for training


def rendered(seeds: Iterable[int], side: int, *, plain: bool = False) -> list[Pair]:
    """Rendered garments on white with their drawings. plain: in plain cloth, all of them; else every other one."""

    def make(seed: int) -> Pair:
        truth = render(seed, max(96, side), plain=plain or seed % 2 == 0)
        mask = np.round(truth.mask * 255).astype(np.uint8)
        drawing = np.repeat(truth_drawing(truth)[..., None], 3, axis=2)
        return framed(f"rendered/{seed}", drawing, truth.photo, mask, side)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, seeds))


@cache
def _embedded(side: int, held: bool) -> tuple[Pair, ...]:
    start = HELD_OUT_SEED if held else 0
    return tuple(rendered(range(start, start + EMBEDDED_COUNT // (8 if held else 1)), side))
