"""Look at a folder of pictures before training on it, and say in words what is wrong and what to do.

Near duplicates are found in two steps: pictures whose 12 x 12 thumbnails (brightness, and colour at half
that size) are close are compared by the detail of their 32 x 32 thumbnails, which survives saving, shrinking
and a change of exposure, and which two photos of similar garments do not share.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin.data.folder import Collection, Record, groups, scan

MIN_SIDE = 128  # pixels; below this a garment has no detail left to learn from
MAX_ASPECT = 3.0
FEW = 20
NEAR_RMS = 12.0  # grey levels between two 12 x 12 thumbnails, mean brightness aside: worth a closer look
NEAR_CORRELATION = 0.9  # of the detail of two 32 x 32 thumbnails
FLAT = 2.0  # grey levels of detail below which a picture is a plain colour
LEVELS = ("unusable", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One kind of trouble. `files` are relative to the folder; `groups` holds files that belong together."""

    kind: str
    level: str  # one of LEVELS
    text: str
    advice: str
    files: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    """What `check` found. `usable` is False when something must be mended before training."""

    directory: str
    layout: str
    images: int
    masks: int
    splits: dict[str, int]
    labels: dict[str, int]
    sizes: dict[str, list[int]]  # smallest, median, largest as [width, height]
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def usable(self) -> bool:
        return all(finding.level != "unusable" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "directory": self.directory,
            "layout": self.layout,
            "images": self.images,
            "masks": self.masks,
            "splits": self.splits,
            "labels": self.labels,
            "sizes": self.sizes,
            "usable": self.usable,
            "findings": [
                {
                    "kind": finding.kind,
                    "level": finding.level,
                    "count": len(finding.groups) or len(finding.files),
                    "text": finding.text,
                    "advice": finding.advice,
                    "files": list(finding.files),
                    "groups": [list(group) for group in finding.groups],
                }
                for finding in self.findings
            ],
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True)
class Look:
    """What one picture looks like, small."""

    problem: str | None = None
    coarse: np.ndarray = field(default_factory=lambda: np.zeros(216, np.float32))  # 144 brightness, 72 colour
    detail: np.ndarray = field(
        default_factory=lambda: np.zeros(1024, np.float32)
    )  # unit norm, or 0 when flat
    alpha: bool = False
    grey: bool = False
    mask_problem: str | None = None


def check(
    directory: str | Path,
    *,
    min_side: int = MIN_SIDE,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Decode every picture of a folder and report what would spoil a training run.

    progress: called with (pictures done, pictures in all).
    Raises UserError (exit code 3) when there is no folder or no picture at all.
    """
    started = time.perf_counter()
    collection = scan(directory, threads=threads)
    looks = list(_looks(collection.records, threads, progress))
    whole = [index for index, look in enumerate(looks) if look.problem is None]
    records = [collection.records[index] for index in whole]
    seen = [looks[index] for index in whole]
    pairs = list(near_pairs(seen))
    findings = [
        *_unreadable(collection, looks),
        *_amount(collection, records),
        *_sizes(collection, records, min_side),
        *_duplicates(collection, records, pairs),
        *_leakage(collection, records, pairs),
        *_masks(collection, records, seen),
        *_colour(collection, records, seen),
    ]
    by_area = sorted(records, key=lambda record: record.width * record.height)
    picks = {"smallest": 0, "median": len(by_area) // 2, "largest": -1} if by_area else {}
    return Report(
        directory=str(collection.root),
        layout=collection.layout,
        images=len(records),
        masks=sum(record.mask is not None for record in records),
        splits=dict(Counter(record.split for record in records)),
        labels=dict(sorted(Counter(record.label for record in records if record.label).items())),
        sizes={name: [by_area[index].width, by_area[index].height] for name, index in picks.items()},
        findings=tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
        seconds=time.perf_counter() - started,
    )


def _looks(
    records: tuple[Record, ...], threads: int | None, progress: Callable[[int, int], None] | None
) -> Iterator[Look]:
    with ThreadPoolExecutor(threads or max(2, os.cpu_count() or 2)) as pool:
        for done, look in enumerate(pool.map(look_at, records), start=1):
            yield look
            if progress:
                progress(done, len(records))


def look_at(record: Record) -> Look:
    """Decode one picture, small where its format allows, and its mask."""
    from PIL import Image, ImageOps

    try:
        with Image.open(record.path) as image:
            image.draft("RGB", (64, 64))  # JPEG: decode at an eighth of the size, still reading every byte
            image.load()
            alpha = "A" in image.getbands() or "transparency" in image.info
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I;16"):
                upright = upright.point(lambda value: value / 256).convert("L")
            if alpha:
                upright = upright.convert("RGBA")
                alpha = bool(np.asarray(upright.getchannel("A")).min() < 250)
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
            pixels = np.asarray(upright.convert("RGB"))
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        words = str(error) if isinstance(error, OSError) else type(error).__name__
        return Look(problem=f"cannot be decoded ({words})")
    small = cv2.resize(pixels, (96, 96), interpolation=cv2.INTER_AREA)
    coarse, detail = features(small)
    red, green, blue = cv2.split(small)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return Look(
        coarse=coarse,
        detail=detail,
        alpha=alpha,
        grey=int(np.sort(spread, axis=None)[-93]) <= 4,
        mask_problem=_mask_problem(record),
    )


def features(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of a uint8 HxWx3 picture to compare it by: (216,) brightness and colour in grey levels,
    (1024,) detail of unit norm.

    The mean brightness is taken out of the first, so that a change of exposure does not count.
    """
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    brightness = cv2.resize(luma[..., 0], (12, 12), interpolation=cv2.INTER_AREA)
    colour = cv2.resize(luma[..., 1:], (6, 6), interpolation=cv2.INTER_AREA)
    coarse = np.concatenate([(brightness - brightness.mean()).ravel(), colour.ravel()])
    grey = cv2.resize(luma[..., 0], (32, 32), interpolation=cv2.INTER_AREA)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 2.5)).ravel()
    strength = float(np.sqrt(np.mean(detail**2)))
    detail = detail / (strength * 32) if strength > FLAT else np.zeros_like(detail)
    return coarse, detail


