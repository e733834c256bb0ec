"""What recipes that make designs from noise share: their pictures, batches, previews, and what they are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from keras import ops

from muslin import losses
from muslin.data.collection import CollectionStream
from muslin.data.designs import load_designs
from muslin.data.domains import MASKS
from muslin.errors import EXIT_USAGE, UserError
from muslin.images import as_pixels
from muslin.recipes.base import Batch, Phase, Stream
from muslin.recipes.game import Game
from muslin.recipes.ranges import COUNT, Range, Ranges

AT_ONCE = 64  # pictures made in one call, for previews and evaluation


@dataclass(frozen=True)
class Designs(Game):
    """Noise -> pictures. A subclass builds `networks` (generator, discriminator) after `super().__post_init__()`."""

    size: int = 32  # px, of the square pictures
    latent_size: int = 64  # numbers of noise
    masks: str = "auto"  # cut garments out by masks: auto, given (find none), none (whole pictures)

    ranges: ClassVar[Ranges] = {"size": Range(16, 1024, step=1), "latent_size": COUNT}
    use: ClassVar[str] = "muslin imagine {model} -n 24"
    sizes: ClassVar[tuple[int, ...]] = (32, 48, 64)

    def check(self) -> None:
        super().check()
        if self.masks not in MASKS:
            raise UserError(
                "There is no such choice of masks.", received=repr(self.masks), possible=MASKS, exit_code=EXIT_USAGE
            )

    def play(self) -> None:
        """Fill `phases`: the discriminator's turn, then the generator's."""
        for name, loss in (("discriminator", self.discriminator_loss), ("generator", self.generator_loss)):
            self.phases.append(Phase(name, (name,), loss, self.make_optimizer()))

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = self.networks["generator"](batch["source"], training=True)
        return self.discriminator_game(self.judge, batch["real"], fake, batch)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake = self.networks["generator"](batch["source"], training=True)
        loss, logs = self.generator_game(self.judge, batch["real"], fake, batch)
        logs |= {"diversity": losses.diversity(fake), "real_diversity": losses.diversity(batch["real"])}
        for name, (weight, value) in self.more_losses(fake, batch).items():
            loss, logs[name] = loss + weight * value, value
        return loss, logs

    def more_losses(self, fake: Any, batch: Batch) -> dict[str, tuple[float, Any]]:
        """What the generator must heed beside the discriminator: name -> (weight, loss)."""
        return {}

    def judge(self, images: Any) -> Any:
        return self.networks["discriminator"](images, training=True)

    def scheduled(self, images_seen: int) -> dict[str, np.ndarray]:
        """Numbers of a step that change with the images seen; they travel in the batch."""
        return {}

    def stream(self, data: Any, seed: int) -> Stream:
        """data: whatever load_designs accepts; None is the embedded garments."""
        return NoiseStream(self, load_designs(data, self.size, self.masks), seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """What the same 32 latents become."""
        assert isinstance(stream, NoiseStream)
        return contact_sheet(made_from(networks["generator"], stream.examples()), columns=8)

    def card(self, stream: Stream) -> dict[str, Any]:
        return {"size": self.size, "latent_size": self.latent_size}

    def evaluation(self, networks: Mapping[str, Any], stream: Stream, count: int) -> tuple[np.ndarray, np.ndarray]:
        """(made, real): always the same latents, and pictures evenly spread over the collection."""
        assert isinstance(stream, NoiseStream)
        pictures = stream.pictures
        real = pictures[np.linspace(0, len(pictures) - 1, min(count, len(pictures))).astype(int)]
        return as_pixels(made_from(networks["generator"], stream.examples(count))), real


class NoiseStream(CollectionStream):
    """Batches of real pictures, latents, and the draws of the game."""

    def __init__(self, recipe: Designs, pictures: np.ndarray, seed: int) -> None:
        """pictures: uint8 N x size x size x 3."""
        super().__init__(pictures, recipe.batch_size, seed)
        self.recipe = recipe
        self.sentence = f"It learns from {len(pictures):,} of them."  # said before a run begins

    def batch(self, images_seen: int) -> Batch:
        rng = self.rng(images_seen, 2)
        source = self.source(rng, images_seen)
        drawn = self.recipe.draws(rng, self.recipe.size)
        return {"real": self.real(images_seen), "source": source, **drawn, **self.recipe.scheduled(images_seen)}

    def source(self, rng: np.random.Generator, images_seen: int) -> np.ndarray:
        """What the generator gets: batch x latent_size, N(0, 1)."""
        return rng.standard_normal((self.batch_size, self.recipe.latent_size)).astype(np.float32)

    def examples(self, count: int = 32) -> np.ndarray:
        """Always the same sources, for previews."""
        return np.random.default_rng(0).standard_normal((count, self.recipe.latent_size)).astype(np.float32)


def made_from(generator: Any, sources: np.ndarray) -> np.ndarray:
    """The generator's pictures, float32 in [-1, 1], a few at a time."""
    parts = [generator(sources[start : start + AT_ONCE], training=False) for start in range(0, len(sources), AT_ONCE)]
    return np.concatenate([ops.convert_to_numpy(part) for part in parts])


def contact_sheet(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """batch x H x W x 3 in [-1, 1] -> uint8 grid, filled row by row, enlarged to at least 64 px an image."""
    pixels = as_pixels(images)
    larger = -(-64 // pixels.shape[1])
    pixels = pixels.repeat(larger, axis=1).repeat(larger, axis=2)
    columns = min(columns, len(pixels))
    starts = range(0, len(pixels) // columns * columns, columns)
    return np.concatenate([np.concatenate(list(pixels[start : start + columns]), axis=1) for start in starts], axis=0)
