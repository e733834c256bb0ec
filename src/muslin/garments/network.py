"""A finished network: an ONNX file and a session that is opened at the first use."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from muslin.errors import EXIT_MODEL, UserError

_BEGUN: dict[tuple[Path, int | None], Future[Any]] = {}


def begin(path: Path, threads: int | None = None) -> None:
    """Open a file before its Network is there: while Python imports what else is needed. The Network takes it over."""
    _BEGUN[path, threads] = begun(Network(path, threads)._opened)


def begun(work: Callable[[], Any]) -> Future[Any]:
    """The result of `work`, which a thread does."""
    result: Future[Any] = Future()

    def do() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    # Not a daemon: a session that is half open when the interpreter ends would end the process by a signal.
    Thread(target=do).start()
    return result


class Network:
    """Runs an ONNX file with ONNX Runtime. Arrays in by input name, arrays out by output name, NHWC float32."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        """threads: of one operator; None: one for each core this process may use."""
        self.path = Path(path)
        self.threads = threads
        self._opening: Future[Any] | None = None

    def open_soon(self) -> None:
        """Begin to open the session in a thread; what goes wrong is raised where the session is used."""
        self._opening = _BEGUN.pop((self.path, self.threads), None) or begun(self._opened)

    @cached_property
    def session(self) -> Any:
        return self._opened() if self._opening is None else self._opening.result()

    def _opened(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = (
            self.threads or len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else (self.threads or os.cpu_count() or 1)
        )
        # Threads that spin while they wait take a core from whoever has work: two networks open while Python imports.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The arena keeps the largest activations for ever; photos are rare next to what a laptop has else to do.
        options.enable_cpu_mem_arena = False
        try:
            return onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exceptions share no base class
            if self.path.suffix != ".onnx":
                raise UserError(
                    "muslin runs ONNX files; this model was written for another program.",
                    received=self.path.name,
                    advice="Name the model that it was exported from.",
                    exit_code=EXIT_MODEL,
                ) from error
            raise UserError(
                f"The network '{self.path}' cannot be loaded ({type(error).__name__}).",
                advice="Install muslin again, or export the model again from its training run.",
                exit_code=EXIT_MODEL,
            ) from error

    @property
    def inputs(self) -> list[str]:
        return [item.name for item in self.session.get_inputs()]

    @property
    def outputs(self) -> list[str]:
        return [item.name for item in self.session.get_outputs()]

    def __call__(self, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Raises UserError (exit code 4) where the network takes other inputs, and for an output that it has not."""
        try:
            return _Outputs(zip(self.outputs, self.session.run(None, arrays), strict=True))
        except UserError:
            raise
        except Exception as error:  # onnxruntime's own exceptions share no base class
            reason = " ".join(str(error).split())[:160]
            raise misfit(f"the network '{self.path.name}' does not run on its inputs ({reason})") from error


class _Outputs(dict[str, np.ndarray]):
    def __missing__(self, name: str) -> np.ndarray:
        raise misfit(f"it has no output '{name}', only {', '.join(self) or 'none'}")


def fits(name: str, array: np.ndarray, *shape: int | None) -> np.ndarray:
    """The output of a network, if it has that shape (None: any length) and finite numbers.

    Raises UserError (exit code 4): networks come from files, and what follows counts on shapes.
    """
    wanted = len(shape) == array.ndim and all(
        side in (None, found) for side, found in zip(shape, array.shape, strict=True)
    )
    if not wanted or array.dtype.kind != "f":
        words = "x".join("?" if side is None else str(side) for side in shape)
        raise misfit(f"its output '{name}' is {array.dtype} {'x'.join(map(str, array.shape))}, not {words}")
    if not np.isfinite(array).all():
        raise misfit(f"its output '{name}' holds numbers that are not finite")
    return array


def misfit(what: str) -> UserError:
    return UserError(
        f"The model does not fit: {what}.",
        advice="Use the model that belongs to this command, or export it again from its training run.",
        exit_code=EXIT_MODEL,
    )
