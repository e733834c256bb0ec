"""dcgan: noise -> designs, the classic game of a CNN generator and a CNN discriminator with a dense head.

Paper:    Radford, Metz & Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional
          Generative Adversarial Networks", with R1 (Mescheder et al. 2018) and differentiable augmentation
          (Zhao et al. 2020), without which a small collection is learned by heart or the game runs away.
Command:  muslin train dcgan DATA --minutes 10
Cost:     84 images a second of one core at 32 px: silhouettes after a minute, the first nameable garments after two.
Expected: on the embedded garments at 32 px, 32,000 images (without the blur): coats, shirts, trousers and dresses on
          white that a stranger names, in plain cloth; prints stay a blur at that size. On photographs: docs/recipes.md.

The same game restyles pictures: with `given` networks that take pictures, the noise becomes the source
pictures and `content` says what of them is to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from keras import ops

from muslin.data.collection import CollectionStream
from muslin.data.designs import load_designs
from muslin.errors import EXIT_USAGE, UserError
from muslin.networks import dcgan
from muslin.recipes.base import Batch, Stream
from muslin.recipes.designs import Designs, NoiseStream, contact_sheet, made_from
from muslin.recipes.ranges import COUNT, WEIGHT, Ranges

CONTENT = ("", "structure", "target")


@dataclass(frozen=True)
class DCGAN(Designs):
    channels: int = 24  # of both networks at the full size; doubled at each halving up to 8 times as many
    smooth: bool = True  # blur after each enlarging; no: a grid of 2 pixels in plain cloth
    r1_weight: float = 0.2  # gamma / 2 of R1, the squared slope at real images
    augmentation: str = "fixed"  # of what the discriminator sees: none, fixed (always), adaptive
    learning_rate: float = 5e-4  # at the start
    beta_1: float = 0.0  # memory of the gradient
    beta_2: float = 0.99  # memory of its square
    content: str = ""  # what a picture keeps of its source: "" nothing, its "structure", or its own "target"
    content_weight: float = 3.0
    given: tuple[Any, Any] | None = field(default=None, repr=False, compare=False)  # networks instead of ours

    name: ClassVar[str] = "dcgan"
    ranges: ClassVar[Ranges] = {"channels": COUNT, "content_weight": WEIGHT}
    sizes: ClassVar[tuple[int, ...]] = (32, 48, 64, 96)
    enough_images: ClassVar[int] = 30_000
    summary: ClassVar[str] = "new designs from noise, learned from a collection of pictures"

    def __post_init__(self) -> None:
        super().__post_init__()
        widest = 8 * self.channels
        self.networks["generator"], self.networks["discriminator"] = self.given or (
            dcgan.generator(self.size, self.latent_size, self.channels, widest, self.smooth),
            dcgan.discriminator(self.size, self.channels, widest, spectral_norm=self.spectral_norm),
        )
        self.play()

    def check(self) -> None:
        super().check()
        if self.content not in CONTENT:
            raise UserError(
                "There is no such content.", received=repr(self.content), possible=CONTENT, exit_code=EXIT_USAGE
            )

    def more_losses(self, fake: Any, batch: Batch) -> dict[str, tuple[float, Any]]:
        if not self.content:
            return {}
        wanted = batch["real" if self.content == "target" else "source"]
        if self.content == "structure":
            wanted, fake = structure(wanted), structure(fake)
        return {"content": (self.content_weight, ops.mean(ops.abs(wanted - fake)))}

    def stream(self, data: Any, seed: int) -> Stream:
        """data: whatever load_designs accepts; None is the embedded garments."""
        return DesignStream(self, load_designs(data, self.size, self.masks), None, seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """What noise becomes; of pictures, a row of sources above a row of results."""
        assert isinstance(stream, DesignStream)
        sources = stream.examples()
        made = made_from(networks["generator"], sources)
        if sources.ndim == 4:
            made = np.concatenate([sources[:8], made[:8], sources[8:16], made[8:16]])
        return contact_sheet(made, columns=8)


class DesignStream(NoiseStream):
    """Batches of real pictures and of sources: noise, or pictures to restyle."""

    def __init__(self, recipe: DCGAN, pictures: np.ndarray, sources: np.ndarray | None, seed: int) -> None:
        """sources: float32 N x numbers or N x H x W x 3 in [-1, 1]; None draws fresh noise for each step."""
        super().__init__(recipe, pictures, seed)
        self.content, self.sources = recipe.content, sources
        self._shuffled = None if sources is None else CollectionStream(sources, recipe.batch_size, seed + 1)

    def source(self, rng: np.random.Generator, images_seen: int) -> np.ndarray:
        if self._shuffled is None or self.sources is None:
            return super().source(rng, images_seen)
        if self.content == "target":  # pairs: the same rows, mirrored alike
            return self.mirrored(self.sources[self.order(images_seen)], images_seen)
        return self.sources[self._shuffled.order(images_seen)]

    def examples(self, count: int = 32) -> np.ndarray:
        return super().examples(count) if self.sources is None else self.sources[:count]


def structure(images: Any) -> Any:
    """Luminance less its mean, batch x H x W x 1: folds and outlines without colour or exposure."""
    luminance = ops.sum(images * ops.reshape(np.array([0.2126, 0.7152, 0.0722], np.float32), (1, 1, 1, 3)), axis=3)
    return luminance - ops.mean(luminance, axis=(1, 2), keepdims=True)
