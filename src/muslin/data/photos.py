"""Photographs held in memory for training: garments with their masks, and swatches.

Layout of a training folder (every part but the photos is optional):

    DATA/garments/CLASS/NAME.jpg         photos of single garments (or DATA/CLASS/NAME.jpg, or DATA/NAME.jpg)
    DATA/garment_masks/CLASS/NAME.png    soft masks, same relative name, 255 = garment (or DATA/masks/...)
    DATA/garments/style_labels.csv       columns file,style: "plain" marks garments without a print
    DATA/styles/LOOK/NAME.png            swatches; manifest.csv with file,original_path keeps crops of one
                                         original on one side of the split

A garment is kept out of training by its own name, CLASS/NAME.jpg, whatever a manifest.csv says that it was cut from:
the networks that are shipped were split so, and benchmarks measure them on the other side. `data.folder.scan`, for
`muslin data check`, goes by the original instead; its sides of garments are not those of training.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from muslin.data.splits import held_out as held_out
from muslin.data.tables import read_rows
from muslin.errors import EXIT_DATA, UserError
from muslin.images import FORMATS, at_most, find_images


@dataclass(frozen=True)
class GarmentPhoto:
    """One photo small enough to stay in memory."""

    key: str  # relative name, for splits and reports
    pixels: np.ndarray  # uint8 HxWx3 sRGB
    mask: np.ndarray | None  # uint8 HxW, 255 = garment
    look: str | None  # its label, for instance "plain"
    panels: np.ndarray | None = None  # uint8 HxW, 0 = not known, 1.. = sewn panel


def clean_mask(mask: np.ndarray) -> np.ndarray:
    """The garment alone: without thin strings (hangers, skirting boards), specks and pin-holes. uint8 HxW.

    Masks made by machines keep hanger hooks and miss bits of a print; a network trained on them learns both.
    """
    size = max(mask.shape)
    core = (mask > 127).astype(np.uint8)
    radius = max(1, round(size * 0.007))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    opened = cv2.morphologyEx(core, cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= 0.05 * areas.max())).astype(np.uint8)
    # Holes smaller than 1 % of the garment are misses of the mask, larger ones are neck openings and crotches.
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - kept, connectivity=4)
    small = 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] < 0.01 * kept.sum())
    kept |= np.isin(labels, small).astype(np.uint8)
    near = cv2.dilate(kept, kernel)
    inner = cv2.erode(kept, kernel)
    return np.where(inner > 0, 255, np.where(near > 0, mask, 0)).astype(np.uint8)


def load_garments(
    folder: Path,
    *,
    side: int = 288,
    masked: bool = False,
    limit: int | None = None,
    find_mask: Callable[[Path, np.ndarray], np.ndarray | None] | None = None,
) -> list[GarmentPhoto]:
    """Photos shrunk to at most `side` px, with masks and looks where they exist, sorted by name.

    masked: only photos that have a mask. find_mask: (path, pixels RGB) -> uint8 hxw of the photo's aspect or None;
    asked where the folder has no mask for any photo. Raises UserError when nothing is left.
    """
    photos = _subfolder(folder, "garments")
    masks = _subfolder(folder, "garment_masks", "masks")
    looks = labels(folder)
    paths = [path for _, path in photo_paths(folder)]
    if masks != folder:
        find_mask = None  # whoever masks some photos wants the others left out
    there = bool(paths)
    if masked and find_mask is None:
        paths = [path for path in paths if (masks / path.relative_to(photos).with_suffix(".png")).is_file()]
    paths = paths[:limit]

    def load(path: Path) -> GarmentPhoto | None:
        pixels = read_quickly(path, cv2.IMREAD_COLOR)
        if pixels is None:
            return None
        key = path.relative_to(photos)
        mask = read_quickly(masks / key.with_suffix(".png"), cv2.IMREAD_GRAYSCALE) if masks != folder else None
        if find_mask is not None:
            mask = find_mask(path, np.ascontiguousarray(pixels[..., ::-1]))
        if mask is None and masked:
            return None
        if mask is not None and mask.shape != pixels.shape[:2]:
            mask = cv2.resize(mask, pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
        pixels = at_most(pixels, side)
        if mask is not None:
            mask = cv2.resize(clean_mask(mask), pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
        return GarmentPhoto(key.as_posix(), cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), mask, looks.get(key.as_posix()))

    with ThreadPoolExecutor(2) as pool:
        loaded = [photo for photo in pool.map(load, paths) if photo is not None]
    if not loaded and masked and there and find_mask is None:
        raise UserError(
            "No photo in this folder has a mask.",
            received=folder,
            advice="Masks are NAME.png in garment_masks/ beside garments/, named as the photos; white is garment.",
            exit_code=EXIT_DATA,
        )
    if not loaded:
        raise UserError(
            "This folder holds no photo that can be read.",
            received=folder,
            possible=sorted(FORMATS),
            advice="`muslin data check DIR` says what is wrong with each file.",
            exit_code=EXIT_DATA,
        )
    return loaded


def has_masks(folder: Path) -> bool:
    """Whether a training folder has a folder of masks."""
    return _subfolder(folder, "garment_masks", "masks") != folder


def photo_paths(folder: Path) -> list[tuple[str, Path]]:
    """Key and path of each photo of a training folder, masked or not, sorted by name."""
    photos, masks = _subfolder(folder, "garments"), _subfolder(folder, "garment_masks", "masks")
    paths = sorted(find_images([photos]))
    if masks != folder:
        paths = [path for path in paths if masks not in path.parents]
    return [(path.relative_to(photos).as_posix(), path) for path in paths]


def load_swatches(folder: Path, *, side: int = 256, held: bool = False) -> list[np.ndarray]:
    """Swatches (uint8 hxwx3 sRGB) of the training side, or of the held-out side when `held`."""
    styles = _subfolder(folder, "styles")
    if styles == folder:
        return []
    originals = {}
    manifest = styles / "manifest.csv"
    if manifest.is_file():
        originals = {row["file"]: row.get("original_path") or row["file"] for row in read_rows(manifest, "file")}
    swatches = []
    for path in sorted(find_images([styles])):
        key = path.relative_to(styles).as_posix()
        if held_out(originals.get(key, key)) != held:
            continue
        pixels = read_quickly(path, cv2.IMREAD_COLOR)
        if pixels is not None:
            swatches.append(cv2.cvtColor(at_most(pixels, side), cv2.COLOR_BGR2RGB))
    return swatches


def _subfolder(folder: Path, *names: str) -> Path:
    return next((folder / name for name in names if (folder / name).is_dir()), folder)


def labels(folder: Path) -> dict[str, str]:
    """The look of each photo (by its key) that style_labels.csv of a training folder names."""
    table = _subfolder(folder, "garments") / "style_labels.csv"
    if not table.is_file():
        return {}
    return {row["file"]: row["style"] for row in read_rows(table, "file", "style")}


def read_quickly(path: Path, flag: int) -> np.ndarray | None:
    """Training files are read by OpenCV, four times faster than the careful reader; None when unreadable."""
    try:
        return cv2.imdecode(np.fromfile(path, np.uint8), flag) if path.is_file() else None
    except (OSError, cv2.error):
        return None
