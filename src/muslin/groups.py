"""Workers that train together: each step is taken by all of them, each with its rows of one batch.

Two ways, by backend. JAX compiles one program over the devices of all workers: a loss sees the whole batch, whatever it
does with its rows. TensorFlow and PyTorch compute the loss of the worker's own rows, and gradients are averaged: the
same as the gradient of the whole batch where the loss is a mean over rows (Recipe.separable).

Of what trains, beside backend.py the only file that names a framework: collectives are what Keras has for none of the
three alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from muslin import backend

Tensor = Any
Step = Callable[..., Any]


@dataclass(frozen=True)
class Group:
    """One worker's place among those that train together; one alone is a group of one.

    rank: of this worker; 0 is the chief, who alone writes files and takes scores.
    decide: the chief's value of a thing, on each worker; all must ask at the same place.
    """

    rank: int = 0
    size: int = 1
    decide: Callable[[Any], Any] = lambda value: value

    @property
    def is_chief(self) -> bool:
        return self.rank == 0


_group = Group()


def current() -> Group:
    """The group this process belongs to."""
    return _group


def join(group: Group, address: str = "") -> None:
    """Become one of a group, before anything is computed: steps compiled from then on are taken by all members.

    address: HOST:PORT on which the chief is to be met (TensorFlow: all addresses are in the environment's TF_CONFIG).
    """
    global _group
    if group.size > 1:
        _BACKENDS[backend.name()].join(group, address)
    _group = group


def sees_whole_batch() -> bool:
    """Whether the losses of a step see the rows of all workers, not only those of their own."""
    return _group.size == 1 or backend.name() == "jax"


def share(batch: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of a batch this worker hands to a compiled step: its own rows of each array, all of plain numbers.

    A batch of fewer rows than can be shared evenly (a recipe may make smaller ones) goes to each worker whole.
    """
    rows = max((len(value) for value in batch.values() if np.ndim(value)), default=0)
    return batch if _group.size == 1 or rows % _group.size else _BACKENDS[backend.name()].share(batch, rows)


def average(tensors: list[Tensor]) -> list[Tensor]:
    """Inside a compiled step: the mean of each float32 tensor over the workers, the same bits on each of them."""
    return tensors if sees_whole_batch() else _BACKENDS[backend.name()].average(tensors)


def compile_step(step: Step, variables: Sequence[Any]) -> Step:
    """backend.compile_step of a step that all workers take together, each as often as the others.

    The variables have the same values on each worker before and after it, and so have the outputs.
    """
    if _group.size == 1:
        return backend.compile_step(step, variables)
    return _BACKENDS[backend.name()].compile_step(step, variables)


def _own_rows(batch: Mapping[str, Any], rows: int) -> dict[str, Any]:
    mine = slice(_group.rank * rows // _group.size, (_group.rank + 1) * rows // _group.size)
    return {key: value[mine] if np.ndim(value) and len(value) == rows else value for key, value in batch.items()}


class _TensorFlow:
    _strategy: Any = None
    share = staticmethod(_own_rows)
    compile_step = staticmethod(backend.compile_step)

    @classmethod
    def join(cls, group: Group, address: str) -> None:
        import tensorflow as tf

        # For the averages alone. Variables are made outside its scope and each worker owns all of them: what a strategy
        # does to variables, Keras 3 does not know.
        cls._strategy = tf.distribute.MultiWorkerMirroredStrategy()

    @classmethod
    def average(cls, tensors: list[Tensor]) -> list[Tensor]:
        import tensorflow as tf

        def mean_of_all(own: Tensor) -> Tensor:
            here = tf.identity(own)  # a tensor made in here has a device, which the reduction asks for
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, here)

        # One vector: many small messages cost more than one large one.
        flat = tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)
        mean = cls._strategy.run(mean_of_all, args=(flat,))
        parts = tf.split(mean, [int(np.prod(tensor.shape)) for tensor in tensors])
        return [tf.reshape(part, tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


class _Jax:
    _rows: Any = None  # how an array lies on the group's devices: a share of its rows on each
    _whole: Any = None  # all of it on each

    @classmethod
    def join(cls, group: Group, address: str) -> None:
        import jax
        from jax.sharding import Mesh, NamedSharding, PartitionSpec

        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(address, group.size, group.rank)
        mesh = Mesh(np.array(jax.devices()), ("rows",))
        cls._rows, cls._whole = NamedSharding(mesh, PartitionSpec("rows")), NamedSharding(mesh, PartitionSpec())

    @classmethod
    def share(cls, batch: Mapping[str, Any], rows: int) -> dict[str, Any]:
        return {key: cls._on_group(value, np.ndim(value) > 0 and len(value) == rows) for key, value in batch.items()}

    @classmethod
    def _on_group(cls, value: Any, by_rows: bool = False) -> Any:
        import jax

        if isinstance(value, dict):
            return {key: cls._on_group(item) for key, item in value.items()}
        if isinstance(value, jax.Array):  # a variable's, here; or on the group already
            if len(value.sharding.device_set) > 1:
                return value
            return jax.make_array_from_single_device_arrays(value.shape, cls._whole, [value])
        array = np.asarray(value)
        sharding = cls._rows if by_rows else cls._whole
        return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])

    @classmethod
    def compile_step(cls, step: Step, variables: Sequence[Any]) -> Step:
        import jax

        compiled = jax.jit(backend.pure_step(step, variables), out_shardings=cls._whole)

        def run(*arguments: Any) -> Any:
            values = [cls._on_group(variable.value) for variable in variables]
            outputs, values = compiled(values, tuple(cls._on_group(argument) for argument in arguments))
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.addressable_data(0))
            return {key: value.addressable_data(0) for key, value in outputs.items()}

        return run


class _Torch:
    share = staticmethod(_own_rows)
    compile_step = staticmethod(backend.compile_step)

    @staticmethod
    def join(group: Group, address: str) -> None:
        import torch.distributed

        kind = "nccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(kind, f"tcp://{address}", rank=group.rank, world_size=group.size)

    @staticmethod
    def average(tensors: list[Tensor]) -> list[Tensor]:
        import torch.distributed

        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        torch.distributed.all_reduce(flat)
        parts = (flat / _group.size).split([tensor.numel() for tensor in tensors])
        return [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


_BACKENDS: dict[str, Any] = {"tensorflow": _TensorFlow, "jax": _Jax, "torch": _Torch}
