"""distill: a small network learns to paint what a wide one, trained before, paints.

Paper:    Ren, Wu, Xiao & Zhu 2021, "Online Multi-Granularity Distillation for GAN Compression" (OMGD): a student needs
          no discriminator of its own, it copies its teacher's pictures. Changed: the teacher is finished and stays as
          it is, and its answers are all that is asked of it, so that any exported model can teach.
Command:  muslin train distill DATA --option teacher=runs/cut/model --option channels=8
          (DATA: what the teacher was trained on, in the same layout)
Cost:     a third of the teacher's training or less: one network, no game; the teacher answers through ONNX Runtime.
Expected: docs/benchmarks.md, "Small generators".

The teacher is a model of `cut`, `cyclegan` or `pix2pix`; the student of the first two is the small translator with
fewer channels, of the last a U-Net with narrower levels. The finished model is used as its teacher is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin import backend, losses, recipes, store
from muslin.errors import EXIT_USAGE, UserError
from muslin.garments.network import Network, fits
from muslin.images import as_pixels
from muslin.networks import pix2pix, translators
from muslin.optim import cosine
from muslin.recipes.base import Batch, Phase, Recipe, Stream
from muslin.recipes.ranges import POSITIVE, WEIGHT, Range, Ranges

TEACHERS = ("cut", "cyclegan", "pix2pix")
KEPT = ("domains", "pictures", "whole", "drawing", "colours", "direction")  # entries of the teacher's card
STUDENTS = ("translator", "unet")  # networks/translators.py, networks/pix2pix.py
LEVELS = 3  # the pictures are compared at full, half and quarter size


@dataclass(frozen=True)
class Distill(Recipe):
    teacher: str = ""  # name or folder of the model that is copied, or the folder of the run that made it
    channels: int = 8  # of the student's first layer; a multiple of 8
    blocks: int = 4  # residual blocks of the student; not of pix2pix
    size: int | None = None  # px, side of the square pictures; None: the teacher's
    student: str | None = None  # translator or unet; None: what the teacher's kind asks for
    batch_size: int = 8
    learning_rate: float = 2e-3  # Adam, at the start; down to 0 along a cosine
    slope_weight: float = 1.0  # of the differences between neighbours, where edges live

    name: ClassVar[str] = "distill"
    ranges: ClassVar[Ranges] = {
        "channels": Range(8, step=8),  # normalised in groups of 8
        "blocks": Range(2, step=1),
        "size": Range(32, 1024, step=8),
        "learning_rate": POSITIVE,
        "slope_weight": WEIGHT,
    }
    summary: ClassVar[str] = "a wide model of cut, cyclegan or pix2pix -> a small one that paints the same"
    use: ClassVar[str] = "muslin restyle photo.jpg --model {model}"
    enough_images: ClassVar[int] = 10_000
    default_images: ClassVar[int] = 20_000
    keeps_best: ClassVar[bool] = False  # nothing is played, so the last network is the best one

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.student not in (None, *STUDENTS):
            raise _refused("There is no such student.", repr(self.student), STUDENTS)
        if self.size is None or self.student is None:  # a finished student is built again without its teacher
            found = find_teacher(self.teacher)
            object.__setattr__(self, "size", self.size or int(found.card.get("size", 96)))
            object.__setattr__(self, "student", self.student or STUDENTS[found.recipe == "pix2pix"])
        backend.set_seed(self.seed)
        self.networks["generator"] = self.make_student()
        optimizer = keras.optimizers.Adam(self.learning_rate, beta_2=0.99)
        self.phases.append(Phase("student", ("generator",), self.loss, optimizer))

    def make_student(self) -> keras.Model:
        if self.student == "translator":
            return translators.small_translator(self.channels, self.blocks)
        factor = self.channels / pix2pix.SMALL[0]
        widths = tuple(8 * max(1, round(width * factor / 8)) for width in pix2pix.SMALL)
        return pix2pix.generator(widths, self.size, smooth=True)

    def loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        """Mean absolute error inside the mask at full, half and quarter size, and of the slopes at full size."""
        made = self.networks["generator"](batch["source"], training=True)
        wanted, mask = batch["wanted"], batch["source_mask"]
        across, down = (
            losses.masked_error(_slopes(made, axis), _slopes(wanted, axis), _both(mask, axis)) for axis in (1, 2)
        )
        pixels = losses.masked_error(made, wanted, mask)
        total = pixels + self.slope_weight * (across + down)
        for _ in range(1, LEVELS):
            made, wanted, mask = (ops.average_pool(x, 2, 2) for x in (made, wanted, mask))
            total = total + losses.masked_error(made, wanted, mask)
        return total, {"pixels": pixels, "slopes": across + down}

    def learning_rate_factor(self, progress: float) -> float:
        return cosine(progress)

    def stream(self, data: Any, seed: int) -> Taught:
        """data: as the teacher's recipe takes it."""
        teacher = find_teacher(self.teacher)
        own = {**teacher.card["settings"], "size": self.size, "batch_size": self.batch_size}
        sources = recipes.build(teacher.recipe, own).stream(data, seed)
        return Taught(sources, Network(teacher.file(), threads=1))  # batches are made in threads already

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows of eight: sources, what the teacher makes of them, what the student makes; uint8."""
        batch = stream.batch(0)
        made = ops.convert_to_numpy(networks["generator"](batch["source"], training=False))
        mask = batch["source_mask"]
        rows = [batch["source"], *(batch["source"] + (x - batch["source"]) * mask for x in (batch["wanted"], made))]
        sheet = np.vstack([np.hstack(list(row[:8])) for row in rows])
        larger = -(-96 // batch["source"].shape[1])
        return as_pixels(sheet).repeat(larger, 0).repeat(larger, 1)

    def card(self, stream: Stream) -> dict[str, Any]:
        """What the runtime reads of the teacher's card, and whose work is copied."""
        found = find_teacher(self.teacher)
        kept = {key: found.card[key] for key in KEPT if key in found.card}
        return {
            **kept, "size": self.size, "role": found.recipe, "teacher": {"name": found.name, "sha256": found.sha256},
        }  # fmt: skip


