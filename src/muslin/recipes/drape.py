"""drape: a garment photo becomes the fields on which any cloth can be laid. The recipe of this project.

Paper: none; docs/architecture.md argues it. Ancestors: intrinsic images by ratio (Barrow & Tenenbaum 1978),
dense pose fields (Gueler et al. 2018), GAN as in Goodfellow et al. 2014 with R1 (Mescheder et al. 2018).
Command: muslin train drape DATA --minutes 60          (DATA as in data/photos.py; without DATA: rendered garments)
Cost: 15 images a second on 2 quiet cores with AVX-512, 12 if `deep`, a quarter of it the pieces (a batch of four at
256 px counts as the eight at 128 px in whose place it stands), 1.6 GB of memory for the rendered garments kept: 2,048
at 128 px, 512 at 256 px.
Score: docs/benchmarks.md, "Drape"; what was tried: docs/notebook.md.

The generator looks at the photo and its mask and predicts how the light falls on the cloth (shading), where it shows
another dye than its ground (print), which panel each pixel was sewn from, and how each panel's grain runs (warp). The
discriminator judges the *muslin*: the garment as it would look in white cloth. Real ones are shadings of plain
garments, which a photo shows as it is; fakes are the generator's, from garments whose print hides the shading. Where
the true fields are known they teach directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import backend
from muslin.data.drape_stream import DrapeStream
from muslin.data.photos import load_swatches
from muslin.data.plain import plain_and_printed
from muslin.garments.pieces import WHOLE
from muslin.garments.shading import integrate
from muslin.networks.discriminators import patch_discriminator
from muslin.networks.fields import PANELS, ROLES, WIDTHS, field_network, pieces_network
from muslin.networks.poisson import integrated
from muslin.optim import Muon, cosine
from muslin.recipes.base import Batch, Phase, Recipe, Stream
from muslin.recipes.ranges import COUNT, POSITIVE, WEIGHT, Range, Ranges


@dataclass(frozen=True)
class Drape(Recipe):
    batch_size: int = 8  # many small steps: the garment's pose is learned from few samples a step, by many steps
    size: int = 128  # px, side of the garment's square in training; it runs at any multiple of 32
    learning_rate: float = 5e-3  # of the generator (Muon), at the start; 1e-2 for a run of a few minutes
    discriminator_learning_rate: float = 1.5e-3  # Adam, at the start
    adversarial_weight: float = 0.02
    slope_weight: float = 2.0  # of the slopes of the shading, where folds and seams live
    whole_weight: float = 4.0  # of the shading put together from slopes and trend: what the renderer will use
    print_weight: float = 0.4  # of telling ground from print, pixel by pixel
    warp_weight: float = 6.0  # the warp is measured in units of the square's side, so its errors are small numbers
    r1_gamma: float = 2.0  # of R1, on a mean of patch logits: weaker lets the discriminator win
    rendered_garments: int = 2048  # different ones, kept once rendered: 0.4 MB each at 128 px, a quarter at 256 too
    fine_batches: int = 1  # of three: half as many garments at twice the size, where the light is read in use
    widths: tuple[int, ...] = WIDTHS  # channels at 1/2, 1/4, ... of the input
    found: bool = False  # photos without mask or label too, and panels of photos, where the shipped networks are sure
    deep: bool = False  # more blocks, attention, a second look in the light of the dyes: for runs of many hours

    ranges: ClassVar[Ranges] = {
        "size": Range(32, 1024, step=32),
        **dict.fromkeys(("learning_rate", "discriminator_learning_rate"), POSITIVE),
        **dict.fromkeys(("adversarial_weight", "slope_weight", "whole_weight", "print_weight", "warp_weight"), WEIGHT),
        "r1_gamma": WEIGHT,
        "rendered_garments": COUNT,
        "fine_batches": Range(high=3, step=1),
        "widths": Range(8, step=8, length=(2, 5)),  # normalised in groups of 8; five halve 32 px to one
    }
    name = "drape"
    summary = "garment photo -> shading and warp on which any swatch is draped"
    use = "muslin restyle photo.jpg --style swatch.jpg --model {model}"
    default_images = 90_000

    exported: ClassVar[tuple[str, ...]] = ("generator", "pieces")
    half_life_images: ClassVar[Mapping[str, float]] = dict.fromkeys(exported, 2_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        keras.utils.set_random_seed(self.seed)
        networks = {"generator": field_network(self.widths, self.deep), "discriminator": patch_discriminator(3)}
        networks["pieces"] = pieces_network(self.widths[0])
        muon = Muon(self.learning_rate, beta_2=0.99)  # two thirds of Adam's images do: docs/notebook.md
        adam = keras.optimizers.Adam(self.discriminator_learning_rate, beta_1=0.5, beta_2=0.99)
        phases = [
            Phase("generator", ("generator", "pieces"), self.generator_loss, muon, hands_on=("fake",)),
            Phase("discriminator", ("discriminator",), self.discriminator_loss, adam, every=4),
        ]
        object.__setattr__(self, "networks", networks)
        object.__setattr__(self, "phases", phases)

    def checked_inputs(self, network: str, size: int) -> dict[str, tuple[int | None, ...]]:
        """What is known of a garment has half its size."""
        axes = {tensor.name: tuple(tensor.shape) for tensor in self.networks[network].inputs}
        if "known" in axes:
            axes["known"] = (None, size // 2, size // 2, axes["known"][-1])
        return axes

    def muslin(self, slopes: Any, batch: Batch) -> Any:
        """What the discriminator sees: the slopes of the garment in white cloth, N,S,S,3 (across, down, mask)."""
        return ops.concatenate([ops.clip(slopes, -0.5, 0.5) * 8, batch["mask"]], axis=-1)

    def generator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        fields = self.networks["generator"]([batch["image"], batch["mask"]])
        slopes, trend = slope_error(fields["slopes"], batch), trend_error(fields["trend"], batch)
        dyed = print_error(fields["print"], batch)
        panels, warp, bend = panel_and_warp_error(fields, batch)
        fake = self.muslin(fields["slopes"], batch)
        adversarial = ops.mean(ops.softplus(-self.networks["discriminator"](fake)))
        light = shading_error(fields["light"], batch)
        whole = shading_error(integrated(fields["slopes"], fields["trend"], batch["mask"]), batch)
        loss = self.slope_weight * slopes + trend + self.print_weight * dyed + light + self.whole_weight * whole
        logs = {"whole": whole, "slopes": slopes, "trend": trend, "light": light, "print": dyed}
        logs |= {"panels": panels, "warp": warp, "bend": bend}
        # A garment's pose and pieces are read at this size only (garments/fields.py): at another nobody need ask.
        if batch["image"].shape[1] == self.size:
            loss += 0.2 * panels + self.warp_weight * (warp + 2 * bend)
            known = ops.stop_gradient(fields["known"])  # pieces teach the rest nothing
            seen = [ops.convert_to_tensor(batch[name]) for name in ("image", "mask")]
            roles, grain = pieces_error(self.networks["pieces"]([*seen, known]), batch)
            loss += 0.2 * (roles + grain)
            logs |= {"roles": roles, "grain": grain}
        return loss + self.adversarial_weight * adversarial, {**logs, "adversarial": adversarial, "fake": fake}

    def discriminator_loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        discriminator, known = self.networks["discriminator"], batch["known"]
        real = self.muslin(true_slopes(batch), batch)
        real_logits, gradient = backend.scores_and_input_gradient(discriminator, real)
        fake_logits = discriminator(batch["fake"])
        share = ops.mean(known) + 1e-6  # a photo whose shading is unknown is no real muslin
        loss = ops.mean(ops.softplus(-real_logits) * known) / share + ops.mean(ops.softplus(fake_logits))
        patches = fake_logits.shape[1] * fake_logits.shape[2]
        penalty = ops.mean(ops.sum(ops.square(gradient), axis=(1, 2, 3)) * known[:, 0, 0, 0]) / patches
        logs = {
            "real_accuracy": ops.mean(ops.cast(real_logits > 0, "float32") * known) / share,
            "fake_accuracy": ops.mean(ops.cast(fake_logits < 0, "float32")),
            "r1": penalty,
        }
        return loss + self.r1_gamma / 2 * penalty, logs

    def learning_rate_factor(self, progress: float) -> float:
        return cosine(progress, floor=0.01)

    def stream(self, data: Path | None, seed: int) -> DrapeStream:
        """data: a folder (see data/photos.py), or None for rendered garments alone."""
        plain, printed = ([], []) if data is None else plain_and_printed(Path(data), self.found)
        swatches = [] if data is None else load_swatches(Path(data))
        return DrapeStream(
            plain, printed, swatches, self.size, self.batch_size, seed,
            rendered_garments=self.rendered_garments, fine_batches=self.fine_batches,
        )  # fmt: skip

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows: photo, known muslin, predicted muslin, what is taken for print, and the warp as a draped check."""
        batch = stream.batch(0)
        fields = networks["generator"]([batch["image"], batch["mask"]])
        fields = {key: np.asarray(ops.convert_to_numpy(value)) for key, value in fields.items()}
        mask = batch["mask"]

        shading = np.stack([integrate(*pair) for pair in zip(fields["slopes"], fields["trend"], mask, strict=True)])

        def white(log: np.ndarray) -> np.ndarray:
            return np.repeat(np.clip(0.45 * np.exp(log), 0, 1) ** (1 / 2.2) * mask + 1 - mask, 3, -1)

        check = np.stack([draped_check(fields, i, mask.shape[1]) for i in range(len(mask))])
        rows = [(batch["image"] + 1) / 2, white(batch["shading"]), white(shading[..., None])]
        rows.append(np.repeat(1 - mask / (1 + np.exp(-np.clip(fields["print"], -30, 30))), 3, -1))
        rows.append(rows[2] * (1 - mask * (1 - check)))
        sheet = np.vstack([np.hstack(list(row)) for row in rows])
        return np.round(255 * np.clip(sheet, 0, 1)).astype(np.uint8)


