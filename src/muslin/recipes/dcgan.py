"""dcgan: noise -> designs, the classic game of a CNN generator and a CNN discriminator with a dense head.

Paper:    Radford, Metz & Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional
          Generative Adversarial Networks", with R1 (Mescheder et al. 2018) and differentiable augmentation
          (Zhao et al. 2020), without which a small collection is learned by heart or the game runs away.
Command:  muslin train dcgan DATA --minutes 10
Cost:     about 150 images a second at 32 px on 2 cores: silhouettes after 2 minutes, garments after 4.
Expected: on the embedded garments at 32 px, 32,000 images: coats, shirts, trousers and dresses on white that a
          stranger names, in plain cloth; prints stay a blur at that size.

The same game restyles pictures: with `given` networks that take pictures, the noise becomes the source
pictures and `content` says what of them is to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

CONTENT = ("", "structure", "target")


@dataclass(frozen=True)
class DCGAN(Recipe):
    size: int = 32  # px, of the square pictures
    batch_size: int = 16  # images a step
    latent_size: int = 64  # numbers of noise
    channels: int = 24  # of both networks at the full size; doubled at each halving up to 8 times as many
    loss: str = "non_saturating"  # one of losses.ADVERSARIAL
    r1_weight: float = 0.2  # gamma / 2: weight of R1 on real images
    learning_rate: float = 5e-4
    augmentation: bool = True  # of what the discriminator sees
    content: str = ""  # what a picture keeps of its source: "" nothing, its "structure", or its own "target"
    content_weight: float = 3.0
    given: tuple[Any, Any] | None = field(default=None, repr=False, compare=False)  # networks instead of ours

    name: ClassVar[str] = "dcgan"
    sizes: ClassVar[tuple[int, ...]] = (32, 48, 64, 96)
    enough_images: ClassVar[int] = 30_000
    summary: ClassVar[str] = "new designs from noise, learned from a collection of pictures"

    def __post_init__(self) -> None:
        for asked, possible in ((self.loss, sorted(losses.ADVERSARIAL)), (self.content, CONTENT)):
            if asked not in possible:
                raise UserError("There is no such loss.", received=repr(asked), possible=possible)
        backend.set_seed(self.seed)
        widest = 8 * self.channels
        self.networks["generator"], self.networks["discriminator"] = self.given or (
            dcgan.generator(self.size, self.latent_size, self.channels, widest),
            dcgan.discriminator(self.size, self.channels, widest),
        )
        for name, loss in (("discriminator", self.discriminator_loss), ("generator", self.generator_loss)):
            optimizer = keras.optimizers.Adam(self.learning_rate, beta_1=0.0, beta_2=0.99)
            self.phases.append(Phase(name, (name,), loss, optimizer))

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = ops.stop_gradient(self.networks["generator"](batch["source"], training=True))
        real_logits, r1 = regularizers.scores_and_r1(lambda x: self.judge(x, batch), batch["real"])
        fake_logits = self.judge(fake, batch)
        loss = losses.ADVERSARIAL[self.loss].discriminator(real_logits, fake_logits)
        logs = {"r1": r1, "real_logits": ops.mean(real_logits), "fake_logits": ops.mean(fake_logits)}
        return loss + self.r1_weight * r1, logs | losses.accuracies(real_logits, fake_logits)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = self.networks["generator"](batch["source"], training=True)
        adversarial = losses.ADVERSARIAL[self.loss]
        real_logits = self.judge(batch["real"], batch) if self.loss == "relativistic" else None
        loss = adversarial.generator(real_logits, self.judge(fake, batch))
        logs = {"diversity": losses.diversity(fake), "real_diversity": losses.diversity(batch["real"])}
        if self.content:
            wanted, made = batch["real" if self.content == "target" else "source"], fake
            if self.content == "structure":
                wanted, made = structure(wanted), structure(made)
            logs["content"] = ops.mean(ops.abs(wanted - made))
            loss = loss + self.content_weight * logs["content"]
        return loss, logs

    def judge(self, images: Any, batch: Batch) -> Any:
        """The discriminator's logits for augmented images."""
        if self.augmentation:
            images = augment(images, {name: batch[name] for name in batch if name not in ("real", "source")})
        return self.networks["discriminator"](images, training=True)

    def stream(self, data: Any, seed: int) -> Stream:
        """data: whatever load_collection accepts; None is the embedded garments."""
        return DesignStream(self, load_collection(data, self.size), None, seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """What noise becomes; of pictures, a row of sources above a row of results."""
        assert isinstance(stream, DesignStream)
        sources = stream.examples()
        made = ops.convert_to_numpy(networks["generator"](sources, training=False))
        if sources.ndim == 4:
            made = np.concatenate([sources[:8], made[:8], sources[8:16], made[8:16]])
        return contact_sheet(made, columns=8)


class DesignStream(CollectionStream):
    """Batches of real pictures, sources (noise, or pictures to restyle) and augmentation draws."""

    def __init__(self, recipe: DCGAN, pictures: np.ndarray, sources: np.ndarray | None, seed: int) -> None:
        """sources: float32 N x numbers or N x H x W x 3 in [-1, 1]; None draws fresh noise for each step."""
        super().__init__(pictures, recipe.batch_size, seed)
        self.recipe, self.sources = recipe, sources
        self._shuffled = None if sources is None else CollectionStream(sources, recipe.batch_size, seed + 1)

    def batch(self, images_seen: int) -> Batch:
        rng = self.rng(images_seen, 2)
        if self._shuffled is None or self.sources is None:
            source = rng.standard_normal((self.batch_size, self.recipe.latent_size)).astype(np.float32)
        elif self.recipe.content == "target":  # pairs: the same rows, mirrored alike
            source = self.mirrored(self.sources[self.order(images_seen)], images_seen)
        else:
            source = self.sources[self._shuffled.order(images_seen)]
        drawn = draws(rng, self.batch_size, self.recipe.size) if self.recipe.augmentation else {}
        return {"real": self.real(images_seen), "source": source, **drawn}

    def examples(self, count: int = 32) -> np.ndarray:
        """Always the same sources, for previews."""
        if self.sources is not None:
            return self.sources[:count]
        return np.random.default_rng(0).standard_normal((count, self.recipe.latent_size)).astype(np.float32)


def structure(images: Any) -> Any:
    """Luminance less its mean, batch x H x W x 1: folds and outlines without colour or exposure."""
    luminance = ops.sum(images * ops.reshape(np.array([0.2126, 0.7152, 0.0722], np.float32), (1, 1, 1, 3)), axis=3)
    return luminance - ops.mean(luminance, axis=(1, 2), keepdims=True)


def contact_sheet(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """batch x H x W x 3 in [-1, 1] -> uint8 grid, filled row by row, enlarged to at least 64 px an image."""
    pixels = np.rint((np.asarray(images) + 1.0) * 127.5).clip(0, 255).astype(np.uint8)
    larger = -(-64 // pixels.shape[1])
    pixels = pixels.repeat(larger, axis=1).repeat(larger, axis=2)
    columns = min(columns, len(pixels))
    starts = range(0, len(pixels) // columns * columns, columns)
    return np.concatenate([np.concatenate(list(pixels[start : start + columns]), axis=1) for start in starts], axis=0)
