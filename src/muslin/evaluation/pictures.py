"""The pictures to be judged, as files: which there are, and which photo, mask and swatch each was made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muslin.data.folder import list_files
from muslin.errors import EXIT_DATA, UserError
from muslin.images import find_images, read_image
from muslin.restyle import metadata

LOSSY = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".webp"})
AHEAD = 4


@dataclass(frozen=True)
class Origin:
    """What one made picture came from, as far as is known.

    photo: the photo that was restyled.  mask: a file, 'auto', 'none' or None (the photo's alpha, else found).
    swatches: the cloths it was dressed in.
    """

    photo: Path | None = None
    mask: Path | str | None = None
    swatches: tuple[Path, ...] = ()


def pictures_in(folder: str | Path | Sequence[Path], most: int, seed: int = 0) -> list[Path]:
    """The pictures of a folder (no masks), sorted, or the files given; of more than `most` so many drawn at random.

    Raises UserError (exit code 3) when there is no such folder or no picture in it.
    """
    if isinstance(folder, (str, Path)):
        path = Path(folder).expanduser()
        found = [path] if path.is_file() else [place.path for place, _ in list_files(path)[1]]
    else:
        found = list(folder)
    if len(found) <= most:
        return found
    chosen = np.random.default_rng(seed).permutation(len(found))[:most]
    return [found[index] for index in sorted(chosen)]


def read(paths: Sequence[Path], bad: dict[int, str] | None = None) -> Iterator[np.ndarray]:
    """Their pixels, uint8 HxWx3, in order, a few read ahead.

    A file that cannot be read raises UserError, or is left out and told in `bad`, by its place.
    """
    with ThreadPoolExecutor(2) as pool:
        waiting: deque[tuple[int, Future[np.ndarray]]] = deque()
        for index, path in enumerate(paths):
            waiting.append((index, pool.submit(_pixels, path)))
            if len(waiting) > AHEAD:
                yield from _given(*waiting.popleft(), bad)
        while waiting:
            yield from _given(*waiting.popleft(), bad)


def _given(index: int, future: Future[np.ndarray], bad: dict[int, str] | None) -> Iterator[np.ndarray]:
    try:
        yield future.result()
    except UserError as error:
        if bad is None:
            raise
        bad[index] = str(error)


def _pixels(path: Path) -> np.ndarray:
    return read_image(path).pixels


def origin_of(made: Path, photos: dict[str, Path] | None, masks: dict[str, Path] | None) -> Origin:
    """Where a made picture came from: by its name in `photos` and `masks` (by_name), else by the settings inside it."""
    settings: Any = None
    try:
        settings = metadata.settings_from(read_image(made))
    except UserError:
        return Origin()
    settings = settings if isinstance(settings, dict) else {}
    photo = _named_alike(made, photos) if photos is not None else _located(settings.get("source"), made)
    mask: Path | str | None = _named_alike(photo or made, masks) if masks is not None else None
    recorded = settings.get("mask") if isinstance(settings.get("mask"), dict) else {}
    if mask is None and recorded:
        kind = recorded.get("kind")
        mask = _located(recorded, made) if kind == "file" else kind if kind in metadata.MASK_WORDS else None
    styles = settings.get("styles") if isinstance(settings.get("styles"), list) else []
    swatches = [found for style in styles if (found := _located(style, made)) is not None]
    return Origin(photo, mask, tuple(swatches))


def by_name(folder: Path) -> dict[str, Path]:
    """Pictures below a folder by their relative name and by their bare name, without suffix."""
    if not folder.is_dir():
        raise UserError(f"There is no folder '{folder}'.", exit_code=EXIT_DATA)
    found: dict[str, Path] = {}
    for path in find_images([folder]):
        found.setdefault(path.stem, path)
        found[path.relative_to(folder).with_suffix("").as_posix()] = path
    return found


def _named_alike(made: Path, among: dict[str, Path] | None) -> Path | None:
    """coat.tartan.2 -> coat.tartan.2, else coat.tartan, else coat; with its parent's name first."""
    stem = made.stem
    while among:
        for name in (f"{made.parent.name}/{stem}", stem):
            if name in among:
                return among[name]
        if "." not in stem:
            return None
        stem = stem.rpartition(".")[0]
    return None


def _located(entry: Any, made: Path) -> Path | None:
    return metadata.locate(entry, made.parent, exact=True) if isinstance(entry, dict) else None