def true_slopes(batch: Batch) -> Any:
    """Differences of the known log shading to the right-hand and the lower neighbour, N,S,S,2; 0 at the outline."""
    shading = batch["shading"]
    inside = ops.cast(batch["mask"] > 0.5, "float32")
    across = (shading[:, :, 1:] - shading[:, :, :-1]) * inside[:, :, 1:] * inside[:, :, :-1]
    down = (shading[:, 1:] - shading[:, :-1]) * inside[:, 1:] * inside[:, :-1]
    return ops.concatenate(
        [ops.pad(across, [[0, 0], [0, 0], [0, 1], [0, 0]]), ops.pad(down, [[0, 0], [0, 1], [0, 0], [0, 0]])], axis=-1
    )


def slope_error(slopes: Any, batch: Batch) -> Any:
    """Error of the differences over 1, 2, 4 and 8 pixels, inside the mask.

    A long difference is the sum of short ones, and its error punishes a bias that each short one hides: the median of
    a doubtful slope is zero, and a garment of zero slopes is flat.
    """
    error = (slopes - true_slopes(batch)) * batch["known"]
    area = ops.sum(ops.cast(batch["mask"] > 0.5, "float32"), axis=(1, 2, 3)) + 1.0
    across, down = error[..., :1], error[..., 1:]
    total = _errors(across, area, batch, 0.35) + _errors(down, area, batch, 0.35)
    for step in (1, 2, 4):
        across = across[:, :, step:] + across[:, :, :-step]
        down = down[:, step:] + down[:, :-step]
        total += (_errors(across, area, batch, 0.35) + _errors(down, area, batch, 0.35)) / (step + 1)
    return total / 2


