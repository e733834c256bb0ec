"""What Keras does not unify: of what trains, the only file that names tensorflow, jax or torch, with groups.py.

A training step is written once, statefully (it reads and assigns Keras variables), from `value_and_gradients`
and `scores_and_input_gradient`; `compile_step` makes it fast: `tf.function`, `jax.jit` inside a `keras.StatelessScope`,
plain eager PyTorch. `keras.ops` is everything else.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.quiet import quiet_libraries

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings are no message for a designer
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # nor that a step of batches of two sizes is drawn twice
# Its oneDNN kernels, off by default on processors without AVX-512, save small networks 8 to 30 % of a step there
# (docs/benchmarks.md, "oneDNN kernels"). Set to 0 they are off.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
if os.environ.get("KERAS_BACKEND", "tensorflow") not in ("tensorflow", "jax", "torch"):
    raise UserError(
        "muslin trains on three backends.",
        received=f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}",
        possible="tensorflow, jax, torch",
        exit_code=EXIT_USAGE,
    )
with quiet_libraries():  # that they are on is announced whatever the level; import this file before Keras
    import keras

MANY = 8_000_000  # weights: from here on an optimiser's passes over the memory are felt

Tensor = Any
Loss = Callable[[], tuple[Tensor, dict[str, Tensor]]]


def name() -> str:
    """'tensorflow', 'jax' or 'torch': what Keras runs on (environment variable KERAS_BACKEND)."""
    return str(keras.backend.backend())


def value_and_gradients(
    loss: Loss, variables: Sequence[keras.Variable]
) -> tuple[tuple[Tensor, dict[str, Tensor]], list[Tensor]]:
    """((value, logs), gradients) of `loss() -> (scalar, logs)` with respect to `variables`.

    A variable that the loss does not touch has a gradient of zeros, on each backend.
    """
    return _BACKENDS[name()].value_and_gradients(loss, variables)


def scores_and_input_gradient(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
    """(score(images), d sum(score(images)) / d images), itself differentiable: for R1, R2, gradient penalty.

    images: batch x anything. The gradient has the shape of `images`; row i is the gradient of row i's score
    as long as `score` treats each row on its own.
    """
    return _BACKENDS[name()].scores_and_input_gradient(score, images)


def compile_step(
    step: Callable[..., dict[str, Tensor]], variables: Sequence[keras.Variable]
) -> Callable[..., dict[str, Tensor]]:
    """A fast version of `step(*arrays) -> name -> tensor`, which reads and assigns `variables`.

    variables: every variable that the step reads or assigns (networks, optimizers, averages).
    The arguments are arrays, or dicts of arrays, of unchanging shapes and dtypes.
    """
    return _BACKENDS[name()].compile_step(step, variables)


def compile_part(part: Callable[..., Any]) -> Callable[..., Any]:
    """`part`, for use in several steps that are compiled apart: what can be shared of compiling it is done once.

    TensorFlow draws a graph in Python, operation by operation, for as long as a hundred small steps take.
    """
    return _BACKENDS[name()].compile_part(part)


def fuse(update: Callable[..., None], variables: Sequence[keras.Variable]) -> Callable[..., None]:
    """`update(*tensors)`, which changes `variables` number by number, in one pass over the memory.

    An optimiser written in single operations reads and writes all weights a dozen times. TensorFlow's compiler makes
    one pass of them; it takes seconds to compile, which only networks of MANY numbers are worth.
    """
    many = sum(math.prod(variable.shape) for variable in variables) >= MANY
    return _BACKENDS[name()].fuse(update) if many else update


def pure_step(step: Callable[..., dict[str, Tensor]], variables: Sequence[keras.Variable]) -> Callable[..., Any]:
    """JAX only: `(values of the variables, arguments) -> (outputs, new values)`, to be compiled in another way."""
    return _Jax.pure(step, variables)


def set_seed(seed: int) -> None:
    """Seed the initial weights of networks built from here on (Python, NumPy and the backend)."""
    keras.utils.set_random_seed(seed)


def set_determinism() -> None:
    """Ask for operations whose result depends on their input only, so that a resumed run is the same run."""
    _BACKENDS[name()].set_determinism()


def describe() -> dict[str, Any]:
    """Name, versions and thread counts: what another machine would need to repeat the numbers."""
    return {"backend": name(), "keras": keras.__version__, **_BACKENDS[name()].describe()}


def device() -> str:
    """'cpu', or the kind of accelerator that steps are computed on."""
    return str(_BACKENDS[name()].device())


class _TensorFlow:
    @staticmethod
    def device() -> str:
        import tensorflow as tf

        return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"

    @staticmethod
    def value_and_gradients(loss: Loss, variables: Sequence[keras.Variable]) -> Any:
        import tensorflow as tf

        values = [variable.value for variable in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            value, logs = loss()
        return (value, logs), tape.gradient(value, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    @staticmethod
    def scores_and_input_gradient(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
        import tensorflow as tf

        images = tf.convert_to_tensor(images)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            scores = score(images)
            total = tf.reduce_sum(scores)
        return scores, tape.gradient(total, images)

    @staticmethod
    def compile_step(step: Callable[..., Any], variables: Sequence[keras.Variable]) -> Callable[..., Any]:
        import tensorflow as tf

        # autograph would rewrite the step's plain Python; nothing in a step branches on a tensor.
        return tf.function(step, autograph=False)

    @staticmethod
    def compile_part(part: Callable[..., Any]) -> Callable[..., Any]:
        import tensorflow as tf

        return tf.function(part, autograph=False)

    @staticmethod
    def fuse(update: Callable[..., None]) -> Callable[..., None]:
        import tensorflow as tf

        return tf.function(update, autograph=False, jit_compile=True)

    @staticmethod
    def set_determinism() -> None:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()

    @staticmethod
    def describe() -> dict[str, Any]:
        import tensorflow as tf

        return {
            "tensorflow": tf.__version__,
            "onednn": os.environ["TF_ENABLE_ONEDNN_OPTS"],
            "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count(),
            "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count(),
        }


class _Jax:
    @staticmethod
    def device() -> str:
        import jax

        return str(jax.devices()[0].platform)

    # Variables of the step being traced; `value_and_gradients` must hand all of them through its inner scope.
    _live: Sequence[keras.Variable] = ()

    @classmethod
    @contextmanager
    def _alive(cls, variables: Sequence[keras.Variable]) -> Iterator[None]:
        before, cls._live = cls._live, variables
        try:
            yield
        finally:
            cls._live = before

    @classmethod
    def value_and_gradients(cls, loss: Loss, variables: Sequence[keras.Variable]) -> Any:
        import jax

        trained = {id(variable) for variable in variables}
        others = [variable for variable in cls._live if id(variable) not in trained]
        current = [(variable, variable.value) for variable in others]

        def value(values: list[Tensor]) -> Any:
            mapping = current + list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                scalar, logs = loss()
            # Assignments made inside (moving means, power iteration) leave the scope as outputs.
            return scalar, (logs, [scope.get_current_value(variable) for variable in others])

        start = [variable.value for variable in variables]
        (scalar, (logs, updated)), gradients = jax.value_and_grad(value, has_aux=True)(start)
        for variable, update in zip(others, updated, strict=True):
            variable.assign(update)
        return (scalar, logs), gradients

    @staticmethod
    def scores_and_input_gradient(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
        import jax
        import jax.numpy as jnp

        def total(inputs: Tensor) -> tuple[Tensor, Tensor]:
            scores = score(inputs)
            return jnp.sum(scores), scores

        (_, scores), gradient = jax.value_and_grad(total, has_aux=True)(jnp.asarray(images))
        return scores, gradient

    @classmethod
    def pure(cls, step: Callable[..., Any], variables: Sequence[keras.Variable]) -> Callable[..., Any]:
        def pure(values: list[Tensor], arguments: tuple[Any, ...]) -> tuple[Any, list[Tensor]]:
            with (
                keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope,
                cls._alive(variables),
            ):
                outputs = step(*arguments)
            return outputs, [scope.get_current_value(variable) for variable in variables]

        return pure

    @classmethod
    def compile_step(cls, step: Callable[..., Any], variables: Sequence[keras.Variable]) -> Callable[..., Any]:
        import jax

        pure = jax.jit(cls.pure(step, variables))

        def run(*arguments: Any) -> Any:
            outputs, values = pure([variable.value for variable in variables], arguments)
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            return outputs

        return run

    @staticmethod
    def compile_part(part: Callable[..., Any]) -> Callable[..., Any]:
        return part  # XLA sees a step as a whole

    @staticmethod
    def fuse(update: Callable[..., None]) -> Callable[..., None]:
        return update

    @staticmethod
    def set_determinism() -> None:
        """XLA on the CPU is deterministic; on an accelerator its flag must be set before it starts."""
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_gpu_deterministic_ops" not in flags:
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()

    @staticmethod
    def describe() -> dict[str, Any]:
        import jax

        return {"jax": jax.__version__, "device": jax.devices()[0].platform}


class _Torch:
    @staticmethod
    def device() -> str:
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"

    @staticmethod
    def value_and_gradients(loss: Loss, variables: Sequence[keras.Variable]) -> Any:
        import torch

        values = [variable.value for variable in variables]
        with torch.enable_grad():
            scalar, logs = loss()
            gradients = torch.autograd.grad(scalar, values, allow_unused=True)
        zeros = [
            torch.zeros_like(value) if gradient is None else gradient
            for value, gradient in zip(values, gradients, strict=True)
        ]
        detached = {key: keras.ops.stop_gradient(log) for key, log in logs.items()}
        return (scalar.detach(), detached), zeros

    @staticmethod
    def scores_and_input_gradient(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        images = keras.ops.convert_to_tensor(images)
        if not images.requires_grad:
            images = images.detach().requires_grad_(True)
        with torch.enable_grad():
            scores = score(images)
            (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
        return scores, gradient

    @staticmethod
    def compile_step(step: Callable[..., Any], variables: Sequence[keras.Variable]) -> Callable[..., Any]:
        import torch

        def on_device(argument: Any) -> Any:
            if isinstance(argument, dict):
                return {key: on_device(value) for key, value in argument.items()}
            return keras.ops.convert_to_tensor(np.asarray(argument))

        def run(*arguments: Any) -> Any:
            with torch.no_grad():  # gradients only where `value_and_gradients` asks for them
                return step(*[on_device(argument) for argument in arguments])

        return run

    @staticmethod
    def compile_part(part: Callable[..., Any]) -> Callable[..., Any]:
        return part

    @staticmethod
    def fuse(update: Callable[..., None]) -> Callable[..., None]:
        return update

    @staticmethod
    def set_determinism() -> None:
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False

    @staticmethod
    def describe() -> dict[str, Any]:
        import torch

        return {"torch": torch.__version__, "threads": torch.get_num_threads()}


_BACKENDS: dict[str, Any] = {"tensorflow": _TensorFlow, "jax": _Jax, "torch": _Torch}
