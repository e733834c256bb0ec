"""What the engine knows of a recipe: networks, phases and a stream of batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from muslin.recipes.ranges import COUNT, Range, Ranges, check

Batch = dict[str, Any]
"""Name -> array, first axis the batch. It also carries every random draw of a step (latents, augmentation),
so that no random operation runs inside a compiled step: the same numbers on each backend, and resuming is
arithmetic."""


class Stream(Protocol):
    """Batches as a pure function of (the stream's own seed, images_seen).

    A stream may have an attribute `sentence`: what it took of the data, in words, said before training begins.
    """

    def batch(self, images_seen: int) -> Batch: ...


@dataclass(frozen=True)
class Phase:
    """One optimiser step on some of the networks, for instance the discriminator's half of the game.

    loss: batch -> (scalar to minimise, logs: name -> scalar). Straight-line, without side effects.
    every: run on each `every`-th step only (lazy regularisation, StyleGAN2, section B).
    hands_on: logs that are no figures but, for instance, pictures: the later phases of the step find them in their
        batch, without a gradient, and need not make them again.
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Batch], tuple[Any, dict[str, Any]]]
    optimizer: Any
    every: int = 1
    hands_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe(ABC):
    """A published method. Fields are its configuration; everything is built in `__post_init__`.

    Subclasses fill `networks` (name -> keras.Model) and `phases` in `__post_init__`, and put into `state` every
    other Keras variable that a step reads and assigns (a probability of augmentation, a power iteration's vector
    that no network owns): compiled steps see no other variables, and the state of a run is what these lists hold.
    """

    seed: int = 0  # of the initial weights and of every draw
    batch_size: int = 16  # images a step
    precision: str = "float32"  # of convolutions and products in training; bfloat16: faster where the processor has it

    networks: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)
    phases: list[Phase] = field(init=False, repr=False, compare=False, default_factory=list)
    state: list[Any] = field(init=False, repr=False, compare=False, default_factory=list)  # keras.Variables

    name: ClassVar[str] = "recipe"
    ranges: ClassVar[Ranges] = {"seed": Range(high=2**32 - 1, step=1), "batch_size": COUNT}  # of this class's options
    summary: ClassVar[str] = ""  # one line for `muslin train --help`
    use: ClassVar[str] = ""  # the command that uses a finished model, {model}
    sizes: ClassVar[tuple[int, ...]] = ()  # px, smallest first: what `--minutes` chooses `size` from
    enough_images: ClassVar[int] = 20_000  # fewer give nothing worth looking at
    default_images: ClassVar[int] = 60_000  # length of a run without --minutes and --images
    exported: ClassVar[tuple[str, ...]] = ("generator",)  # networks that a finished model ships
    keeps_best: ClassVar[bool] = True  # take an earlier network whose KID is surely better; False: always the last
    checked_sizes: ClassVar[tuple[int, int]] = (64, 96)  # of free axes, on which an exported network is compared
    half_life_images: ClassVar[Mapping[str, float]] = {"generator": 2_000}  # EMA: network -> half life in images

    def __post_init__(self) -> None:
        """Check the options. Raises UserError for one outside its range."""
        check(self)

    @abstractmethod
    def stream(self, data: Any, seed: int) -> Stream:
        """Batches from `data` (a folder, arrays or None for the embedded collection)."""

    @abstractmethod
    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """A contact sheet of what `networks` (EMA weights) make now. uint8 HxWx3."""

    def card(self, stream: Stream) -> dict[str, Any]:
        """More entries of the model's card, for whoever runs the model: "size", "latent_size", "looks", "domains"...

        Plain JSON types; called once, when training has ended.
        """
        return {}

    def write_files(self, stream: Stream, folder: Path) -> None:
        """Write what the finished model needs beside its networks into `folder`, called before these are exported."""
        return None

    def checked_inputs(self, network: str, size: int) -> dict[str, tuple[int | None, ...]]:
        """Input -> axes on which the export of `network` is compared, the batch first (None).

        Empty where every free axis can take `size`, one of checked_sizes.
        """
        return {}

    def evaluation(
        self, networks: Mapping[str, Any], stream: Stream, count: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """(made, real) to be compared during training, each uint8 N,H,W,3 with N about `count`; None: no such thing.

        made: what `networks` (EMA weights) make, the same latents or sources at each call. real: what it should look
        like, of the training side. A function of its arguments alone.
        """
        return None

    @property
    def separable(self) -> bool:
        """Whether each loss is a mean over the batch's rows, so that workers may take rows apart and average gradients.

        False for statistics or sums over the whole batch, and for a `state` that a step makes from it.
        """
        return False

    def learning_rate_factor(self, progress: float) -> float:
        """Factor on each optimiser's learning rate at `progress` in [0, 1] of the run."""
        return 1.0
