"""A GAN small enough for a test: noise in the plane -> eight Gaussians on a circle (Metz et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers, ops

from muslin import backend, losses, regularizers
from muslin.recipes.base import Batch, Phase, Recipe, Stream

CENTERS = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], 1).astype(np.float32)
SPREAD = 0.05


@dataclass(frozen=True)
class Game(Recipe):
    batch_size: int = 64
    width: int = 32
    learning_rate: float = 2e-3
    discriminator_factor: float = 1.0  # on the discriminator's learning rate
    loss: str = "relativistic"
    r1_weight: float = 0.05
    every: int = 1  # of the discriminator's regulariser
    normalised: bool = False

    name: ClassVar[str] = "game"
    half_life_images: ClassVar[Mapping[str, float]] = {"generator": 6_000}

    def __post_init__(self) -> None:
        backend.set_seed(self.seed)
        for name, outputs in (("generator", 2), ("discriminator", 1)):
            hidden: list[Any] = [keras.Input((4 if name == "generator" else 2,))]
            for _ in range(2):
                hidden.append(layers.Dense(self.width))
                if self.normalised and name == "generator":
                    hidden.append(layers.BatchNormalization(momentum=0.9))
                hidden.append(layers.LeakyReLU(0.2))
            self.networks[name] = keras.Sequential([*hidden, layers.Dense(outputs)], name=name)
        for name, loss, factor in (
            ("discriminator", self.discriminator_loss, self.discriminator_factor),
            ("generator", self.generator_loss, 1.0),
        ):
            optimizer = keras.optimizers.Adam(self.learning_rate * factor, beta_1=0.0, beta_2=0.99)
            self.phases.append(Phase(name, (name,), loss, optimizer))

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = ops.stop_gradient(self.networks["generator"](batch["latent"], training=True))
        judge = self.networks["discriminator"]
        real_logits, r1 = regularizers.scores_and_r1(judge, batch["real"])
        fake_logits, r2 = regularizers.scores_and_r1(judge, fake)
        loss = losses.ADVERSARIAL[self.loss].discriminator(real_logits, fake_logits)
        return loss + self.r1_weight * (r1 + r2), losses.accuracies(real_logits, fake_logits)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = self.networks["generator"](batch["latent"], training=True)
        judge = self.networks["discriminator"]
        logs = {"diversity": losses.diversity(fake), "real_diversity": losses.diversity(batch["real"])}
        return losses.ADVERSARIAL[self.loss].generator(judge(batch["real"]), judge(fake)), logs

    def stream(self, data: Any = None, seed: int = 0) -> Stream:
        return Points(self.batch_size, seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        points = np.clip((self.sample(500) + 1.5) / 3 * 64, 0, 63).astype(int)
        picture = np.full((64, 64, 3), 255, np.uint8)
        picture[points[:, 1], points[:, 0]] = 0
        return picture

    def sample(self, count: int) -> np.ndarray:
        latent = np.random.default_rng(7).standard_normal((count, 4)).astype(np.float32)
        return ops.convert_to_numpy(self.networks["generator"](latent, training=False))


class Points:
    def __init__(self, batch_size: int, seed: int) -> None:
        self.batch_size, self.seed = batch_size, seed

    def batch(self, images_seen: int) -> Batch:
        rng = np.random.default_rng((self.seed, images_seen))
        centers = CENTERS[rng.integers(0, 8, self.batch_size)]
        real = centers + SPREAD * rng.standard_normal((self.batch_size, 2))
        latent = rng.standard_normal((self.batch_size, 4))
        return {"real": real.astype(np.float32), "latent": latent.astype(np.float32)}


def modes_covered(points: np.ndarray) -> tuple[int, float]:
    """(modes that get at least a third of their fair share, share of points within 4 spreads of a mode)."""
    distance = np.linalg.norm(points[:, None] - CENTERS, axis=2)
    near = distance.min(1) < 4 * SPREAD
    counts = np.bincount(distance.argmin(1)[near], minlength=8)
    return int((counts >= len(points) / 24).sum()), float(near.mean())