def shading_error(shading: Any, batch: Batch) -> Any:
    """Error of a log shading N,S,S,1 inside the mask, both centred on each garment."""
    weight = batch["mask"] * batch["known"]
    wrong = (shading - batch["shading"]) * weight
    area = ops.sum(weight, axis=(1, 2, 3)) + 1e-3
    mean = ops.sum(wrong, axis=(1, 2, 3)) / area
    return _errors(wrong - mean[:, None, None, None] * weight, area, batch, 0.5)


def _errors(wrong: Any, area: Any, batch: Batch, root: float) -> Any:
    """Half of the mean absolute error and `root` of the root mean square, of each garment; their mean where known.

    The mean absolute error is least at the median, which for a slope that may be a fold or a print's edge is zero;
    the root mean square at the mean, and a garment's root mean square is what its correlation is made of.
    wrong: N,h,w,1, 0 outside. area: N, pixels inside.
    """
    known = batch["known"][:, 0, 0, 0]
    absolute = ops.sum(ops.abs(wrong), axis=(1, 2, 3)) / area
    square = ops.sqrt(ops.sum(ops.square(wrong), axis=(1, 2, 3)) / area + 1e-6) - 1e-3  # its slope is finite at zero
    return ops.sum((0.5 * absolute + root * square) * known) / (ops.sum(known) + 1e-3)