def near_pairs(looks: list[Look], block: int = 1024) -> Iterator[tuple[int, int]]:
    """Index pairs (i < j) of pictures that show the same thing.

    Distances as matrix products, block by block.
    """
    if not looks:
        return
    coarse = np.stack([look.coarse for look in looks])
    norms = np.einsum("ij,ij->i", coarse, coarse)
    limit = NEAR_RMS**2 * coarse.shape[1]
    for top in range(0, len(looks), block):
        rows = slice(top, top + block)
        for left in range(top, len(looks), block):
            columns = slice(left, left + block)
            squared = norms[rows, None] + norms[None, columns] - 2 * coarse[rows] @ coarse[columns].T
            for i, j in np.argwhere(squared < limit) + np.array([top, left]):
                if i < j and _same(looks[i], looks[j], float(squared[i - top, j - left])):
                    yield int(i), int(j)


def _same(first: Look, second: Look, squared: float) -> bool:
    if (
        not first.detail.any() and not second.detail.any()
    ):  # two plain colours: only nearly equal ones are the same
        return squared < first.coarse.size
    return float(first.detail @ second.detail) > NEAR_CORRELATION


def _mask_problem(record: Record) -> str | None:
    """What is wrong with a picture's mask, in words."""
    if record.mask is None:
        return None
    from PIL import Image

    try:
        with Image.open(record.mask) as image:
            width, height = image.size
            covered = (
                float(np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX)).mean()) / 255
            )
    except Exception as error:
        return f"its mask cannot be read ({type(error).__name__})"
    if abs(width / height - record.width / record.height) > 0.03 * record.width / record.height:
        return f"its mask is {width} x {height}, the picture {record.width} x {record.height}"
    if covered < 0.01:
        return "its mask is empty"
    if covered > 0.99:
        return "its mask covers everything"
    return None


