"""Where photos come from: folders, URIs of object stores, and shards (Parquet, WebDataset) that hold many."""

from __future__ import annotations

import os
import posixpath
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from muslin.distributed.order import Order, Task
from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
from muslin.images.formats import FORMATS

SHARDS = (".parquet", ".tar")
PICTURE_COLUMNS = ("image", "bytes", "picture", "photo", "jpg", "png", "content", "data")
NAME_COLUMNS = ("__key__", "key", "name", "file_name", "filename", "path", "id")
PARQUET_ROWS = 16  # decoded at a time: photos are large

Row = tuple[str, bytes | Exception]


def is_remote(place: str) -> bool:
    """Whether a source needs more than opening files: a URI, or a shard."""
    return "://" in place or place.lower().endswith(SHARDS)


def tasks_of(places: Sequence[str], order: Order, output: str | None) -> Iterator[Task]:
    """The tasks of URIs and shards, in order of their names.

    Results go to OUTPUT/PATH.LOOK.png, those of a shard to OUTPUT/SHARD/NAME.LOOK.png.
    Raises UserError (exit code 2) without an output, (3) for a place that is not there or holds no photo.
    """
    if output is None or output == "-" or Path(output).suffix.lower() in FORMATS:
        raise UserError(
            "Photos of URIs and shards need a folder to write to.",
            received=output, advice="Name it with -o; it may be a URI.", exit_code=EXIT_USAGE,
        )  # fmt: skip
    taken: set[str] = set()
    for place in places:
        found = 0
        for path, relative, state in _listed(place):
            shard = path.lower().endswith(SHARDS)
            relative = posixpath.splitext(relative)[0] if shard else relative
            key, count = relative, 1
            while key in taken:
                count += 1
                key = f"{relative}_{count}"
            taken.add(key)
            targets = () if shard else tuple(names(output, key, order))
            yield Task(key, path, targets, order.mask, state, "shard" if shard else "uri")
            found += 1
        if not found:
            raise UserError(
                f"There is no photo in '{place}'.", possible=[*sorted(FORMATS), *SHARDS], exit_code=EXIT_DATA
            )


def names(output: str, relative: str, order: Order) -> Iterator[str]:
    """Files to write for one photo: OUTPUT/RELATIVE with .LOOK.png for its suffix, numbered where there are several.

    relative may come from a stranger's archive: it cannot leave `output`.
    """
    parts = [part for part in relative.replace("\\", "/").split("/") if part.strip(". \0")]
    folder, name = "/".join([output.rstrip("/"), *parts[:-1]]), (parts[-1] if parts else "photo").replace("\0", "")
    stem, suffix = os.path.splitext(name)
    stem = stem if suffix.lower() in FORMATS else name
    for index in range(1, order.number + 1):
        variant = f".{index:0{len(str(order.number))}d}" if order.number > 1 else ""
        yield f"{folder}/{stem}.{order.look}{variant}.png"


def rows_of(task: Task) -> Iterator[Row]:
    """(name, bytes) of every photo of a task; an exception where one cannot be read. Runs on a worker."""
    try:
        if task.kind == "uri":
            with opened(task.place) as file:
                yield task.key, file.read()
        elif task.place.lower().endswith(".tar"):
            with opened(task.place) as file:
                yield from _tar_rows(file)
        else:
            with opened(task.place) as file:
                yield from _parquet_rows(file)
    except Exception as error:  # file systems and archives raise a hundred types; to a batch it is one bad source
        place = task.place
        reason = " ".join(str(error).split())[:160]
        yield "", UserError(f"'{place}' cannot be read.", received=reason or type(error).__name__, exit_code=EXIT_DATA)


def opened(place: str) -> Any:
    """A binary file, readable, of a path or a URI."""
    if "://" not in place:
        return open(place, "rb")
    system, path = file_system(place)
    return system.open_input_file(path)


def file_system(uri: str) -> tuple[Any, str]:
    """(pyarrow file system, path in it). Raises UserError (exit code 2) for a scheme that it does not know."""
    import pyarrow.fs

    try:
        return pyarrow.fs.FileSystem.from_uri(uri)
    except (ValueError, OSError) as error:
        raise UserError(
            "This URI cannot be opened.",
            received=f"{uri} ({' '.join(str(error).split())[:120]})",
            possible=["file://", "s3://", "gs://", "abfs://", "hdfs://"],
            exit_code=EXIT_USAGE,
        ) from error


def _listed(place: str) -> Iterator[tuple[str, str, str]]:
    """(place, its path inside the place asked for, state) of every picture and shard, sorted."""
    if "://" not in place:
        try:
            status = os.stat(place)
        except OSError as error:
            raise UserError(f"There is no file '{place}'.", exit_code=EXIT_DATA) from error
        yield place, Path(place).name, f"{status.st_size}-{status.st_mtime_ns}"
        return
    import pyarrow.fs

    system, path = file_system(place)
    scheme = place.split("://", 1)[0]
    try:
        info = system.get_file_info(path)
        if info.type == pyarrow.fs.FileType.Directory:
            found = system.get_file_info(pyarrow.fs.FileSelector(path, recursive=True))
        else:
            found, path = [info], posixpath.dirname(path)
    except OSError as error:
        raise UserError(
            f"'{place}' cannot be listed.", received=" ".join(str(error).split())[:160], exit_code=EXIT_DATA
        ) from error
    for item in sorted(found, key=lambda item: item.path):
        suffix = posixpath.splitext(item.path)[1].lower()
        relative = item.path[len(path) :].lstrip("/") if path else item.path
        hidden = any(part.startswith(".") for part in relative.split("/"))
        if item.type == pyarrow.fs.FileType.File and (suffix in FORMATS or suffix in SHARDS) and not hidden:
            yield _uri(scheme, place, item.path), relative, f"{item.size}-{item.mtime_ns}"
        elif item.type == pyarrow.fs.FileType.NotFound:
            raise UserError(f"There is nothing at '{place}'.", exit_code=EXIT_DATA)


def _uri(scheme: str, asked: str, path: str) -> str:
    """A path of the file system that `asked` opened, as a URI that opens the same file system."""
    from urllib.parse import quote

    query = f"?{asked.split('?', 1)[1]}" if "?" in asked else ""
    return f"{scheme}://{quote(path)}{query}"


def _tar_rows(file: BinaryIO) -> Iterator[Row]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            if member.isfile() and posixpath.splitext(member.name)[1].lower() in FORMATS:
                content = archive.extractfile(member)
                yield member.name, content.read() if content else b""
        # Cut between two members it looks like a smaller archive, but for the block of zeros at the end.
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise UserError("the archive has no end")


def _parquet_rows(file: Any) -> Iterator[Row]:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(file)
    columns = table.schema_arrow.names
    picture = next((name for name in PICTURE_COLUMNS if name in columns), None)
    if picture is None:
        raise UserError("There is no column of pictures.", received=columns, possible=PICTURE_COLUMNS)
    name = next((name for name in NAME_COLUMNS if name in columns), None)
    index = 0
    for batch in table.iter_batches(PARQUET_ROWS, columns=[picture, *([name] if name else [])]):
        for row in batch.to_pylist():
            found = row[picture]
            inside = found if isinstance(found, dict) else {"bytes": found}  # as Hugging Face keeps pictures
            label = row[name] if name else inside.get("path")
            yield str(label if label is not None else f"{index:08d}"), inside.get("bytes") or b""
            index += 1
