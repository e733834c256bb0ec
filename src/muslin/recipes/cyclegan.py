"""cyclegan: two collections become each other without pairs; there and back again must end where it began.

Paper:    Zhu, Park, Isola & Efros 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
          Networks".
Command:  muslin train cyclegan DATA --option source=plain --option target=stripes --minutes 60
          (DATA: trainA and trainB, a folder for each look, or labelled garments; see data/domains.py)
Published: --option preset=published --option network=published --option learning_rate=2e-4 --option schedule=linear
          --option loss=least_squares --option r1_weight=0 --option adversarial_weight=2 --size 256 --batch 1

Cost:     21 images a second at 64 px on 2 quiet cores, 2.5 times the work of cut. No GPU run was made.
Expected: benchmarks/translation.py after 6,400 images at 64 px: error 3.5 of 255 (best floor 26.1); docs/recipes.md

Passes in a step: each generator paints its own input and, for the identity loss, the other domain in one pass, and
comes a second time for the cycle: two passes each. The discriminators judge what the generators' step made, so nothing
is painted twice. The pool of past fakes is the authors': it is part of the run's state, and which of its places is
shown or replaced comes with the batch, so that a run that is continued is the same run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import losses
from muslin.recipes.base import Batch, Phase, Stream
from muslin.recipes.ranges import COUNT_OR_NONE, WEIGHT, Ranges
from muslin.recipes.translation import Translation, TranslationStream, diversities, laid, refused

# Weights of cycle and identity: "published" as in section 5.2 and the authors' code; "short" is ours, for runs
# of minutes: the small generators begin as the identity, which the published weights hold fast (300 steps on the truth
# world's bands changed nothing).
PRESETS = {"short": (1.0, 0.0), "published": (10.0, 5.0)}
DIRECTIONS = ("target", "source")  # what the fakes look like; the pools are in this order


@dataclass(frozen=True)
class CycleGAN(Translation):
    preset: str = "short"  # short (a light cycle, no identity loss) or published
    cycle_weight: float | None = None  # of the mean absolute error after there and back; None: the preset's, 1 or 10
    identity_weight: float | None = None  # of the change of a picture that is in its domain already; None: 0 or 5
    pool: int = 50  # past fakes of each kind kept to be judged again; 0: only the latest

    name: ClassVar[str] = "cyclegan"
    ranges: ClassVar[Ranges] = {**dict.fromkeys(("cycle_weight", "identity_weight"), WEIGHT), "pool": COUNT_OR_NONE}
    summary: ClassVar[str] = "two collections of garments take on each other's look, without pairs (CycleGAN)"
    exported: ClassVar[tuple[str, ...]] = ("generator", "generator_back")
    half_life_images: ClassVar[Mapping[str, float]] = {"generator": 1_000, "generator_back": 1_000}

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.exported:
            self.networks[name] = self.make_generator()
        for kind in DIRECTIONS:
            self.networks[f"discriminator_{kind}"] = self.make_discriminator()
        for kind in DIRECTIONS if self.pool else ():
            past = np.zeros((self.pool, self.size, self.size, 3), np.float32)
            self.state.append(keras.Variable(past, trainable=False, name=f"pool_{kind}"))
        judges = tuple(f"discriminator_{kind}" for kind in DIRECTIONS)
        judged = tuple(f"judged_{kind}" for kind in DIRECTIONS)
        self.phases.append(
            Phase("generator", self.exported, self.generator_loss, self.make_optimizer(), hands_on=judged)
        )
        self.phases.append(Phase("discriminator", judges, self.discriminator_loss, self.make_optimizer()))

    def check(self) -> None:
        super().check()
        if self.preset not in PRESETS:
            raise refused("There is no such preset.", repr(self.preset), sorted(PRESETS))
        if self.pool and self.pool < self.batch_size:
            raise refused("The pool holds a batch at least.", self.pool, f"0, or {self.batch_size} and more")

    @property
    def weights(self) -> tuple[float, float]:
        """Of the cycle and of the identity."""
        cycle, identity = PRESETS[self.preset]
        return (
            cycle if self.cycle_weight is None else self.cycle_weight,
            identity if self.identity_weight is None else self.identity_weight,
        )

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        there, back = self.networks["generator"], self.networks["generator_back"]
        source, target = batch["source"], batch["target"]
        source_mask, target_mask = batch["source_mask"], batch["target_mask"]
        fake_target, same_target = self.paint(there, source, source_mask, target, target_mask)
        fake_source, same_source = self.paint(back, target, target_mask, source, source_mask)
        logs = {
            "cycle": losses.masked_error(back(fake_target, training=True), source, source_mask)
            + losses.masked_error(there(fake_source, training=True), target, target_mask)
        }
        cycle_weight, identity_weight = self.weights
        loss = cycle_weight * logs["cycle"]
        if identity_weight:
            logs["identity"] = losses.masked_error(same_target, target, target_mask) + losses.masked_error(
                same_source, source, source_mask
            )
            loss = loss + identity_weight * logs["identity"]
        for kind, fake, real in (("target", fake_target, target), ("source", fake_source, source)):
            logs[f"judged_{kind}"] = self.remember(kind, fake, batch)
            adversarial, _ = self.generator_game(self.judge(f"discriminator_{kind}"), real, fake, batch)
            logs[f"adversarial_{kind}"] = adversarial
            loss = loss + self.adversarial_weight * adversarial
        return loss, logs | diversities(fake_target, target)

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        loss: Any = 0.0
        logs: dict[str, Any] = {}
        for kind in DIRECTIONS:
            judge, fake = self.judge(f"discriminator_{kind}"), batch[f"judged_{kind}"]
            own, found = self.discriminator_game(judge, batch[kind], fake, batch)
            loss = loss + own
            logs |= {key if kind == "target" else f"source_{key}": value for key, value in found.items()}
        return loss, logs

    def paint(self, generator: Any, images: Any, mask: Any, others: Any, others_mask: Any) -> tuple[Any, Any]:
        """(fakes of `images`, what becomes of `others`, which should stay), in one pass; each laid over its input."""
        if not self.weights[1]:
            return laid(generator(images, training=True), images, mask), others
        under, inside = ops.concatenate([images, others]), ops.concatenate([mask, others_mask])
        made = laid(generator(under, training=True), under, inside)
        return made[: self.batch_size], made[self.batch_size :]

    def remember(self, kind: str, fake: Any, batch: Batch) -> Any:
        """What the discriminator shall see: these fakes, or older ones in whose places of the pool these go."""
        fake = ops.stop_gradient(fake)
        if self.pool:
            pool, place = self.kept(f"pool_{kind}"), batch[f"pool_place_{kind}"]  # N,P: 1 at the place
            shown, stored = batch[f"pool_shown_{kind}"], batch[f"pool_stored_{kind}"]  # N,1,1,1: 0 or 1
            older = ops.einsum("np,phwc->nhwc", place, pool.value)
            change = ops.einsum("np,nhwc->phwc", place, stored * (fake - older))
            pool.assign(pool.value + change)
            fake = fake + shown * (older - fake)
        return fake

    def kept(self, name: str) -> Any:
        return next(variable for variable in self.state if variable.name == name)

    def more_draws(self, rng: np.random.Generator, batch: Batch, images_seen: int) -> Mapping[str, np.ndarray]:
        drawn = dict(super().more_draws(rng, batch, images_seen))
        for kind in DIRECTIONS if self.pool else ():
            places, shown, stored = draw_pool(rng, self.pool, self.batch_size, images_seen)
            drawn[f"pool_place_{kind}"] = np.eye(self.pool, dtype=np.float32)[places]
            drawn[f"pool_shown_{kind}"] = shown.reshape(-1, 1, 1, 1)
            drawn[f"pool_stored_{kind}"] = stored.reshape(-1, 1, 1, 1)
        return drawn

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Sources, what becomes of them, targets, what becomes of them."""
        assert isinstance(stream, TranslationStream)
        rows = []
        for domain, name in zip(stream.examples(10), self.exported, strict=True):
            rows += [domain.images, self.translate(networks[name], domain.images, domain.masks)]
        count = min(len(row) for row in rows)
        return np.vstack([np.hstack(list(row[:count])) for row in rows])


def draw_pool(
    rng: np.random.Generator, size: int, count: int, images_seen: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(places, shown, stored) of the pool of past fakes (Shrivastava et al. 2017, section 2.3; ImagePool of CycleGAN).

    While it fills, each fake is stored and shown itself. Then half of them, by chance, change places with an older
    fake, which is shown instead. places: ints, all different; shown, stored: float32, 0 or 1; `count` of each.
    images_seen: a multiple of `count`.
    """
    size -= size % count  # places that whole batches fill: none is empty when the exchange begins
    if images_seen < size:
        return images_seen + np.arange(count), np.zeros(count, np.float32), np.ones(count, np.float32)
    swapped = (rng.random(count) < 0.5).astype(np.float32)
    return rng.choice(size, count, replace=False), swapped, swapped
