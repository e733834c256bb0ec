"""From the words of a command line to a list of work: which photo, which mask, which files to write."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
from muslin.folders import walk

MASKS = ("auto", "upper", "lower", "none")  # of metadata.MASK_WORDS, not imported just to read a command line
LONGEST_NAME = 255  # bytes of a file name, on all common file systems
# images.FORMATS, which is not imported here: the help must not wait for NumPy
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff")
# Pictures that muslin does not read: in a folder they are named as failed rather than left out without a word.
ELSEWHERE = (".bmp", ".gif", ".heic", ".heif", ".avif", ".jp2", ".psd")
NOT_WRITTEN = (".gif", ".bmp", ".avif", ".heic", ".heif", ".jp2", ".jxl", ".pdf", ".psd", ".svg")  # no folder is meant


@dataclass(frozen=True)
class Job:
    """One photo and the files to make from it. '-' stands for standard input or output."""

    source: str
    targets: tuple[str, ...]
    mask: str | Path | None  # 'auto', 'none', a file, or None: the photo's alpha if it has one, else auto

    @property
    def name(self) -> str:
        return "standard input" if self.source == "-" else Path(self.source).name


def parse_style(text: str) -> tuple[Path, float]:
    """'tartan.png:0.7' -> (tartan.png, 0.7); 'tartan.png' -> (tartan.png, 1.0).

    A file of the whole name wins, and only a number is a weight, so that 'C:\\cloth.png' and 'look:2.png'
    are files. Raises UserError (usage) for a weight that is not positive, (bad data) for a file that is not
    there.
    """
    path, separator, tail = text.rpartition(":")
    if separator and path and not _exists(Path(text)):
        try:
            weight = float(tail)
        except ValueError:
            pass
        else:
            if not (math.isfinite(weight) and weight > 0):
                raise UserError(
                    f"The weight of a style is a positive number, as in {path}:0.5.",
                    received=tail,
                    exit_code=EXIT_USAGE,
                )
            return existing(path), weight
    return existing(text), 1.0


def parse_mix(text: str) -> dict[str, float]:
    """'stripes=0.6,floral_print=0.4' -> weights; a look alone weighs 1. Raises UserError (usage) for anything else."""
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, separator, number = (piece.strip() for piece in part.partition("="))
        try:
            weight = float(number) if separator else 1.0
        except ValueError:
            weight = math.nan
        if not name or not (math.isfinite(weight) and weight > 0):
            raise UserError(
                "A mix is looks with weights above 0.",
                received=part.strip() or text,
                advice="As in --look-mix stripes=0.6,denim=0.4",
                exit_code=EXIT_USAGE,
            )
        weights[name] = weight
    return weights


def parse_offset(text: str) -> tuple[float, float]:
    """'0.5,0.25' -> (0.5, 0.25). Raises UserError (usage) for anything but two numbers."""
    try:
        across, down = (float(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            "The offset of a print is two numbers.", received=text, advice="As in --offset 0.5,0", exit_code=EXIT_USAGE
        ) from None
    if not (math.isfinite(across) and math.isfinite(down)):
        raise UserError("The offset of a print is two finite numbers.", received=text, exit_code=EXIT_USAGE)
    return across, down


def plan(photos: Sequence[str], output: str | None, look: str, number: int, mask: str | None = None) -> list[Job]:
    """The jobs of a command line. `number`: variants of each photo.

    output: None = beside each photo, or for a folder PHOTOS the folder PHOTOS.LOOK; a file name (one photo,
    one variant); a folder; '-'. Two photos never get the same target.
    Raises UserError when there is nothing to do or the output cannot be meant so.
    """
    sources = list(_expand(photos))
    if not sources:
        raise UserError(
            "There is no photo in that folder." if len(photos) == 1 else "There is no photo in these folders.",
            possible=[suffix[1:] for suffix in SUFFIXES],
            exit_code=EXIT_DATA,
        )
    if output is not None and Path(output).suffix.lower() in NOT_WRITTEN and not Path(output).is_dir():
        raise UserError(
            f"'{Path(output).suffix}' is no format that muslin writes.",
            received=output,
            possible=[suffix[1:] for suffix in SUFFIXES],
            exit_code=EXIT_USAGE,
        )
    one_result = len(sources) == 1 and number == 1
    if output == "-" or (output is None and sources[0][0] == "-"):
        if not one_result:
            raise UserError("Standard output (-) takes one result only.", exit_code=EXIT_USAGE)
        return [Job(sources[0][0], ("-",), _mask_for(mask, Path(sources[0][0]).name))]
    if output is not None and is_file_name(output):
        if not one_result:
            raise UserError(
                f"'{output}' is one file, but there are {len(sources) * number} results to write.",
                advice="Give a folder with -o.",
                exit_code=EXIT_USAGE,
            )
        return [Job(sources[0][0], (output,), _mask_for(mask, Path(sources[0][0]).name))]
    return _distinct(
        [
            Job(
                source,
                tuple(_targets(source, folder, relative, output, look, number)),
                _mask_for(mask, relative),
            )
            for source, folder, relative in sources
        ]
    )


def _expand(photos: Sequence[str]) -> Iterator[tuple[str, Path | None, str]]:
    """(source, the folder it was found in or None, its path inside that folder or its name)."""
    for photo in photos:
        path = Path(photo)
        if photo == "-" or not path.is_dir():
            yield photo, None, path.name
            continue
        for folder, _, names in walk(path):
            for name in names:
                if Path(name).suffix.lower() in SUFFIXES + ELSEWHERE and not name.startswith("."):
                    found = folder / name
                    if _is_result(found):
                        continue
                    yield str(found), path, str(found.relative_to(path))


def _is_result(path: Path) -> bool:
    """Whether muslin made this file: a folder that is restyled a second time must not restyle its own
    results.
    """
    from muslin.images import is_contact_sheet

    if is_contact_sheet(path.name):
        return True
    if path.name.count(".") < 2 or path.suffix.lower() != ".png":
        return False
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for whoever writes into it
            return False
        with open(path, "rb") as file:
            return b"iTXtmuslin\0" in file.read(65_536)
    except OSError:
        return False


def _targets(
    source: str, folder: Path | None, relative: str, output: str | None, look: str, number: int
) -> Iterator[str]:
    if source == "-":
        base = Path(output or ".") / "photo"
    elif output is not None:
        base = Path(output) / relative
    elif folder is not None:
        base = folder.resolve().parent / f"{folder.resolve().name}.{look}" / relative
        base = Path(os.path.relpath(base)) if not folder.is_absolute() else base
    else:
        base = Path(source)
    for index in range(1, number + 1):
        variant = f".{index:0{len(str(number))}d}" if number > 1 else ""
        yield str(base.with_name(_fitting(base.stem, f".{look}{variant}.png")))


def _fitting(stem: str, ending: str) -> str:
    """stem + ending, the stem shortened where file systems would not take the whole (255 bytes)."""
    room = LONGEST_NAME - len(os.fsencode(ending))
    while len(os.fsencode(stem)) > room and len(stem) > 1:
        stem = stem[:-1]
    return stem + ending


def _distinct(jobs: list[Job]) -> list[Job]:
    """a.jpg and a.png of one folder would write the same file: the later one keeps its suffix in its name."""
    taken: set[str] = set()
    distinct = []
    for job in jobs:
        if any(target in taken for target in job.targets):
            source = Path(job.source)
            mark = f"{source.stem}_{source.suffix[1:]}"
            job = Job(
                job.source,
                tuple(
                    str(Path(target).with_name(Path(target).name.replace(source.stem, mark, 1)))
                    for target in job.targets
                ),
                job.mask,
            )
        while any(target in taken for target in job.targets):
            job = Job(job.source, tuple(f"{target[:-4]}_.png" for target in job.targets), job.mask)
        taken.update(job.targets)
        distinct.append(job)
    return distinct


def _mask_for(mask: str | None, relative: str) -> str | Path | None:
    """The mask of one photo: the word, the file, or in a folder of masks the one of its name (or found if none)."""
    if mask is None or mask in MASKS:
        return mask
    path = Path(mask)
    if not path.is_dir():
        return existing(mask, "mask", f"Give a file, or one of: {', '.join(MASKS)}.")
    inside = path / relative
    for candidate in [inside.with_suffix(suffix) for suffix in SUFFIXES] + [
        path / f"{Path(relative).stem}{suffix}" for suffix in SUFFIXES
    ]:
        if candidate.is_file():
            return candidate
    return None


def existing(
    name: str, what: str = "swatch", advice: str = "A style is a picture of cloth, as in --style cloth.jpg."
) -> Path:
    """The path of a file that is there. Raises UserError (bad data) for another."""
    path = Path(name)
    if _exists(path):
        return path
    raise UserError(f"There is no {what} '{name}'.", advice=advice, exit_code=EXIT_DATA)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_file_name(output: str) -> bool:
    return Path(output).suffix.lower() in SUFFIXES and not Path(output).is_dir() and not output.endswith(("/", os.sep))
