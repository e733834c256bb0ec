"""What recipes that translate between two collections share: the pair of domains, the mask contract, previews.

Mask contract: the generator's output counts inside the garment only. Everything that a loss sees is the output laid
over its input by the mask, so outside it nothing can be gained or lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import losses
from muslin.data.collection import CollectionStream
from muslin.data.domains import MASKS, Domain, load_pair
from muslin.errors import EXIT_USAGE, UserError
from muslin.images import as_pixels
from muslin.networks import translators
from muslin.networks.discriminators import patch_discriminator, patchgan
from muslin.recipes.base import Batch, Stream
from muslin.recipes.game import Game
from muslin.recipes.ranges import WEIGHT, Range, Ranges

Tensor = Any
Draw = Callable[[np.random.Generator, Batch, int], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Translation(Game):
    """Options and pieces of a translation from `source` to `target`."""

    size: int = 64  # px, side of the square pictures, a multiple of 8; the finished model takes photos of any size
    batch_size: int = 8  # images a step, of each domain
    source: str | None = None  # name of the domain that is translated; None: plain, or the first
    target: str | None = None  # name of the domain that it shall look like; None: the largest other one
    masks: str = "auto"  # garments' masks: auto finds what is not given, given finds none, none takes whole pictures
    network: str = "small"  # small (for CPUs) or published (64 channels, 9 blocks; a PatchGAN of 70 px)
    channels: int | None = None  # of the generator's first layer; None: 24 of small, 64 of published
    blocks: int | None = None  # residual blocks; None: 4 of small, 9 of published
    # With least squares and no R1 the discriminator was right 90 % of the time and photos kept their look; with an R1
    # of 0.2 it learned nothing (docs/recipes.md, cut).
    loss: str = "non_saturating"  # one of losses.ADVERSARIAL; least_squares in both papers
    r1_weight: float = 0.02  # gamma / 2; 0 in both papers
    adversarial_weight: float = 1.0  # of the generator's side of the game; 2 cancels the 1/2 of our least_squares
    learning_rate: float = 1e-3  # at the start, for the small network; 2e-4 for the published one

    ranges: ClassVar[Ranges] = {
        "size": Range(32, 1024, step=8),
        "channels": Range(8, step=8),  # normalised in groups of 8
        "blocks": Range(2, step=1),  # the first and the middle one are looked at
        "adversarial_weight": WEIGHT,
    }
    use: ClassVar[str] = "muslin restyle photo.jpg --model {model}"
    sizes: ClassVar[tuple[int, ...]] = (64, 96, 128)
    enough_images: ClassVar[int] = 10_000
    default_images: ClassVar[int] = 20_000  # what the looks of docs/recipes.md took

    def check(self) -> None:
        super().check()
        for what, possible in (("network", translators.NETWORKS), ("masks", MASKS)):
            if getattr(self, what) not in possible:
                raise refused(f"There is no such choice of {what}.", repr(getattr(self, what)), possible)

    def make_generator(self) -> keras.Model:
        return translators.translator(self.network, self.channels, self.blocks)

    def make_discriminator(self) -> keras.Model:
        if self.network == "published":
            return patchgan(self.channels or 64, spectral_norm=self.spectral_norm)
        return patch_discriminator(3, spectral_norm=self.spectral_norm)

    def judge(self, name: str = "discriminator") -> Callable[[Tensor], Tensor]:
        return lambda images: self.networks[name](images, training=True)

    def stream(self, data: Any, seed: int) -> TranslationStream:
        """data: as in data/domains.py; None is rendered garments, plain and striped."""
        source, target, sentence = load_pair(data, self.size, self.source, self.target, masks=self.masks)
        return TranslationStream(source, target, self.batch_size, seed, self.more_draws, sentence)

    def more_draws(self, rng: np.random.Generator, batch: Batch, images_seen: int) -> Mapping[str, np.ndarray]:
        """What a recipe adds to its batches: the game's draws and its own."""
        return self.draws(rng, self.size)

    def card(self, stream: Stream) -> dict[str, Any]:
        assert isinstance(stream, TranslationStream)
        names = [stream.source.name, stream.target.name]
        return {"size": self.size, "domains": names, "pictures": [len(stream.source), len(stream.target)]}

    def translate(self, generator: Any, images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """uint8 N,S,S,3 and N,S,S -> uint8 N,S,S,3: the output inside the mask, the input outside it."""
        made = []
        for start in range(0, len(images), 8):
            source, mask = as_floats(images[start : start + 8], masks[start : start + 8])
            made.append(ops.convert_to_numpy(laid(generator(source, training=False), source, mask)))
        return as_pixels(np.concatenate(made))

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows of sources above rows of what becomes of them; targets last."""
        assert isinstance(stream, TranslationStream)
        source, target = stream.examples()
        made = self.translate(networks["generator"], source.images, source.masks)
        rows = [source.images[:8], made[:8], source.images[8:], made[8:], target.images[:8]]
        return np.vstack([np.hstack(list(row)) for row in rows if len(row) == len(source.images[:8])])

    def evaluation(
        self, networks: Mapping[str, Any], stream: Stream, count: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        assert isinstance(stream, TranslationStream)
        source, target = stream.examples(count)
        return self.translate(networks["generator"], source.images, source.masks), target.images


class TranslationStream:
    """Unpaired batches: source and target, each with its mask, mirrored at random, a function of (seed, images seen).

    Where both domains know classes (blouse, dress...), sources are drawn so that their classes come as often as the
    targets' do: else the discriminator tells dresses from blazers, and the generator learns tailoring.
    """

    def __init__(
        self, source: Domain, target: Domain, batch_size: int, seed: int, draw: Draw, sentence: str = ""
    ) -> None:
        self.source, self.target, self.sentence = source, target, sentence
        self.batch_size, self.seed, self.draw = batch_size, seed, draw
        self._targets = CollectionStream(target.images, batch_size, seed)
        self._sources = CollectionStream(source.images, batch_size, seed + 1)
        self._weights = class_weights(source.keys, target.keys)

    def batch(self, images_seen: int) -> Batch:
        """source, target: N,S,S,3 float32 in [-1, 1]; source_mask, target_mask: N,S,S,1 in [0, 1]; and the draws."""
        rng = np.random.default_rng((self.seed, 5, images_seen))
        if self._weights is None:
            chosen = self._sources.order(images_seen)
        else:
            chosen = rng.choice(len(self.source), self.batch_size, p=self._weights)
        made: Batch = {}
        for name, domain, rows in (
            ("source", self.source, chosen),
            ("target", self.target, self._targets.order(images_seen)),
        ):
            images, masks = as_floats(domain.images[rows], domain.masks[rows])
            flipped = rng.random(self.batch_size) < 0.5
            images[flipped], masks[flipped] = images[flipped, :, ::-1], masks[flipped, :, ::-1]
            made |= {name: images, f"{name}_mask": masks}
        return made | dict(self.draw(rng, made, images_seen))

    def examples(self, count: int = 16) -> tuple[Domain, Domain]:
        """Always the same pictures of each domain, spread over it; sources of classes that the target has."""
        return tuple(  # type: ignore[return-value]
            _some(domain, np.flatnonzero(weights > 0) if weights is not None else np.arange(len(domain)), count)
            for domain, weights in ((self.source, self._weights), (self.target, None))
        )


def class_weights(source: tuple[str, ...], target: tuple[str, ...]) -> np.ndarray | None:
    """Probability of each source so that its class (the folder in its key) comes as often as in `target`.

    None where fewer than two classes are in both: then all sources are alike.
    """
    own, wanted = ([key.partition("/")[0] if "/" in key else "" for key in keys] for keys in (source, target))
    shared = set(own) & set(wanted) - {""}
    if len(shared) < 2:
        return None
    weights = np.array([wanted.count(name) / own.count(name) if name in shared else 0.0 for name in own])
    return weights / weights.sum()


def laid(made: Tensor, under: Tensor, mask: Tensor) -> Tensor:
    """`made` inside the mask, `under` outside it. N,H,W,3 twice and N,H,W,1."""
    return under + (made - under) * mask


def as_floats(images: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 N,S,S,3 and N,S,S -> float32 in [-1, 1] and float32 N,S,S,1 in [0, 1]."""
    return images.astype(np.float32) / 127.5 - 1.0, masks[..., None].astype(np.float32) / 255.0


def diversities(fake: Tensor, real: Tensor) -> dict[str, Tensor]:
    """What the monitor reads: how much pictures of a batch differ."""
    return {"diversity": losses.diversity(fake), "real_diversity": losses.diversity(real)}


def _some(domain: Domain, rows: np.ndarray, count: int) -> Domain:
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))]
    return Domain(domain.name, domain.images[rows], domain.masks[rows], tuple(domain.keys[row] for row in rows))


def refused(problem: str, received: object, possible: object) -> UserError:
    """A choice of options that cannot be meant."""
    return UserError(problem, received=received, possible=possible, exit_code=EXIT_USAGE)