def trend_error(trend: Any, batch: Batch) -> Any:
    """Mean absolute error of the coarse shading, inside the mask."""
    weight = ops.average_pool(batch["mask"] * batch["known"], 4, 4)
    coarse = ops.average_pool(batch["shading"] * batch["mask"] * batch["known"], 4, 4) / (weight + 1e-3)
    return ops.sum(ops.abs(trend - coarse) * weight) / (ops.sum(weight) + 1.0)


def print_error(logits: Any, batch: Batch) -> Any:
    """Cross-entropy of what is print, well inside the mask, where it is known."""
    weight = ops.cast(batch["mask"] > 0.95, "float32") * batch["known"]
    entropy = ops.softplus(logits) - batch["print"] * logits
    return ops.sum(entropy * weight) / (ops.sum(weight) + 1.0)


def panel_and_warp_error(fields: Mapping[str, Any], batch: Batch) -> tuple[Any, Any, Any]:
    """Cross-entropy of the panels; mean absolute error of the warp and of its slopes, each inside its own panel.

    Panels are known where they are not 0, the warp there too if the garment is posed.
    """
    panels = batch["panels"]
    inside = ops.cast(panels > 0, "float32")
    target = ops.one_hot(ops.maximum(panels - 1, 0), PANELS)
    entropy = -ops.sum(target * ops.log_softmax(fields["panels"]), axis=-1)
    cross_entropy = ops.sum(entropy * inside) / (ops.sum(inside) + 1.0)

    here = target[:, 1::2, 1::2] * inside[:, 1::2, 1::2, None]  # N,H/4,W/4,PANELS: where each panel's warp is known
    here = here * batch["posed"]
    warp = ops.reshape(fields["warp"], (*ops.shape(here), 2))
    error = (warp - batch["warp"][:, :, :, None]) * here[..., None]
    area = ops.sum(here) + 1.0
    distance = ops.sum(ops.abs(error)) / area
    across = ops.sum(ops.abs(error[:, :, 1:] - error[:, :, :-1]) * (here[:, :, 1:] * here[:, :, :-1])[..., None])
    down = ops.sum(ops.abs(error[:, 1:] - error[:, :-1]) * (here[:, 1:] * here[:, :-1])[..., None])
    return cross_entropy, distance, (across + down) / area


def pieces_error(fields: Mapping[str, Any], batch: Batch) -> tuple[Any, Any]:
    """Cross-entropy of the roles of pieces, small ones counting twice; error of the grain's cosine and sine, summed.

    Each where it is known: inside rendered garments.
    """
    roles = batch["roles"]
    known = ops.cast(roles > 0, "float32")
    target = ops.one_hot(ops.maximum(roles - 1, 0), ROLES)
    entropy = -ops.sum(target * ops.log_softmax(fields["roles"]), axis=-1)
    weight = known * (1 + ops.cast(roles > WHOLE, "float32"))
    there = known[:, 1::2, 1::2]
    error = ops.sum(ops.abs(fields["grain"] - batch["grain"]), axis=-1)
    return ops.sum(entropy * weight) / (ops.sum(weight) + 1.0), ops.sum(error * there) / (ops.sum(there) + 1.0)


def draped_check(fields: Mapping[str, np.ndarray], index: int, size: int, squares: int = 10) -> np.ndarray:
    """A blue check draped by the predicted warp of sample `index`. size x size x 3 in [0, 1]."""
    panels = np.repeat(np.repeat(fields["panels"][index].argmax(-1), 2, 0), 2, 1)
    warp = np.repeat(np.repeat(fields["warp"][index], 4, 0), 4, 1).reshape(size, size, PANELS, 2)
    chosen = np.take_along_axis(warp, panels[..., None, None], 2)[:, :, 0] * size
    y, x = np.mgrid[:size, :size]
    across, down = x + chosen[..., 0] - size / 2, y + chosen[..., 1] - size / 2
    check = ((across * squares / size) % 1 < 0.5).astype(np.float32) + ((down * squares / size) % 1 < 0.5)
    return 1 - check[..., None] * np.array([0.38, 0.25, 0.1], np.float32)
