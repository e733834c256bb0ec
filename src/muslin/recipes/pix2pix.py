"""pix2pix: a drawing becomes a garment, learned from pairs of both.

Paper:    Isola, Zhu, Zhou & Efros 2017, "Image-to-Image Translation with Conditional Adversarial Networks".
Command:  muslin train pix2pix DATA --minutes 40      (edges/ beside garments/; other layouts: data/pairs.py)
Cost:     30 images a second of one core at 64 px, two and a half times as long at 96 px; 1.8 M parameters.
Expected: 8,480 images at 64 px of 1,075 pairs: garments of held-out drawings 19.5 dB from their photos (the outline
          filled with the right colour: 16.5 dB), of hand-like outlines 21.4 dB (19.9 dB). Folds and seams where the
          drawing has them, the painted colour, no prints. docs/recipes.md.

The generator is a U-Net, the discriminator sees source and target together and judges patches. Sources are redrawn as
hands draw (data/sketch.py), since a network that has seen only edge maps takes a pencil sketch for noise. Which colour
the cloth has, no drawing says; without a hint the answer that costs least is grey. So the hint is in the source
too, as paint inside the outline, in part of the batch: at run time a palette or a seed chooses it.

The published configuration, for a GPU: size=256, batch_size=1, widths=(64, 128, 256, 512, 512, 512, 512, 512),
smooth=no, discriminator_width=64, discriminator_every=1, strided=3, normalised=True, learning_rate=2e-4,
schedule="linear", r1_weight=0.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from keras import ops

from muslin.data.pairs import DIRECTIONS, Pair, load_pairs
from muslin.data.sketch_stream import ROOM, SketchStream
from muslin.errors import EXIT_USAGE, UserError
from muslin.images import as_pixels
from muslin.networks import pix2pix
from muslin.recipes.base import Batch, Phase, Stream
from muslin.recipes.game import Game
from muslin.recipes.ranges import COUNT, SHARE, WEIGHT, Range, Ranges

SOURCES = ("drawing", "picture")


@dataclass(frozen=True)
class Pix2Pix(Game):
    size: int = 64  # px, side of the square pictures; a multiple of 2 ** len(widths)
    batch_size: int = 8
    l1_weight: float = 100.0  # lambda of the paper's equation 4
    adversarial_weight: float = 1.0
    learning_rate: float = 8e-4  # of both networks, at the start; the paper's 2e-4 is for batches of one
    schedule: str = "cosine"
    r1_weight: float = 0.0
    widths: tuple[int, ...] = pix2pix.SMALL  # channels of the generator at 1/2, 1/4 ... of the size
    smooth: bool = True  # blur what is painted over three pixels: no grid in plain cloth
    discriminator_width: int = 24
    discriminator_every: int = 2  # steps of the generator for one of the discriminator: a third of the cost saved
    strided: int = 2  # of the discriminator's layers: 2 judges patches of 34 px, 3 of 70 px
    normalised: bool = False  # group normalisation in the discriminator
    redrawn: float = 0.85  # share of the drawings that are redrawn as by hand; 0: the drawings as they are
    painted: float = 0.6  # share of the drawings with a hint of colour
    source: str = "drawing"  # what sources are: "drawing" (lines on paper) or "picture" (used as they are)
    direction: str = "auto"  # of side-by-side pairs: auto, AtoB (the left one is the source), BtoA

    name: ClassVar[str] = "pix2pix"
    ranges: ClassVar[Ranges] = {
        "size": Range(16, 1024, step=1),
        **dict.fromkeys(("l1_weight", "adversarial_weight"), WEIGHT),
        "widths": Range(8, step=8),  # normalised in groups of 8
        **dict.fromkeys(("discriminator_width", "discriminator_every"), COUNT),
        "strided": Range(high=6, step=1),
        **dict.fromkeys(("redrawn", "painted"), SHARE),
    }
    summary: ClassVar[str] = "sketch -> garment, learned from pairs of drawings and photos"
    use: ClassVar[str] = "muslin restyle drawing.jpg --model {model}"
    sizes: ClassVar[tuple[int, ...]] = (64, 96, 128)
    enough_images: ClassVar[int] = 24_000
    default_images: ClassVar[int] = 40_000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.networks["generator"] = pix2pix.generator(self.widths, self.size, self.smooth)
        self.networks["discriminator"] = pix2pix.discriminator(
            self.discriminator_width, self.strided, self.normalised, self.spectral_norm
        )
        # The discriminator comes second and judges the fakes of the generator's step: no pass to make them again.
        self.phases.append(
            Phase("generator", ("generator",), self.generator_loss, self.make_optimizer(), hands_on=("fake",))
        )
        self.phases.append(
            Phase(
                "discriminator",
                ("discriminator",),
                self.discriminator_loss,
                self.make_optimizer(),
                every=self.discriminator_every,
            )
        )

    def check(self) -> None:
        super().check()
        for name, possible in (("source", SOURCES), ("direction", DIRECTIONS)):
            if getattr(self, name) not in possible:
                raise UserError(f"There is no such {name}.", received=repr(getattr(self, name)), possible=possible)
        if self.normalised and self.discriminator_width % 8:
            raise UserError(
                "A normalised discriminator's channels come in groups of 8.",
                received=f"discriminator_width {self.discriminator_width}",
                possible="8, 16, 24, ...",
                exit_code=EXIT_USAGE,
            )

    def judge(self, pairs: Any) -> Any:
        """Logits of N,H,W,6: each source with a target, real or made."""
        return self.networks["discriminator"](pairs, training=True)

    @property
    def separable(self) -> bool:
        return True

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        """adversarial + lambda * mean |target - made| (equation 4); hands on "fake", the source with what was made."""
        source = batch["source"]
        made = self.networks["generator"](source, training=True)
        real, fake = (ops.concatenate([source, target], axis=-1) for target in (batch["target"], made))
        adversarial, logs = self.generator_game(self.judge, real, fake, batch)
        l1 = ops.mean(ops.abs(batch["target"] - made))
        return self.adversarial_weight * adversarial + self.l1_weight * l1, {**logs, "l1": l1, "fake": fake}

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        """Half of the game's loss: "divide the objective by 2 while optimizing D" (section 3.3)."""
        real = ops.concatenate([batch["source"], batch["target"]], axis=-1)
        loss, logs = self.discriminator_game(self.judge, real, batch["fake"], batch)
        return 0.5 * loss, logs

    def stream(self, data: Any, seed: int) -> Stream:
        """data: a folder as in data/pairs.py; None is rendered garments with their drawings."""
        pairs = load_pairs(data, round(ROOM * self.size), direction=self.direction)
        return PairStream(self, pairs, seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows of eight: sources, what is made of them, targets; uint8."""
        batch = stream.batch(0), stream.batch(self.batch_size)
        sources, targets = (np.concatenate([part[name] for part in batch])[:8] for name in ("source", "target"))
        made = ops.convert_to_numpy(networks["generator"](sources, training=False))
        sheet = np.vstack([np.hstack(list(row)) for row in (sources, made, targets)])
        larger = -(-96 // self.size)
        return as_pixels(sheet).repeat(larger, axis=0).repeat(larger, axis=1)

    def evaluation(
        self, networks: Mapping[str, Any], stream: Stream, count: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Drawings are painted, as in use (restyle/drawings.py): KID judges the cloth, not the colour nobody gave."""
        assert isinstance(stream, PairStream)
        judged = stream.painted_as_in_use() if self.painted else stream
        batches = [judged.batch(start) for start in range(0, count, self.batch_size)]
        made = [ops.convert_to_numpy(networks["generator"](batch["source"], training=False)) for batch in batches]
        return as_pixels(np.concatenate(made)), as_pixels(np.concatenate([batch["target"] for batch in batches]))

    def card(self, stream: Stream) -> dict[str, Any]:
        """What the runtime needs: "size", the side it was trained at; "whole": no pair had a mask, so a picture is used
        whole (restyle/translate.py); "drawing": sources are drawings, made ready by data/scan.py, and a hint of colour
        is painted on them; "colours": of the training garments, as #rrggbb, most frequent first. "direction" tells
        which pictures of a pair are its sources (evaluation/making.py).
        """
        assert isinstance(stream, PairStream)
        whole = all(pair.mask is None for pair in stream.pairs)
        entries: dict[str, Any] = {"size": self.size, "whole": whole, "direction": self.direction}
        if self.source == "drawing" and self.painted:
            entries |= {"drawing": True, "colours": stream.colours()}
        return entries


class PairStream(SketchStream):
    """Redrawn pairs, with what the game draws besides."""

    def __init__(self, recipe: Pix2Pix, pairs: list[Pair], seed: int) -> None:
        super().__init__(
            pairs,
            recipe.size,
            recipe.batch_size,
            seed,
            redrawn=recipe.redrawn,
            painted=recipe.painted,
            drawings=recipe.source == "drawing",
        )
        self.recipe = recipe

    def batch(self, images_seen: int) -> Batch:
        rng = np.random.default_rng((self.seed, 2, images_seen))
        return {**super().batch(images_seen), **self.recipe.draws(rng, self.size)}

    def painted_as_in_use(self) -> PairStream:
        """The same pairs and lines, each of them painted."""
        other = copy.copy(self)
        other.painted = 1.0
        return other
