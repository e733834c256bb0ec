"""stargan_v2: many looks in one network, taken from noise or from a reference picture.

Paper:    Choi, Uh, Yoo & Ha 2020, "StarGAN v2: Diverse Image Synthesis for Multiple Domains", section 2.2.
Command:  muslin train stargan_v2 DATA --minutes 40        (DATA: a folder for each look, or a labelled collection)
Cost:     21 images a second at 64 px on 2 quiet cores: 20 minutes for the default length. No GPU run was made.
Expected: benchmarks/looks.py after 24,000 images at 32 px: CIEDE2000 to the right answer 8.2 (best floor 10.1), the
          right pattern on 94 % (floors: none).

The published configuration: size=256 channels=64 max_channels=512 levels=4 blocks=2 patch=1 place=no folds=no
style_size=64 mapping_width=512 mapping_depth=4 mapping_rate=0.01 batch_size=16 learning_rate=1e-4
diversity_images=800000 background=no.

Departures, and why:
- Half of a batch is guided by noise and half by references, in one step; the paper takes a step on each in turn. As
  there, the style encoder learns from what it must recognise and rebuild, not from what the discriminator thinks of
  the codes that it takes from references.
- The discriminator's real pictures are the references, which show the look that the fakes should have.
- `background`: what lies outside the garment's mask is the source's own, in training as in use, so that no network
  learns to paint it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from keras import ops

from muslin.data.domains import Domain, list_domains, load_domains
from muslin.errors import EXIT_DATA, EXIT_USAGE, UserError
from muslin.images import as_pixels
from muslin.networks import stargan_v2 as networks
from muslin.recipes.base import Batch, Phase, Stream
from muslin.recipes.game import Game
from muslin.recipes.ranges import COUNT, COUNT_OR_NONE, POSITIVE, WEIGHT, Range, Ranges

Tensor = Any

EMBEDDED_LOOKS = ("plain", "stripes", "polka dots", "floral")  # textiles of the rendered garments
FEWEST_PICTURES = 40  # of a look that is learned without having been named
MOST_LOOKS = 8  # learned without having been named
PREVIEWED = 6  # sources


@dataclass(frozen=True)
class StarGANv2(Game):
    size: int = 64  # px, side of the square pictures
    batch_size: int = 8  # half guided by noise, half by references
    looks: tuple[str, ...] = ()  # by name; none named: those of DATA with most pictures, at most 8
    latent_size: int = 16  # numbers of noise
    style_size: int = 32  # numbers of a style code
    channels: int = 24  # at the first map; doubled at each halving
    max_channels: int = 128
    levels: int = 2  # halvings down to the generator's bottleneck
    blocks: int = 1  # residual blocks at the bottleneck, on each side of where the style comes in
    patch: int = 2  # px on a side folded into channels: 2, or 1 as in the paper
    place: bool = True  # tell the generator's bottleneck where it is; False as in the paper
    folds: bool = True  # hand the picture's luminance through; False: the generator paints it anew, as in the paper
    mapping_width: int = 64  # of the mapping network's layers
    mapping_depth: int = 3  # layers shared by all looks, and layers of each look
    mapping_rate: float = 0.1  # the mapping network's learning rate, as a share of the others'
    style_weight: float = 1.0  # of the style reconstruction
    diversity_weight: float = 1.0  # of the difference between two styles of one picture, at the start
    diversity_images: int = 8_000  # over which that weight goes down to 0
    cycle_weight: float = 1.0
    background: bool = True  # keep the source's own pixels outside its mask
    r1_weight: float = 0.5
    learning_rate: float = 1e-3
    beta_1: float = 0.0
    beta_2: float = 0.99

    name: ClassVar[str] = "stargan_v2"
    ranges: ClassVar[Ranges] = {
        "size": Range(16, 1024, step=1),
        "batch_size": Range(2, step=2),
        **dict.fromkeys(("latent_size", "style_size", "channels", "max_channels", "levels", "blocks"), COUNT),
        "patch": Range(1, 2, step=1),
        **dict.fromkeys(("mapping_width", "mapping_depth"), COUNT),
        "mapping_rate": POSITIVE,
        **dict.fromkeys(("style_weight", "diversity_weight", "cycle_weight"), WEIGHT),
        "diversity_images": COUNT_OR_NONE,
    }
    summary: ClassVar[str] = "many looks in one network, from noise or from a reference picture"
    use: ClassVar[str] = "muslin restyle photo.jpg --model {model} --reference cloth.jpg"
    sizes: ClassVar[tuple[int, ...]] = (64, 96, 128)
    enough_images: ClassVar[int] = 12_000
    default_images: ClassVar[int] = 24_000
    exported: ClassVar[tuple[str, ...]] = ("generator", "mapping_network", "style_encoder")
    # KID compares all looks together: garments that hardly changed score well, though none shows its look.
    keeps_best: ClassVar[bool] = False
    half_life_images: ClassVar[Mapping[str, float]] = dict.fromkeys(exported, 1_500)

    def __post_init__(self) -> None:
        super().__post_init__()
        named = len(self.looks)
        # The networks are built before the pictures are known: heads that find no look stay as they are.
        count, trunk = named or MOST_LOOKS, (self.channels, self.max_channels, self.patch)
        if isinstance(self.looks, str) or named == 1 or len(set(self.looks)) < named:
            raise UserError(
                "stargan_v2 needs two looks or more, each named once.",
                received=f"looks {self.looks!r}",
                exit_code=EXIT_USAGE,
            )
        if self.size % 2**self.levels:
            raise UserError(
                "The generator halves its picture at every level.",
                received=f"{self.size} px, {self.levels} levels",
                possible=f"multiples of {2**self.levels} px, or fewer levels",
                exit_code=EXIT_USAGE,
            )
        self.networks["generator"] = networks.generator(
            self.style_size,
            self.channels,
            self.max_channels,
            self.levels,
            self.blocks,
            self.patch,
            self.place,
            self.folds,
        )
        self.networks["mapping_network"] = networks.mapping_network(
            count, self.latent_size, self.style_size, self.mapping_width, self.mapping_depth, self.mapping_rate
        )
        self.networks["style_encoder"] = networks.style_encoder(count, self.size, self.style_size, *trunk)
        self.networks["discriminator"] = networks.discriminator(
            count, self.size, *trunk, spectral_norm=self.spectral_norm
        )
        self.phases.append(Phase("discriminator", ("discriminator",), self.discriminator_loss, self.make_optimizer()))
        self.phases.append(Phase("generator", self.exported, self.generator_loss, self.make_optimizer()))

    def styles(self, batch: Batch, which: str) -> Tensor:
        """Style codes N,S of the batch's targets: of noise for its first half, of references for the second.

        which: "" or "_2", the second of the two styles whose difference is wanted.
        """
        half = self.batch_size // 2
        looks = batch["target_look"]
        latent = self.networks["mapping_network"](batch[f"latent{which}"][:half], training=True)
        reference = self.networks["style_encoder"](batch[f"reference{which}"][half:], training=True)
        return ops.concatenate(
            [of_look(latent, looks[:half]), of_look(ops.stop_gradient(reference), looks[half:])], axis=0
        )

    def restyled(self, images: Tensor, styles: Tensor, batch: Batch) -> Tensor:
        """What the generator makes of `images`, on their own background."""
        made = self.networks["generator"]([images, styles], training=True)
        return images + batch["mask"] * (made - images) if self.background else made

    def judge(self, batch: Batch) -> Any:
        """images -> logits N,1: real or fake, as the look that the batch aims at."""
        return lambda images: of_look(
            self.networks["discriminator"](images, training=True)[..., None], batch["target_look"]
        )

    def discriminator_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        fake = self.restyled(batch["source"], ops.stop_gradient(self.styles(batch, "")), batch)
        return self.discriminator_game(self.judge(batch), batch["reference"], fake, batch)

    def generator_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        source, encode = batch["source"], self.networks["style_encoder"]
        style, other = self.styles(batch, ""), self.styles(batch, "_2")
        fake = self.restyled(source, style, batch)
        fake_2 = self.restyled(source, ops.stop_gradient(other), batch)
        rebuilt = self.restyled(fake, of_look(encode(source, training=True), batch["source_look"]), batch)
        adversarial, logs = self.generator_game(self.judge(batch), batch["reference"], fake, batch)
        recognised = of_look(encode(fake, training=True), batch["target_look"])
        logs |= {
            "style": mean_difference(recognised, style),
            "differing": mean_difference(fake, ops.stop_gradient(fake_2)),
            "cycle": mean_difference(rebuilt, source),
        }
        loss = (
            adversarial
            + self.style_weight * logs["style"]
            - ops.mean(batch["diversity_weight"]) * logs["differing"]
            + self.cycle_weight * logs["cycle"]
        )
        return loss, logs

    def stream(self, data: Any, seed: int) -> LookStream:
        """data: what load_domains takes, or name -> Domain."""
        if isinstance(data, Mapping):
            counts = {name: len(pictures) for name, pictures in data.items()}
        else:
            counts = {} if data is None else {name: len(items) for name, items in list_domains(data).items()}
        looks = self.looks or (EMBEDDED_LOOKS if data is None else chosen_looks(counts))
        if isinstance(data, Mapping) and all(isinstance(pictures, Domain) for pictures in data.values()):
            return LookStream(self, [data[name] for name in looks], seed)
        return LookStream(self, list(load_domains(data, self.size, looks).values()), seed)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Above: a reference of each look. Rows: a source; each look from noise; each look from its reference."""
        assert isinstance(stream, LookStream)
        batch, count = stream.examples(PREVIEWED), len(stream.looks)
        codes = {
            "latent": ops.convert_to_numpy(networks["mapping_network"](batch["latent"], training=False)),
            "reference": ops.convert_to_numpy(networks["style_encoder"](batch["reference"], training=False)),
        }
        blank = np.ones((1, self.size, self.size, 3), np.float32)
        rows = [np.concatenate([blank, *[blank] * count, *batch["reference"][:, None]])]
        for index, source in enumerate(batch["source"]):
            styles = [codes["latent"][index, look] for look in range(count)]
            styles += [codes["reference"][look, look] for look in range(count)]
            sources = np.repeat(source[None], 2 * count, axis=0)
            made = ops.convert_to_numpy(networks["generator"]([sources, np.stack(styles)], training=False))
            made = sources + batch["mask"][index] * (made - sources) if self.background else made
            rows.append(np.concatenate([source[None], made]))
        sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
        return as_pixels(sheet)

    def card(self, stream: Stream) -> dict[str, Any]:
        assert isinstance(stream, LookStream)
        return {
            "size": self.size,
            "latent_size": self.latent_size,
            "looks": stream.looks,
        }

    def evaluation(self, networks: Mapping[str, Any], stream: Stream, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Sources in the look of noise, beside pictures of those looks."""
        assert isinstance(stream, LookStream)
        made, real = [], []
        for start in range(0, count, self.batch_size):
            batch = stream.batch(start)
            codes = of_look(networks["mapping_network"](batch["latent"], training=False), batch["target_look"])
            pair = [ops.convert_to_tensor(batch["source"]), codes]
            painted = ops.convert_to_numpy(networks["generator"](pair, training=False))
            kept = batch["mask"] if self.background else 1.0
            made.append(batch["source"] + kept * (painted - batch["source"]))
            real.append(batch["reference"])
        return as_pixels(np.concatenate(made)[:count]), as_pixels(np.concatenate(real)[:count])


class LookStream:
    """Sources, targets and styles as a pure function of (seed, images_seen). Each look is aimed at equally often.

    A source is the same kind of garment as the reference (blouse, trousers...), where the folders say so: else the
    discriminator would learn that denim means trousers, which no generator that keeps the outline can mend.
    """

    def __init__(self, recipe: StarGANv2, domains: Sequence[Domain], seed: int) -> None:
        self.recipe, self.domains, self.seed = recipe, domains, seed
        self.looks = [domain.name for domain in domains]
        self.heads = len(recipe.looks) or MOST_LOOKS
        self.kinds = garment_kinds([domain.keys for domain in domains])
        self.rows = [{kind: np.flatnonzero(np.array(kinds) == kind) for kind in set(kinds)} for kinds in self.kinds]

    def batch(self, images_seen: int) -> Batch:
        recipe, rng = self.recipe, np.random.default_rng([self.seed, images_seen])
        count, looks = recipe.batch_size, len(self.domains)
        from_look, to_look = rng.integers(looks, size=(2, count))
        shown = [self.drawn(rng, look) for look in to_look]
        sources = [self.like(rng, look, *target) for look, target in zip(from_look, shown, strict=True)]
        from_look = np.array([look for look, _ in sources])
        source, mask = self.pictures(rng, sources)
        fade = max(0.0, 1.0 - images_seen / max(1, recipe.diversity_images))
        batch = {
            "source": source,
            "mask": mask,
            "source_look": np.eye(self.heads, dtype=np.float32)[from_look],
            "target_look": np.eye(self.heads, dtype=np.float32)[to_look],
            "reference": self.pictures(rng, shown)[0],
            "reference_2": self.pictures(rng, [self.drawn(rng, look) for look in to_look])[0],
            "diversity_weight": np.full(count, recipe.diversity_weight * fade, np.float32),
        }
        for name in ("latent", "latent_2"):
            batch[name] = rng.standard_normal((count, recipe.latent_size)).astype(np.float32)
        return {**batch, **recipe.draws(rng, recipe.size)}

    def drawn(self, rng: np.random.Generator, look: int) -> tuple[int, int]:
        """(look, index) of any picture of a look."""
        return look, int(rng.integers(len(self.domains[look])))

    def like(self, rng: np.random.Generator, look: int, shown_look: int, shown: int) -> tuple[int, int]:
        """(look, index) of a source of `look` that is the same kind of garment as a reference.

        Where the look has none of that kind, it comes from the reference's own.
        """
        kind = self.kinds[shown_look][shown]
        for origin in (look, shown_look):
            rows = self.rows[origin].get(kind)
            if rows is not None:
                return origin, int(rows[rng.integers(len(rows))])
        raise AssertionError("a reference is of its own kind")

    def pictures(self, rng: np.random.Generator, chosen: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        """(look, index) of each, half of them mirrored: N,S,S,3 in [-1, 1], and masks N,S,S,1 in [0, 1]."""
        images, masks = [], []
        for look, index in chosen:
            step = -1 if rng.random() < 0.5 else 1
            images.append(self.domains[look].images[index][:, ::step])
            masks.append(self.domains[look].masks[index][:, ::step])
        return (
            np.stack(images).astype(np.float32) / 127.5 - 1.0,
            np.stack(masks).astype(np.float32)[..., None] / 255.0,
        )

    def examples(self, count: int) -> Batch:
        """Always the same: `count` sources and latents, and a reference of each look."""
        rng, looks = np.random.default_rng(0), len(self.domains)
        shown = [self.drawn(rng, look) for look in range(looks)]
        source, mask = self.pictures(rng, [self.drawn(rng, index % looks) for index in range(count)])
        latent = rng.standard_normal((count, self.recipe.latent_size)).astype(np.float32)
        return {
            "source": source,
            "mask": mask,
            "latent": latent,
            "reference": self.pictures(rng, shown)[0],
        }


def garment_kinds(keys: Sequence[Sequence[str]]) -> list[list[str]]:
    """The folder of each picture of each look, where several looks have such a folder; '' elsewhere."""
    folders = [[key.rpartition("/")[0] for key in look] for look in keys]
    sets = [set(look) for look in folders]
    shared = {kind for look in sets for kind in look if sum(kind in other for other in sets) > 1}
    return [[kind if kind in shared else "" for kind in look] for look in folders]


def of_look(values: Tensor, looks: Tensor) -> Tensor:
    """The row of each picture's own look: N,L,S and one-hot N,L -> N,S."""
    return ops.sum(values * ops.expand_dims(looks, axis=-1), axis=1)


def mean_difference(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference: the distance in the paper's style, diversity and cycle losses."""
    return ops.mean(ops.abs(a - b))


def chosen_looks(counts: Mapping[str, int]) -> tuple[str, ...]:
    """The looks to learn, by name, where `counts` are the pictures of each. Raises UserError for fewer than two."""
    enough = [name for name in sorted(counts) if counts[name] >= FEWEST_PICTURES]
    if len(enough) < 2:  # a small collection is learned as it is
        enough = [name for name in sorted(counts) if counts[name] > 1]
    if len(enough) < 2:
        raise UserError(
            "stargan_v2 needs pictures of two looks or more.",
            received=", ".join(f"{name} ({count})" for name, count in counts.items()) or "none",
            advice="Put the pictures of each look into a folder of its name.",
            exit_code=EXIT_DATA,
        )
    return tuple(sorted(sorted(enough, key=lambda name: -counts[name])[:MOST_LOOKS]))
