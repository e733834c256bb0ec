"""Half the bits where the work is: convolutions and products of a training step in bfloat16, all else in float32.

bfloat16 has float32's range and three decimal digits, so no loss needs scaling (Kalamkar et al. 2019). Weights,
optimisers, averages, normalisations and losses stay float32 (Micikevicius et al. 2018, section 3.1), and so does the
finished network. It pays where a processor multiplies bfloat16 by itself, as CPUs with AVX512-BF16 do; where none does
it is slower than float32 (docs/benchmarks.md, "Precision").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import keras

from muslin.errors import EXIT_USAGE, UserError
from muslin.networks.convolutions import NarrowConv2D, UpConv2D
from muslin.networks.winograd import WinogradConv2D

PRECISIONS = ("float32", "bfloat16")
# By their very class: one that divides its kernel by what it measures of it (SpectralConv2D) measures in float32.
LOWERED = (
    keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dense, NarrowConv2D, UpConv2D, WinogradConv2D
)  # fmt: skip


def check(precision: str) -> None:
    """Raises UserError for a name that is none of PRECISIONS."""
    if precision not in PRECISIONS:
        raise UserError(
            "There is no such precision.", received=repr(precision), possible=list(PRECISIONS), exit_code=EXIT_USAGE
        )


@contextmanager
def lowered(networks: Iterable[keras.Model], precision: str) -> Iterator[None]:
    """Inside the block the networks' convolutions and products compute in `precision` and return float32.

    Only what is called (or compiled) inside is changed. A network's last layers keep float32: their numbers are its
    answer.
    """
    if precision == "float32":
        yield
        return
    layers = list({id(layer): layer for network in networks for layer in _arithmetic(network)}.values())
    policies = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = keras.DTypePolicy(f"mixed_{precision}")
            layer.call = _in_float32(layer.call)
        yield
    finally:
        for layer, policy in zip(layers, policies, strict=True):
            layer.dtype_policy = policy
            del layer.call  # the class's own again


def warning(precision: str, device: str, flags: str | None = None) -> str:
    """What to say before a run in `precision` on `device` ("cpu" or another), '' where nothing is known against it.

    flags: of the processor, as Linux lists them; None: read there.
    """
    if precision == "float32" or device != "cpu":
        return ""
    if flags is None:
        with suppress(OSError):
            flags = Path("/proc/cpuinfo").read_text()
    if not flags or "avx512_bf16" in flags or "amx_bf16" in flags:
        return ""
    return "This processor does not multiply bfloat16 by itself: training is likely to be faster in float32."


def _in_float32(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: keras.ops.cast(call(*args, **options), "float32")


def _arithmetic(network: keras.Model) -> list[Any]:
    """The layers whose work is multiplications, those of networks within networks too, but for the last ones."""
    last = {id(tensor._keras_history.operation) for tensor in network.outputs} if hasattr(network, "outputs") else set()
    found: list[Any] = []
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            found += _arithmetic(layer)
        elif type(layer) in LOWERED and id(layer) not in last:
            found.append(layer)
    return found
