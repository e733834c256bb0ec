"""What adversarial recipes choose freely: loss, regularisers, augmentation, optimiser, schedule.

A recipe derives from `Game`, calls its `__post_init__` first, and gets both sides of the game as two calls. `judge`
is images -> logits, one an image or one a patch; what else a discriminator needs (a domain, a source) the recipe
binds to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import augment, backend, groups, losses, regularizers
from muslin.errors import EXIT_USAGE, UserError
from muslin.optim import Muon, cosine, flat_then_linear
from muslin.recipes.base import Batch, Recipe
from muslin.recipes.ranges import COUNT, MEMORY, POSITIVE, WEIGHT, Ranges

Tensor = Any
Judge = Callable[[Tensor], Tensor]

AUGMENTATIONS = ("none", "fixed", "adaptive")
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": cosine,
    "linear": flat_then_linear,
}
OPTIMIZERS: dict[str, Callable[[float, float, float], keras.Optimizer]] = {
    "adam": lambda rate, b1, b2: keras.optimizers.Adam(rate, beta_1=b1, beta_2=b2),
    "adamw": lambda rate, b1, b2: keras.optimizers.AdamW(rate, beta_1=b1, beta_2=b2),
    "rmsprop": lambda rate, b1, b2: keras.optimizers.RMSprop(rate, rho=b2),
    "sgd": lambda rate, b1, b2: keras.optimizers.SGD(rate, momentum=b1),
    "lion": lambda rate, b1, b2: keras.optimizers.Lion(rate, beta_1=b1, beta_2=b2),
    "muon": lambda rate, b1, b2: Muon(rate, momentum=b1, beta_1=b1, beta_2=b2),
}


@dataclass(frozen=True)
class Game(Recipe):
    """Options of any adversarial recipe, and the two losses that follow from them."""

    loss: str = "non_saturating"  # one of losses.ADVERSARIAL
    r1_weight: float = 0.0  # gamma / 2 of R1, the squared slope at real images
    r2_weight: float = 0.0  # gamma / 2 of R2, the squared slope at fakes
    gradient_penalty_weight: float = 0.0  # of a slope other than 1 between real and fake; 10 in the paper
    spectral_norm: bool = False  # of the discriminator's layers
    augmentation: str = "none"  # of what the discriminator sees: none, fixed (always), adaptive
    adaptation_images: int = 20_000  # in which the adaptive probability can go from 0 to 1
    optimizer: str = "adam"  # one of OPTIMIZERS
    learning_rate: float = 2e-4  # at the start
    beta_1: float = 0.5  # memory of the gradient; sgd, muon: momentum; unused by rmsprop
    beta_2: float = 0.999  # memory of its square; rmsprop: rho; unused by sgd
    schedule: str = "constant"  # of the learning rate: constant, cosine, linear (flat, then down to 0)

    ranges: ClassVar[Ranges] = {
        **dict.fromkeys(("r1_weight", "r2_weight", "gradient_penalty_weight"), WEIGHT),
        **dict.fromkeys(("beta_1", "beta_2"), MEMORY),
        "adaptation_images": COUNT,
        "learning_rate": POSITIVE,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check()
        backend.set_seed(self.seed)
        if self.augmentation == "adaptive":
            for name in ("augmentation_probability", "augmentation_sign"):
                self.state.append(keras.Variable(np.float32(0.0), trainable=False, name=name))

    def check(self) -> None:
        """Raises UserError for names that do not exist and for combinations that cannot work."""
        for what, possible in (
            ("loss", losses.ADVERSARIAL),
            ("augmentation", AUGMENTATIONS),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
        ):
            if getattr(self, what) not in possible:
                raise _refused(f"There is no such {what}.", repr(getattr(self, what)), sorted(possible))
        limits = (self.gradient_penalty_weight, self.r1_weight, self.r2_weight, self.spectral_norm)
        if self.loss == "wasserstein" and not any(limits):
            raise _refused(
                "The wasserstein loss has no lower end unless the discriminator's slope is limited.",
                "loss wasserstein without a limit",
                "gradient_penalty_weight 10, spectral_norm, or r1_weight and r2_weight above 0",
            )

    def make_optimizer(self) -> keras.Optimizer:
        """A new one each call: each phase needs its own."""
        return OPTIMIZERS[self.optimizer](self.learning_rate, self.beta_1, self.beta_2)

    def learning_rate_factor(self, progress: float) -> float:
        return SCHEDULES[self.schedule](progress)

    def draws(self, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """What a stream adds to its batch. size: px, side of the square images that `judge` gets."""
        drawn: dict[str, np.ndarray] = {}
        if self.augmentation != "none":
            drawn |= augment.draws(rng, self.batch_size, size, gates=self.augmentation == "adaptive")
        if self.gradient_penalty_weight:
            drawn["position"] = rng.random(self.batch_size).astype(np.float32)
        return drawn

    def augmented(self, images: Tensor, batch: Batch) -> Tensor:
        """`images` as the discriminator sees them."""
        if self.augmentation == "none":
            return images
        probability = self._state("probability").value if self.augmentation == "adaptive" else None
        return augment.augment(images, batch, probability)

    def discriminator_game(
        self, judge: Judge, real: Tensor, fake: Tensor, batch: Batch, real_weights: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """(loss with its regularisers, logs). judge: images -> logits; it sees augmented images.

        real_weights: batch x 1 x ..., how much each real image counts (also in R1); None: once.
        batch: with `draws`; "penalty_factor" in it, a scalar, scales all penalties of this step.
        Raises UserError where a relativistic loss finds no pairs.
        """
        fake = ops.stop_gradient(fake)
        score = self._score(judge, batch)
        logs: dict[str, Tensor] = {}
        penalty: Tensor = 0.0
        real_logits, r1 = self._scores_and_slope(score, real, self.r1_weight, real_weights)
        fake_logits, r2 = self._scores_and_slope(score, fake, self.r2_weight, None)
        for name, weight, slope in (("r1", self.r1_weight, r1), ("r2", self.r2_weight, r2)):
            if slope is not None:
                logs[name] = slope
                penalty = penalty + weight * slope
        if self.gradient_penalty_weight:
            self._pairs(real, fake)
            slope = regularizers.gradient_penalty(score, real, fake, batch["position"], real_weights)
            logs["gradient_penalty"] = slope
            penalty = penalty + self.gradient_penalty_weight * slope
        self._pairs(real_logits, fake_logits)
        loss = losses.ADVERSARIAL[self.loss].discriminator(real_logits, fake_logits, real_weights)
        logs |= {"real_logits": ops.mean(real_logits), "fake_logits": ops.mean(fake_logits)}
        logs |= losses.accuracies(real_logits, fake_logits, real_weights)
        if self.augmentation == "adaptive":
            logs["augmentation_probability"] = self._adapt(real_logits, fake_logits)
        return loss + batch.get("penalty_factor", 1.0) * penalty, logs

    def generator_game(
        self, judge: Judge, real: Tensor, fake: Tensor, batch: Batch, real_weights: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """(adversarial loss, logs). `real` is judged by the relativistic loss only; otherwise it may be None."""
        score = self._score(judge, batch)
        fake_logits = score(fake)
        real_logits = score(real) if self.loss == "relativistic" else None
        self._pairs(real_logits, fake_logits)
        loss = losses.ADVERSARIAL[self.loss].generator(real_logits, fake_logits, real_weights)
        return loss, {"adversarial": loss}

    def _score(self, judge: Judge, batch: Batch) -> Judge:
        return lambda images: judge(self.augmented(images, batch))

    def _scores_and_slope(
        self, score: Judge, images: Tensor, weight: float, weights: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """The slope costs a second pass: only where it is asked for."""
        return regularizers.scores_and_r1(score, images, weights) if weight else (score(images), None)

    def _pairs(self, real: Tensor | None, fake: Tensor) -> None:
        paired = self.loss == "relativistic" or bool(self.gradient_penalty_weight)
        if paired and real is not None and tuple(real.shape) != tuple(fake.shape):
            raise _refused(
                "A relativistic loss or a gradient penalty pairs each real image with a fake one.",
                f"real {tuple(real.shape)}, fake {tuple(fake.shape)}",
                "batches of one shape, or another loss",
            )

    def _adapt(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """One step of the adaptive probability, which lives in `state`. Returns it."""
        boundary: Tensor = losses.ADVERSARIAL[self.loss].boundary
        if boundary is None:  # only differences mean something: midway between the sides
            middle = ops.stop_gradient(0.5 * (ops.mean(real_logits) + ops.mean(fake_logits)))
            (boundary,) = groups.average([middle])
        (now,) = groups.average([ops.stop_gradient(ops.mean(ops.sign(real_logits - boundary)))])  # of all workers' rows
        probability, sign = self._state("probability"), self._state("sign")
        updated = augment.adapt(probability.value, sign.value, now, self.batch_size, self.adaptation_images)
        probability.assign(updated[0])
        sign.assign(updated[1])
        return updated[0]

    def _state(self, name: str) -> Any:
        return next(variable for variable in self.state if variable.name == f"augmentation_{name}")


def _refused(problem: str, received: object, possible: object) -> UserError:
    return UserError(problem, received=received, possible=possible, exit_code=EXIT_USAGE)