class Taught:
    """Batches with a "source", and what the teacher makes of it. network: the teacher's, one picture in and one out."""

    def __init__(self, sources: Stream, network: Network) -> None:
        self.sources, self.network = sources, network

    def batch(self, images_seen: int) -> Batch:
        """source, wanted: N,S,S,3 float32 in [-1, 1]; source_mask: N,S,S,1, of ones where the teacher has no masks."""
        given = self.sources.batch(images_seen)
        source = given["source"].astype(np.float32)
        made = next(iter(self.network(image=source).values()))
        mask = given.get("source_mask", np.ones((*source.shape[:3], 1), np.float32))
        return {"source": source, "source_mask": mask, "wanted": fits("image", made, *source.shape)}


def find_teacher(text: str) -> store.Model:
    """The model by name or folder. Raises UserError for none, and for one that cannot teach."""
    if not text:
        raise UserError(
            "A student needs a teacher.",
            advice="Name a model of cut, cyclegan or pix2pix: --option teacher=runs/cut/model",
            exit_code=EXIT_USAGE,
        )
    found = store.load(text)
    if found.recipe not in TEACHERS:
        raise _refused(f"The model '{found.name}' cannot teach.", f"a model of {found.recipe}", TEACHERS)
    if "settings" not in found.card:
        raise _refused(f"The model '{found.name}' does not say how it was trained.", "no settings", "models of muslin")
    return found


def _slopes(images: Any, axis: int) -> Any:
    """Differences of neighbours along an axis, one row or column fewer."""
    return images[:, 1:] - images[:, :-1] if axis == 1 else images[:, :, 1:] - images[:, :, :-1]


def _both(mask: Any, axis: int) -> Any:
    """1 where both neighbours are inside, one row or column fewer."""
    return mask[:, 1:] * mask[:, :-1] if axis == 1 else mask[:, :, 1:] * mask[:, :, :-1]


def _refused(problem: str, received: object, possible: object) -> UserError:
    return UserError(problem, received=received, possible=possible, exit_code=EXIT_USAGE)
