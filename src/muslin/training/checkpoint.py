"""State of a run on disk: written atomically, read back bit for bit."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from muslin.errors import EXIT_DATA, UserError

STATE = "state.npz"
CONFIG = "config.json"


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside `path`, flush to the disk, rename: a reader sees the old file or the new, never a part."""
    temporary = path.with_name(f".{path.name}.partial")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    if os.name == "posix":  # the rename itself must survive a power cut
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def save_state(
    run: Path, groups: Mapping[str, list[Any]], images_seen: int, logs: Sequence[Mapping[str, float]] = ()
) -> None:
    """groups: name -> Keras variables, in their fixed order. logs: of the steps since the last record of the log.

    Replaces run/state.npz.
    """
    arrays = {f"{name}/{index}": value for name, values in to_arrays(groups).items()
              for index, value in enumerate(values)}  # fmt: skip
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps([dict(log) for log in logs]).encode(), np.uint8)
    np.savez(buffer, images_seen=np.int64(images_seen), logs=text, **arrays)  # type: ignore[arg-type]
    write_atomically(run / STATE, buffer.getvalue())


def load_state(run: Path, groups: Mapping[str, list[Any]]) -> int | None:
    """Assign run/state.npz to the variables of `groups` and return images_seen; None where there is no state.

    Raises UserError where the state belongs to other networks or optimizers.
    """
    path = run / STATE
    if not path.exists():
        return None
    with _readable(path) as stored:
        arrays = {key: stored[key] for key in stored.files if key != "logs"}
        images_seen = int(arrays.pop("images_seen"))
    variables = {f"{name}/{index}": variable for name, values in groups.items()
                 for index, variable in enumerate(values)}  # fmt: skip
    shapes = {key: tuple(value.shape) for key, value in variables.items()}
    if shapes != {key: value.shape for key, value in arrays.items()}:
        raise UserError(
            f"The saved state '{path}' was made by other networks or optimizers than the ones asked for.",
            advice="Repeat the first command exactly, or train into another folder.",
        )
    for key, variable in variables.items():
        variable.assign(arrays[key])
    return images_seen


def load_logs(run: Path) -> list[dict[str, float]]:
    """The logs that were saved with the state: of steps that no record of the log has yet."""
    path = run / STATE
    if not path.exists():
        return []
    with _readable(path) as stored:
        logs = json.loads(stored["logs"].tobytes()) if "logs" in stored.files else []
        return [{str(key): float(value) for key, value in log.items()} for log in logs]


@contextmanager
def _readable(path: Path) -> Iterator[Any]:
    """The arrays of a state; whatever is wrong with them while they are read is a UserError."""
    try:
        with np.load(path) as stored:
            yield stored
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zlib.error, zipfile.BadZipFile
    ) as error:  # fmt: skip
        raise UserError(
            f"The saved state '{path}' cannot be read ({error}).",
            advice="Delete the run's folder, or train into another one.",
            exit_code=EXIT_DATA,
        ) from error


def to_arrays(groups: Mapping[str, list[Any]]) -> dict[str, list[np.ndarray]]:
    import keras

    return {name: [keras.ops.convert_to_numpy(variable.value) for variable in values]
            for name, values in groups.items()}  # fmt: skip


def all_finite(groups: Mapping[str, list[Any]]) -> bool:
    return all(
        bool(np.isfinite(value).all())
        for values in to_arrays(groups).values()
        for value in values
        if value.dtype.kind == "f"
    )


def read_config(run: Path) -> dict[str, Any] | None:
    """What the run was started with; None where there is no run. Raises UserError for a damaged one."""
    path = run / CONFIG
    if not path.exists():
        return None
    try:
        config = json.loads(path.read_text("utf-8"))
        if not (isinstance(config["recipe"], str) and isinstance(config["settings"], dict)):
            raise ValueError("it names no recipe")
        return config
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"The run's description '{path}' cannot be read ({' '.join(str(error).split())[:120]}).",
            advice="Train into another folder.",
            exit_code=EXIT_DATA,
        ) from error


def write_config(run: Path, config: Mapping[str, Any]) -> None:
    write_atomically(run / CONFIG, (json.dumps(config, indent=2, default=str) + "\n").encode())


def keep_log_until(path: Path, images_seen: int) -> list[dict[str, Any]]:
    """Drop a log's records beyond `images_seen`, which will be made again; return the rest."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text("utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:  # the line that was being written when the run was killed
            break
        if record.get("images_seen", 0) > images_seen:
            break
        records.append(record)
    write_atomically(path, "".join(json.dumps(record) + "\n" for record in records).encode())
    return records