def _names(collection: Collection, paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(path.relative_to(collection.root).as_posix() for path in paths)


def _unreadable(collection: Collection, looks: list[Look]) -> Iterator[Finding]:
    bad = {problem.path: problem.text for problem in collection.problems}
    bad |= {
        record.path: look.problem
        for record, look in zip(collection.records, looks, strict=True)
        if look.problem is not None
    }
    if bad:
        first, why = next(iter(sorted(bad.items())))
        yield Finding(
            "unreadable",
            "unusable",
            f"{_count(bad, 'file')} cannot be read, for instance {_names(collection, [first])[0]}: {why}.",
            "Remove them, or export them again; training would skip them.",
            _names(collection, sorted(bad)),
        )


def _amount(collection: Collection, records: list[Record]) -> Iterator[Finding]:
    if not records:
        yield Finding("none", "unusable", "No picture can be used.", "Check the folder.")
    elif len(records) < FEW:
        yield Finding(
            "few",
            "warning",
            f"Only {_count(records, 'picture')}: a network this hungry will learn them by heart.",
            "20 to 200 pictures teach one look; fewer serve as swatches (muslin restyle --style).",
        )
    domains = Counter(record.domain for record in records if record.domain)
    if len(domains) == 2 and min(domains.values()) * 10 < max(domains.values()):
        small = min(domains, key=lambda name: domains[name])
        yield Finding(
            "unbalanced",
            "warning",
            f"'{small}' has {domains[small]} pictures, the other side {max(domains.values())}.",
            "Add to the smaller side; its pictures will be seen ten times as often.",
        )


def _sizes(collection: Collection, records: list[Record], min_side: int) -> Iterator[Finding]:
    small = [record.path for record in records if min(record.width, record.height) < min_side]
    if small:
        yield Finding(
            "small",
            "warning",
            f"{_count(small, 'picture')} smaller than {min_side} px on the shorter side.",
            "They would be enlarged and teach blur: use larger originals, or leave them out.",
            _names(collection, small),
        )
    long = [
        record.path
        for record in records
        if max(record.width, record.height) > MAX_ASPECT * min(record.width, record.height)
    ]
    if long:
        yield Finding(
            "aspect",
            "warning",
            f"{_count(long, 'picture')} more than {MAX_ASPECT:g} times as long as wide.",
            "Crop them to the garment; a square crop would lose most of it.",
            _names(collection, long),
        )
    rotated = [record.path for record in records if record.orientation != 1]
    if rotated:
        yield Finding(
            "rotated",
            "note",
            f"{_count(rotated, 'picture')} lying on the side, with a rotation in the EXIF data.",
            "Nothing to do: muslin turns them; some other programs do not.",
            _names(collection, rotated),
        )


def _duplicates(
    collection: Collection, records: list[Record], pairs: list[tuple[int, int]]
) -> Iterator[Finding]:
    by_content: dict[str, list[Path]] = {}
    for record in records:
        by_content.setdefault(record.sha256, []).append(record.path)
    exact = [_names(collection, paths) for paths in by_content.values() if len(paths) > 1]
    if exact:
        yield Finding(
            "duplicates",
            "warning",
            f"{_count(exact, 'picture')} there more than once, byte for byte.",
            "Keep one of each: a picture seen twice as often is learnt by heart.",
            groups=tuple(exact),
        )
    near = [
        _names(collection, (records[index].path for index in group))
        for group in groups(len(records), pairs)
        if len({records[index].sha256 for index in group}) > 1
    ]
    if near:
        yield Finding(
            "near-duplicates",
            "warning",
            f"{_count(near, 'group')} of pictures that show the same thing, saved again or resized.",
            "Keep the largest of each group.",
            groups=tuple(near),
        )


def _leakage(
    collection: Collection, records: list[Record], pairs: list[tuple[int, int]]
) -> Iterator[Finding]:
    if not collection.split_by_folder:
        return  # muslin's own split keeps equal content on one side
    equal: dict[str, int] = {}
    crossing = list(pairs)
    for index, record in enumerate(records):
        crossing.append((equal.setdefault(record.sha256, index), index))
        crossing.append((equal.setdefault(f"original {record.original}", index), index))
    leaks = [
        _names(collection, (records[index].path for index in group))
        for group in groups(len(records), crossing)
        if len({records[index].split for index in group}) > 1
    ]
    if leaks:
        yield Finding(
            "leakage",
            "unusable",
            f"{_count(leaks, 'picture')} on both sides of the split between train and test.",
            "Remove them from one side: scores on pictures already seen are worth nothing.",
            groups=tuple(leaks),
        )


def _masks(collection: Collection, records: list[Record], looks: list[Look]) -> Iterator[Finding]:
    bad = [
        (record.path, look.mask_problem)
        for record, look in zip(records, looks, strict=True)
        if look.mask_problem is not None
    ]
    if bad:
        first = _names(collection, [bad[0][0]])[0]
        yield Finding(
            "masks",
            "unusable",
            f"{_count(bad, 'mask')} of no use, for instance that of {first}: {bad[0][1]}.",
            "A mask is as large as its picture, white where the garment is. Draw it again or delete it.",
            _names(collection, (path for path, _ in bad)),
        )
    without = [record.path for record in records if record.mask is None and record.domain != "styles"]
    if without and len(without) < len(records) - sum(record.domain == "styles" for record in records):
        yield Finding(
            "no-mask",
            "note",
            f"{_count(without, 'picture')} without a mask, though others have one.",
            "muslin finds the garment by itself there.",
            _names(collection, without),
        )


def _colour(collection: Collection, records: list[Record], looks: list[Look]) -> Iterator[Finding]:
    alpha = [record.path for record, look in zip(records, looks, strict=True) if look.alpha]
    if alpha:
        yield Finding(
            "alpha",
            "note",
            f"{_count(alpha, 'picture')} with transparent parts.",
            "muslin takes the transparency as the mask; other parts are laid on white.",
            _names(collection, alpha),
        )
    grey = [record.path for record, look in zip(records, looks, strict=True) if look.grey]
    if grey:
        everything = len(grey) == len(records)
        yield Finding(
            "grey",
            "note" if everything else "warning",
            "All pictures are without colour."
            if everything
            else f"{_count(grey, 'picture')} without colour.",
            "A network trained on them makes grey."
            if everything
            else "Leave them out, or the look will fade.",
            _names(collection, grey),
        )


def _count(things: Any, noun: str) -> str:
    number = len(things)
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
