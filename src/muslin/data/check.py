"""Look at a folder of pictures before training on it, and say in words what is wrong and what to do."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muslin.data.folder import Collection, Record, groups, scan
from muslin.data.likeness import Look, look_at, near_pairs
from muslin.data.pairs import DRAWINGS

MIN_SIDE = 128  # pixels; below this a garment has no detail left to learn from
MAX_ASPECT = 3.0
FEW = 20
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
    labels: dict[str, int]  # of photos and swatches; drawings of photos are counted in `images` alone
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
    drawings = _drawings(collection, records, seen)
    findings = [
        *_unreadable(collection, looks),
        *_amount(records),
        *_sizes(collection, records, min_side),
        *_duplicates(collection, records, pairs),
        *_leakage(collection, records, pairs),
        *_masks(collection, records, seen),
        *_colour(collection, records, seen, drawings),
    ]
    by_area = sorted(records, key=lambda record: record.width * record.height)
    picks = {"smallest": 0, "median": len(by_area) // 2, "largest": -1} if by_area else {}
    return Report(
        directory=str(collection.root),
        layout=collection.layout,
        images=len(records),
        masks=sum(record.mask is not None for record in records),
        splits=dict(Counter(record.split for record in records)),
        labels=dict(
            sorted(Counter(record.label for record in records if record.label and record.path not in drawings).items())
        ),
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


def _drawings(collection: Collection, records: list[Record], looks: list[Look]) -> set[Path]:
    """The pictures that are drawings of others: a folder of that name beside garments, or a side of pairs on which
    nothing has a colour. `pix2pix` learns from them.
    """
    if collection.layout == "collection":
        return {record.path for record in records if (record.domain or "").lower() in DRAWINGS}
    found: set[Path] = set()
    if collection.layout == "paired":
        for side in ("A", "B"):
            grey = {
                record.path: look.grey for record, look in zip(records, looks, strict=True) if record.domain == side
            }
            found |= set(grey) if all(grey.values()) else set()
    return found


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


def _amount(records: list[Record]) -> Iterator[Finding]:
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


def _duplicates(collection: Collection, records: list[Record], pairs: list[tuple[int, int]]) -> Iterator[Finding]:
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
            f"{_count(near, 'group')} of pictures that show the same thing, saved again, resized or cropped a little.",
            "Keep the largest of each group.",
            groups=tuple(near),
        )


def _leakage(collection: Collection, records: list[Record], pairs: list[tuple[int, int]]) -> Iterator[Finding]:
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


def _colour(collection: Collection, records: list[Record], looks: list[Look], drawings: set[Path]) -> Iterator[Finding]:
    alpha = [record.path for record, look in zip(records, looks, strict=True) if look.alpha]
    if alpha:
        yield Finding(
            "alpha",
            "note",
            f"{_count(alpha, 'picture')} with transparent parts.",
            "muslin takes the transparency as the mask; other parts are laid on white.",
            _names(collection, alpha),
        )
    if drawings:
        yield Finding(
            "drawings",
            "note",
            f"{_count(drawings, 'drawing')} of pictures beside them.",
            "pix2pix learns from these pairs; other recipes leave drawings out.",
            _names(collection, sorted(drawings)),
        )
    others = [
        (record.path, look.grey) for record, look in zip(records, looks, strict=True) if record.path not in drawings
    ]
    grey = [path for path, without in others if without]
    if grey:
        everything = len(grey) == len(others)
        yield Finding(
            "grey",
            "note" if everything else "warning",
            "All pictures are without colour." if everything else f"{_count(grey, 'picture')} without colour.",
            "A network trained on them makes grey." if everything else "Leave them out, or the look will fade.",
            _names(collection, grey),
        )


def _count(things: Any, noun: str) -> str:
    number = len(things)
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
