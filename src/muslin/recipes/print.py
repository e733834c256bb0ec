"""print: noise and a look become a seamless print, arranged from real swatches or painted pixel by pixel.

Paper: none for the arranging generator (docs/recipes.md argues it). Ancestors: fully convolutional texture GANs with
periodic tiles (Bergmann et al. 2017, "Learning Texture Manifolds with the Periodic Spatial GAN"), smooth fields through
a sharp guide (Gharbi et al. 2017), projection discriminator (Miyato & Koyama 2018), R1 (Mescheder et al. 2018).
Command: muslin train print SWATCHES --minutes 40; muslin learn SWATCHES --name mylook
Cost: see docs/recipes.md, "print".
Score: docs/recipes.md, "print".

The generator does not paint. Random cloths of a look lie on one periodic tile; it sees them, small, and predicts
smooth fields that say where each of them shows, how it is bent and tinted. Pixels come from the swatches, so prints
are as sharp as these; how much of the tile each cloth has is drawn with the noise and kept exactly, so a print is never
one swatch alone. `synthesis="paint"` is the plain way: a fully convolutional generator of pixels. Padding is circular
in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from keras import ops

from muslin.data.print_stream import PrintStream
from muslin.data.prints import embedded_looks, load_looks
from muslin.errors import EXIT_USAGE, UserError
from muslin.images import as_pixels
from muslin.networks import prints
from muslin.recipes.base import Batch, Phase, Stream
from muslin.recipes.game import Game
from muslin.recipes.ranges import COUNT, WEIGHT, Range, Ranges
from muslin.textiles.exemplars import Look, make_look, save_bank

SYNTHESES = ("arrange", "paint")
BANK_EXEMPLARS = 480  # in all looks together: about 10 MB as a model
FEWEST_EXEMPLARS, MOST_EXEMPLARS = 6, 24  # of one look
LOOK_TABLES = ("codes/kernel", "look_embedding/kernel")  # weights with a row for each look


@dataclass(frozen=True)
class Print(Game):
    batch_size: int = 8
    size: int = 64  # px, side of the tiles in training, one unit; a multiple of 64
    looks: int = 64  # room for so many
    synthesis: str = "arrange"  # arrange real swatches, or paint pixels
    widths: tuple[int, ...] = (16, 32, 48)  # of the arranging generator
    channels: int = 24  # of the painting generator at full size
    discriminator_widths: tuple[int, ...] = (24, 48, 96)
    ghosting_weight: float = 0.02  # of pixels where two cloths shine through each other; more makes a patchwork
    anchor_weight: float = 0.05  # of the squared fields: without a reason they stay at the good answer they start from
    bend_weight: float = 2.0  # of slopes of the warp
    r1_weight: float = 0.01  # gamma / 2, on the sum of 64 patch logits: 40 on their mean; weaker lets it win
    learning_rate: float = 1e-3
    beta_1: float = 0.0
    beta_2: float = 0.99
    schedule: str = "linear"
    begin: str = ""  # a file of weights to start from (training.npz of a model)
    look: str = ""  # take all swatches for one look of this name, none held out

    name: ClassVar[str] = "print"
    ranges: ClassVar[Ranges] = {
        "size": Range(64, 1024, step=64),
        "looks": COUNT,
        "widths": Range(8, step=8, length=(3, 3)),  # normalised in groups of 8
        "channels": Range(8, step=8),
        "discriminator_widths": COUNT,
        **dict.fromkeys(("ghosting_weight", "anchor_weight", "bend_weight"), WEIGHT),
    }
    summary: ClassVar[str] = "seamless prints in a look, arranged from real swatches"
    use: ClassVar[str] = "muslin imagine {model} -n 24"
    enough_images: ClassVar[int] = 2_000
    default_images: ClassVar[int] = 20_000
    exported: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    half_life_images: ClassVar[Mapping[str, float]] = {"generator": 2_000, "style_codes": 2_000}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.synthesis not in SYNTHESES:
            raise UserError(
                "There is no such synthesis.", received=repr(self.synthesis), possible=SYNTHESES, exit_code=EXIT_USAGE
            )
        arranging = self.synthesis == "arrange"
        self.networks["generator"] = prints.field_generator(self.widths) if arranging else prints.painter(self.channels)
        self.networks["style_codes"] = prints.style_codes(self.looks)
        self.networks["discriminator"] = prints.print_discriminator(
            self.looks, self.discriminator_widths, spectral_norm=self.spectral_norm
        )
        if self.begin:
            load_weights(self.networks, Path(self.begin))
        for name, trains, loss in (
            ("discriminator", ("discriminator",), self.discriminator_loss),
            ("generator", ("generator", "style_codes"), self.generator_loss),
        ):
            self.phases.append(Phase(name, trains, loss, self.make_optimizer()))

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake, _ = self.make(batch)
        return self.discriminator_game(self.judge(batch), batch["real"], fake, batch)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fake, known = self.make(batch)
        loss, logs = self.generator_game(self.judge(batch), batch["real"], fake, batch)
        if known:
            weights = {"ghosting": self.ghosting_weight, "bend": self.bend_weight, "anchor": self.anchor_weight}
            loss = loss + sum(weight * known[name] for name, weight in weights.items())
            logs |= {name: known[name] for name in weights}
        return loss, logs

    def make(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        """(prints N,S,S,3 in [-1, 1], what the renderer knows)."""
        batch = {name: ops.convert_to_tensor(array) for name, array in batch.items()}
        code = self.networks["style_codes"](batch["look"], training=True)
        if self.synthesis == "paint":
            noise = paint_noise(batch["noise"], self.size)
            return self.networks["generator"]([noise, code], training=True), {}
        given = [prints.seen(batch["cloths"]), batch["shares"], batch["noise"], code]
        fields = self.networks["generator"](given, training=True)["fields"]
        return prints.render(batch["cloths"], batch["shares"], batch["noise"], fields, batch.get("calm"))

    def judge(self, batch: Batch) -> Any:
        return lambda images: self.networks["discriminator"]([images, batch["look"]], training=True)

    def stream(self, data: Any, seed: int) -> PrintStream:
        """data: a folder of swatches (data/prints.py), looks as a dict, or None for muslin's own textiles."""
        if isinstance(data, Mapping):
            looks = dict(data)
        elif data is None:
            looks = embedded_looks()
        else:  # a look of one's own is learned from all there is, garments that wear it too
            looks = load_looks(Path(data), held=None if self.look else False, worn=bool(self.look))
        if self.look:
            looks = {self.look: [swatch for swatches in looks.values() for swatch in swatches]}
        if len(looks) > self.looks:
            raise UserError(
                "The recipe has no room for so many looks.",
                received=f"{len(looks)} looks in the collection",
                possible=f"up to {self.looks}; more with the option looks={len(looks)}",
                exit_code=EXIT_USAGE,
            )
        return PrintStream(looks, make_bank(looks), self.size, self.batch_size, seed, room=self.looks)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows of prints beside real cloth of the same look and colours."""
        batches = [stream.batch(number * self.batch_size) for number in range(3)]
        rows = []
        for batch in batches:
            fake = np.asarray(ops.convert_to_numpy(self.make(batch)[0]))
            rows += [np.hstack(list(fake)), np.hstack(list(batch["real"]))]
        return as_pixels(np.vstack(rows))

    def evaluation(
        self, networks: Mapping[str, Any], stream: Stream, count: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Prints, and real cloth of the same looks and colours."""
        batches = [stream.batch(10**9 + number * self.batch_size) for number in range(-(-count // self.batch_size))]
        made = np.concatenate([np.asarray(ops.convert_to_numpy(self.make(batch)[0])) for batch in batches])
        real = np.concatenate([batch["real"] for batch in batches])
        return as_pixels(made[:count]), as_pixels(real[:count])

    def card(self, stream: Stream) -> dict[str, Any]:
        assert isinstance(stream, PrintStream)
        return {"size": self.size, "synthesis": self.synthesis, "looks": list(stream.names)}

    def checked_inputs(self, network: str, size: int) -> dict[str, tuple[int | None, ...]]:
        """Noise is coarser than what is made of it: 4 times than the cloths seen, 8 times than what is painted."""
        axes = {tensor.name: tuple(tensor.shape) for tensor in self.networks[network].inputs}
        if "noise" in axes:
            coarse = size // (4 if "layers" in axes else 8)
            axes["noise"] = (*axes["noise"][:-3], coarse, coarse, axes["noise"][-1])
        return axes

    def write_files(self, stream: Stream, folder: Path) -> None:
        """What a model of prints needs beside its networks: the bank of swatches, and weights to learn on from."""
        assert isinstance(stream, PrintStream)
        codes = np.asarray(ops.convert_to_numpy(self.networks["style_codes"](np.eye(self.looks, dtype=np.float32))))
        save_bank(
            {name: replace(stream.bank[name], style_code=codes[number]) for number, name in enumerate(stream.names)},
            folder,
        )
        save_weights(self.networks, folder / "training.npz", used=len(stream.names))


def make_bank(looks: Mapping[str, list[np.ndarray]]) -> dict[str, Look]:
    """Exemplars for each look, as many as a model may carry."""
    count = int(np.clip(BANK_EXEMPLARS // len(looks), FEWEST_EXEMPLARS, MOST_EXEMPLARS))
    return {name: make_look(swatches, count) for name, swatches in looks.items()}


def paint_noise(noise: Any, size: int) -> Any:
    """The noise of all layers as one map, N,size/8,size/8,C."""
    noise = ops.transpose(noise, (0, 2, 3, 1, 4))
    noise = ops.reshape(noise, (-1, noise.shape[1], noise.shape[2], noise.shape[3] * noise.shape[4]))
    step = noise.shape[1] * 8 // size
    return noise[:, ::step, ::step]


def save_weights(networks: Mapping[str, Any], path: Path, used: int) -> None:
    """Half precision: to learn on from, not to repeat a run. used: how many of the looks' rows mean something."""
    arrays = {
        f"{name}/{number}": np.asarray(ops.convert_to_numpy(value)).astype(np.float16)
        for name, network in networks.items()
        for number, value in enumerate(network.weights)
    }
    np.savez_compressed(path, used=np.array(used), **arrays)  # type: ignore[arg-type]


def load_weights(networks: Mapping[str, Any], path: Path) -> None:
    """Start from another model's weights, all looks from the mean of the looks it knew.

    Raises UserError when the file does not fit these networks.
    """
    with np.load(path) as arrays:
        for name, network in networks.items():
            for number, variable in enumerate(network.weights):
                key = f"{name}/{number}"
                stored = arrays[key].astype(np.float32) if key in arrays else np.zeros(0, np.float32)
                if variable.path.endswith(LOOK_TABLES):
                    mean = stored[: int(arrays["used"])].mean(axis=0, keepdims=True)
                    stored = np.repeat(mean, variable.shape[0], axis=0)
                if stored.shape != tuple(variable.shape):
                    raise UserError(
                        f"The weights in '{path}' are of another network.",
                        received=stored.shape,
                        possible=tuple(variable.shape),
                    )
                variable.assign(stored)
