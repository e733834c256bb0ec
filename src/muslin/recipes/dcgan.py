"""dcgan: noise -> designs, the classic game of a CNN generator and a CNN discriminator with a dense head.

Paper:    Radford, Metz & Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional
          Generative Adversarial Networks", with R1 (Mescheder et al. 2018) and differentiable augmentation
          (Zhao et al. 2020), without which a small collection is learned by heart or the game runs away.
Command:  muslin train dcgan DATA --minutes 10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import backend, losses, regularizers
from muslin.augment import augment, draws
from muslin.data.collection import CollectionStream, load_collection
from muslin.errors import UserError
from muslin.networks import dcgan
from muslin.recipes.base import Batch, Phase, Recipe, Stream


@dataclass(frozen=True)
class DCGAN(Recipe):
    size: int = 48  # px, of the square pictures
    batch_size: int = 16  # images a step
    latent_size: int = 64  # numbers of noise
    channels: int = 24  # of both networks at the full size; doubled at each halving up to 8 times as many
    loss: str = "non_saturating"  # one of losses.ADVERSARIAL
    r1_weight: float = 0.2  # gamma / 2: weight of R1 on real images
    learning_rate: float = 5e-4
    augmentation: bool = True  # of what the discriminator sees

    name: ClassVar[str] = "dcgan"
    summary: ClassVar[str] = "new designs from noise, learned from a collection of pictures"

    def __post_init__(self) -> None:
        if self.loss not in losses.ADVERSARIAL:
            raise UserError(
                "There is no such loss.", received=repr(self.loss), possible=sorted(losses.ADVERSARIAL)
            )
        backend.set_seed(self.seed)
        widest = 8 * self.channels
        self.networks["generator"] = dcgan.generator(self.size, self.latent_size, self.channels, widest)
        self.networks["discriminator"] = dcgan.discriminator(self.size, self.channels, widest)
        for name, loss in (
            ("discriminator", self.discriminator_loss),
            ("generator", self.generator_loss),
        ):
            optimizer = keras.optimizers.Adam(self.learning_rate, beta_1=0.0, beta_2=0.99)
            self.phases.append(Phase(name, (name,), loss, optimizer))

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = ops.stop_gradient(self.networks["generator"](batch["latent"], training=True))
        real_logits, r1 = regularizers.scores_and_r1(lambda x: self.judge(x, batch), batch["real"])
        fake_logits = self.judge(fake, batch)
        loss = losses.ADVERSARIAL[self.loss].discriminator(real_logits, fake_logits)
        logs = {"r1": r1, "real_logits": ops.mean(real_logits), "fake_logits": ops.mean(fake_logits)}
        return loss + self.r1_weight * r1, logs | losses.accuracies(real_logits, fake_logits)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = self.networks["generator"](batch["latent"], training=True)
        adversarial = losses.ADVERSARIAL[self.loss]
        real_logits = self.judge(batch["real"], batch) if self.loss == "relativistic" else None
        logs = {"diversity": losses.diversity(fake), "real_diversity": losses.diversity(batch["real"])}
        return adversarial.generator(real_logits, self.judge(fake, batch)), logs

    def judge(self, images: Any, batch: Batch) -> Any:
        """The discriminator's logits for augmented images."""
        if self.augmentation:
            images = augment(images, {name: batch[name] for name in batch if name not in ("real", "latent")})
        return self.networks["discriminator"](images, training=True)

    def stream(self, data: Any, seed: int) -> Stream:
        """data: whatever load_collection accepts; None is the embedded garments."""
        return DesignStream(self, load_collection(data, self.size), seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        latents = np.random.default_rng(0).standard_normal((32, self.latent_size)).astype(np.float32)
        return contact_sheet(ops.convert_to_numpy(networks["generator"](latents, training=False)), columns=8)


class DesignStream(CollectionStream):
    """Batches of real pictures, latents and augmentation draws."""

    def __init__(self, recipe: DCGAN, pictures: np.ndarray, seed: int) -> None:
        super().__init__(pictures, recipe.batch_size, seed)
        self.recipe = recipe

    def batch(self, images_seen: int) -> Batch:
        rng = self.rng(images_seen, 2)
        latent = rng.standard_normal((self.batch_size, self.recipe.latent_size)).astype(np.float32)
        drawn = draws(rng, self.batch_size, self.recipe.size) if self.recipe.augmentation else {}
        return {"real": self.real(images_seen), "latent": latent, **drawn}


def contact_sheet(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """batch x H x W x 3 in [-1, 1] -> uint8 grid, filled row by row, enlarged to at least 64 px an image."""
    pixels = np.rint((np.asarray(images) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)
    larger = -(-64 // pixels.shape[1])
    pixels = pixels.repeat(larger, axis=1).repeat(larger, axis=2)
    rows = [np.concatenate(list(pixels[i : i + columns]), axis=1)
            for i in range(0, len(pixels) // columns * columns, columns)]  # fmt: skip
    return np.concatenate(rows, axis=0)
