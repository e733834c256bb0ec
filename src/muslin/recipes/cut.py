"""cut: one collection becomes another without pairs, every patch keeping its place by contrast.

Paper:    Park, Efros, Zhang & Zhu 2020, "Contrastive Learning for Unpaired Image-to-Image Translation" (CUT, FastCUT).
Command:  muslin train cut DATA --option source=plain --option target=stripes --minutes 40
          (DATA: trainA and trainB, a folder for each look, or labelled garments; see data/domains.py)
Published: --option preset=cut (or fast) --option network=published --option learning_rate=2e-4 --option schedule=linear
          --option loss=least_squares --option r1_weight=0 --option adversarial_weight=2 --option patches=256
          --option units=256 --size 256 --batch 1

Cost:     53 images a second at 64 px on 2 quiet cores. No GPU run was made.
Expected: a regular figure in 6,400 images, two minutes (benchmarks/translation.py: error 5.5 of 255 where the best
          floor is 26.1); what came of real photographs is in docs/recipes.md.

Passes through the generator in a step (s: source, f: what becomes of it; t, i: target and its identity):
the authors' code runs G(s), E(s), E(f), and for the identity G(t), E(t), E(i). Here the features of s and t come
out of the pass that paints f and i, and the discriminator judges that same f: one pass of G over (s, t) and one of E
over (f, i). E is the encoding half of G.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import losses
from muslin.networks import translators
from muslin.recipes.base import Batch, Phase
from muslin.recipes.ranges import COUNT, POSITIVE, WEIGHT, Ranges
from muslin.recipes.translation import Translation, diversities, laid, refused

# lambda_X and lambda_Y: CUT and FastCUT as in the paper, section 4; "short" is ours, for short runs: in 300 steps on
# the truth world's bands it came to an error of 6, where FastCUT's strong contrast still held on to the input (25); and
# on photos a weight of 1 still did.
PRESETS = {"short": (0.25, 0.0), "cut": (1.0, 1.0), "fast": (10.0, 0.0)}


@dataclass(frozen=True)
class CUT(Translation):
    preset: str = "short"  # short (contrast alone), cut (with identity), fast (FastCUT: ten times the contrast)
    nce_weight: float | None = None  # lambda_X, of PatchNCE; None: the preset's, 0.25, 1 or 10
    identity_weight: float | None = None  # lambda_Y, of PatchNCE between targets and their output; None: 0, or 1 of cut
    patches: int = 64  # places compared in each layer; 256 in the paper
    units: int = 64  # numbers that describe a patch; 256 in the paper
    temperature: float = 0.07  # tau of the contrast
    flip_equivariance: bool = False  # FastCUT's: mirror the input in half of the steps; costs one encoder pass more

    name: ClassVar[str] = "cut"
    ranges: ClassVar[Ranges] = {
        **dict.fromkeys(("nce_weight", "identity_weight"), WEIGHT),
        **dict.fromkeys(("patches", "units"), COUNT),
        "temperature": POSITIVE,
    }
    summary: ClassVar[str] = "one collection of garments takes on the look of another, without pairs (CUT, FastCUT)"
    half_life_images: ClassVar[Mapping[str, float]] = {"generator": 1_000}

    def __post_init__(self) -> None:
        super().__post_init__()
        generator = self.make_generator()
        self.networks["generator"] = generator
        self.networks["discriminator"] = self.make_discriminator()
        self.networks["projector"] = translators.projector(translators.feature_widths(generator), self.units)
        # The discriminator comes second and judges the fakes of the generator's step: no pass to make them again.
        trained = ("generator", "projector")
        self.phases.append(Phase("generator", trained, self.generator_loss, self.make_optimizer(), hands_on=("fake",)))
        self.phases.append(Phase("discriminator", ("discriminator",), self.discriminator_loss, self.make_optimizer()))

    def check(self) -> None:
        super().check()
        if self.preset not in PRESETS:
            raise refused("There is no such preset.", repr(self.preset), sorted(PRESETS))
        if not 2 <= self.patches <= (self.size // 4) ** 2:
            most = (self.size // 4) ** 2
            raise refused("A picture has not so many patches to compare.", self.patches, f"2 to {most}")

    @property
    def weights(self) -> tuple[float, float]:
        """(lambda_X, lambda_Y)."""
        nce, identity = PRESETS[self.preset]
        return (
            nce if self.nce_weight is None else self.nce_weight,
            identity if self.identity_weight is None else self.identity_weight,
        )

    @cached_property
    def _painter(self) -> keras.Model:
        return translators.features(self.networks["generator"], output=True)

    @cached_property
    def _encoder(self) -> keras.Model:
        return translators.features(self.networks["generator"], output=False)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        nce_weight, identity_weight = self.weights
        images, mask = batch["source"], batch["source_mask"]
        if identity_weight:
            images, mask = (ops.concatenate([x, batch[f"target{end}"]]) for x, end in ((images, ""), (mask, "_mask")))
        flip = batch.get("flip")
        seen, mask = mirrored(images, flip), mirrored(mask, flip)
        *keys, made = self._painter(seen, training=True)
        fakes = laid(made, seen, mask)
        queries = [mirrored(feature, flip) for feature in self._encoder(fakes, training=True)]
        if flip is not None:
            keys = self._encoder(images, training=True)
        fake, n = fakes[: self.batch_size], self.batch_size
        loss, logs = self.generator_game(self.judge(), batch["target"], fake, batch)
        loss = self.adversarial_weight * loss
        for name, weight, rows in (("nce", nce_weight, slice(0, n)), ("identity", identity_weight, slice(n, None))):
            if weight:
                logs[name] = self.contrast([q[rows] for q in queries], [k[rows] for k in keys], batch, rows)
                loss = loss + weight * logs[name]
        return loss, logs | diversities(fake, batch["target"]) | {"fake": fake}

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        return self.discriminator_game(self.judge(), batch["target"], batch["fake"], batch)

    def contrast(self, queries: Sequence[Any], keys: Sequence[Any], batch: Batch, rows: slice) -> Any:
        """PatchNCE, mean over the layers: features of the output (queries) and of the input at the same places."""
        places = [batch[f"places{layer}"][rows] for layer in range(len(keys))]
        describe, terms = self.networks["projector"], []
        described = [
            describe([at_places(feature, place) for feature, place in zip(features, places, strict=True)])
            for features in (queries, keys)
        ]
        for query, key in zip(*described, strict=True):
            terms.append(losses.patch_nce(query, key, self.temperature))
        return sum(terms) / len(terms)

    def more_draws(self, rng: np.random.Generator, batch: Batch, images_seen: int) -> Mapping[str, np.ndarray]:
        masks = batch["source_mask"]
        if self.weights[1]:
            masks = np.concatenate([masks, batch["target_mask"]])
        drawn = {
            f"places{layer}": draw_places(rng, masks, stride, self.patches)
            for layer, stride in enumerate(translators.STRIDES)
        }
        if self.flip_equivariance:
            drawn["flip"] = np.full((1, 1, 1, 1), rng.random() < 0.5, np.float32)
        return {**super().more_draws(rng, batch, images_seen), **drawn}


def draw_places(rng: np.random.Generator, masks: np.ndarray, stride: int, count: int) -> np.ndarray:
    """Different places of a feature map for each picture, those inside its garment first. N,S,S,1 -> int32 N,count.

    A place is row * (S / stride) + column.
    """
    middle = stride // 2
    inside = masks[:, middle::stride, middle::stride, 0].reshape(len(masks), -1) > 0.5
    order = rng.random(inside.shape) + ~inside
    return np.argpartition(order, count - 1, axis=1)[:, :count].astype(np.int32)


def at_places(features: Any, places: Any) -> Any:
    """N,H,W,C and N,P -> N,P,C."""
    flat = ops.reshape(features, (features.shape[0], -1, features.shape[-1]))
    return ops.take_along_axis(flat, places[:, :, None], axis=1)


def mirrored(images: Any, flip: Any | None) -> Any:
    """Left for right where `flip` (1,1,1,1) is 1; None: as they are."""
    return images if flip is None else images + flip * (images[:, :, ::-1] - images)
