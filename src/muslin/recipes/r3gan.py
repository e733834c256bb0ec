"""r3gan: noise -> designs, the modern baseline: relativistic pairs, R1 and R2, residual networks without tricks.

Paper:    Huang, Gokaslan, Kuleshov & Tompkin 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN".
Command:  muslin train r3gan DATA --minutes 20
Cost:     62 images a second of one core at 32 px; R1 and R2 are second-order gradients of each step.
Expected: after 7,000 images of 32 px coloured shapes of a garment's size on white; after the default 60,000 closed
          outlines of trousers, tops, capes and shoes, the nearest to real garments of all recipes from noise
          (docs/recipes.md).

Each real image is compared with a fake one (a mode that the generator forgets costs it at once), and the squared
slopes at both keep the game convergent. As in the paper's appendix, the start is rough and the end is calm: the
penalties fall to a fifth, Adam's memory of squares and that of the averaged weights grow, the learning rate falls
along a cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np

from muslin.errors import EXIT_USAGE, UserError
from muslin.networks import r3gan
from muslin.optim import cosine
from muslin.recipes.base import Batch
from muslin.recipes.designs import Designs
from muslin.recipes.ranges import COUNT, COUNT_OR_NONE, MEMORY, WEIGHT, Ranges


@dataclass(frozen=True)
class R3GAN(Designs):
    channels: int = 16  # of both networks at the full size; doubled at each halving up to 8 times as many
    blocks: int = 1  # residual blocks at each size; 2 in the paper
    loss: str = "relativistic"  # one of losses.ADVERSARIAL
    r1_weight: float = 3.0  # gamma / 2 of R1 at the start
    r2_weight: float = 3.0  # gamma / 2 of R2 at the start
    last_penalty: float = 0.2  # factor on both once warm
    augmentation: str = "adaptive"  # of what the discriminator sees: none, fixed (always), adaptive
    learning_rate: float = 5e-4  # at the start
    beta_1: float = 0.0  # memory of the gradient
    beta_2: float = 0.99  # memory of its square, once warm
    first_beta_2: float = 0.9  # at the start (adam and adamw)
    warm_up_images: int = 15_000  # over which penalty and beta_2 go from first to last
    schedule: str = "cosine"  # of the learning rate: constant, cosine, linear (flat, then down to 0)

    name: ClassVar[str] = "r3gan"
    ranges: ClassVar[Ranges] = {
        **dict.fromkeys(("channels", "blocks"), COUNT),
        "last_penalty": WEIGHT,
        "first_beta_2": MEMORY,
        "warm_up_images": COUNT_OR_NONE,
    }
    enough_images: ClassVar[int] = 30_000
    # The schedules end where the paper ends; and at 32 px KID took blurred spots for better than clear silhouettes.
    keeps_best: ClassVar[bool] = False
    summary: ClassVar[str] = "new designs from noise, by the modern baseline"

    def __post_init__(self) -> None:
        super().__post_init__()
        widest = 8 * self.channels
        self.networks["generator"] = r3gan.generator(self.size, self.latent_size, self.channels, widest, self.blocks)
        self.networks["discriminator"] = r3gan.discriminator(self.size, self.channels, widest, self.blocks)
        self.play()

    def check(self) -> None:
        super().check()
        if self.spectral_norm:
            raise UserError(
                "r3gan's discriminator begins with branches of zeros, which have no largest singular value.",
                received="spectral_norm",
                possible="r1_weight, r2_weight, gradient_penalty_weight; or the recipe dcgan",
                exit_code=EXIT_USAGE,
            )

    def make_optimizer(self) -> keras.Optimizer:
        optimizer = super().make_optimizer()
        if self.optimizer in ("adam", "adamw"):
            optimizer.beta_2 = self._beta_2()
        return optimizer

    def _beta_2(self) -> keras.Variable:
        """Adam's memory as a variable: it changes during a run, and a compiled step must see it change."""
        if not any(variable.name == "beta_2" for variable in self.state):
            first = min(self.first_beta_2, self.beta_2)
            self.state.append(keras.Variable(np.float32(first), trainable=False, name="beta_2"))
        return next(variable for variable in self.state if variable.name == "beta_2")

    def scheduled(self, images_seen: int) -> dict[str, np.ndarray]:
        """Both go along half a cosine over `warm_up_images`, then stay (the paper's appendix)."""
        left = cosine(images_seen / max(self.warm_up_images, 1))
        first = min(self.first_beta_2, self.beta_2)
        return {
            "penalty_factor": np.array(self.last_penalty + (1 - self.last_penalty) * left, np.float32),
            "beta_2": np.array(self.beta_2 + (first - self.beta_2) * left, np.float32),
        }

    @property
    def separable(self) -> bool:
        return True

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        if self.optimizer in ("adam", "adamw"):
            self._beta_2().assign(batch["beta_2"])
        return super().discriminator_loss(batch)
