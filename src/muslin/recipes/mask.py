"""mask: where is the garment? A small U-Net of our own, since no segmentation weights come with a package.

Paper: Ronneberger, Fischer, Brox, "U-Net" (2015), with soft Dice (Milletari et al. 2016) beside cross-entropy.
Command: muslin train mask DATA --minutes 40          (DATA/garments and DATA/garment_masks, see data/photos.py)
With --option found=yes photos without a mask teach it too, where the shipped network is sure of one (Xie et al. 2020).
With --option pretrained=yes it sees the early maps of EfficientNet-Lite0 (Tan & Le 2019), which stay as they are, too.
Cost: 110 images a second on 2 quiet cores with AVX-512, 67 if `deep` and `pretrained` (a batch of eight at 256 px
counts as the sixteen at 128 px that it stands for).
Score: docs/benchmarks.md, "Masks"; what was tried: docs/notebook.md.
Not adversarial: a mask has one right answer, and a discriminator would only add noise to its outline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from muslin.data.found_masks import sure_masks
from muslin.data.mask_stream import MaskStream
from muslin.data.photos import has_masks, held_out, load_garments, load_swatches, photo_paths
from muslin.networks.unet import WIDTHS, mask_network
from muslin.optim import Muon, cosine
from muslin.recipes.base import Batch, Phase, Recipe, Stream
from muslin.recipes.ranges import POSITIVE, WEIGHT, Range, Ranges


@dataclass(frozen=True)
class Mask(Recipe):
    size: int = 128  # px, side of the square the network sees in training; it runs at any multiple of 32
    learning_rate: float = 3e-3  # of Muon, at the start
    dice_weight: float = 0.5
    widths: tuple[int, ...] = WIDTHS  # channels at 1/2, 1/4, ... of the input
    deep: bool = False  # more blocks, and attention: for runs of an hour
    pretrained: bool = False  # it sees the maps of a network trained on a million photographs, too
    fine_batches: int = 1  # of three: half as many pictures at twice the size
    found: bool = False  # photos without a mask too, with the one that the shipped network finds where it is sure

    ranges: ClassVar[Ranges] = {
        "size": Range(32, 1024, step=32),
        "learning_rate": POSITIVE,
        "dice_weight": WEIGHT,
        "widths": Range(8, step=8, length=(1, 5)),  # normalised in groups of 8; five halve 32 px to one
        "fine_batches": Range(high=3, step=1),
    }
    name = "mask"
    summary = "segmentation: photo -> garment mask"

    def __post_init__(self) -> None:
        super().__post_init__()
        keras.utils.set_random_seed(self.seed)
        network = mask_network(self.widths, self.deep, self.pretrained)
        optimizer = Muon(self.learning_rate, beta_2=0.99)
        object.__setattr__(self, "networks", {"generator": network})
        object.__setattr__(self, "phases", [Phase("mask", ("generator",), self.loss, optimizer)])

    @property
    def separable(self) -> bool:
        return True

    def loss(self, batch: Batch) -> tuple[Any, dict[str, Any]]:
        logits, mask = self.networks["generator"](batch["image"]), batch["mask"]
        cross_entropy = ops.mean(ops.softplus(logits) - logits * mask)
        probability = ops.sigmoid(logits)
        overlap = 2 * ops.sum(probability * mask, axis=(1, 2, 3)) + 1
        dice = 1 - ops.mean(overlap / (ops.sum(probability + mask, axis=(1, 2, 3)) + 1))
        return cross_entropy + self.dice_weight * dice, {"cross_entropy": cross_entropy, "dice_loss": dice}

    def learning_rate_factor(self, progress: float) -> float:
        return cosine(progress)

    def stream(self, data: str | Path | None, seed: int) -> MaskStream:
        folder = None if data is None else Path(data)  # workers are told it as a str
        masks = folder is not None and (not self.found or has_masks(folder))
        photos = load_garments(folder, masked=True) if folder and masks else []
        known = [photo for photo in photos if not held_out(photo.key)]
        if self.found and folder is not None:
            masked = {photo.key for photo in photos}
            others = [(key, path) for key, path in photo_paths(folder) if key not in masked and not held_out(key)]
            known += sure_masks(others)
        swatches = [] if folder is None else load_swatches(folder)
        return MaskStream(known, swatches, self.size, self.batch_size, seed, fine_batches=self.fine_batches)

    def preview(self, networks: Mapping[str, Any], stream: Stream) -> np.ndarray:
        """Rows: photo, true mask, predicted mask."""
        batch = stream.batch(0)
        predicted = 1 / (1 + np.exp(-np.asarray(networks["generator"](batch["image"]))))
        rows = [(batch["image"] + 1) / 2, np.repeat(batch["mask"], 3, -1), np.repeat(predicted, 3, -1)]
        sheet = np.vstack([np.hstack(list(row[:8])) for row in rows])
        return np.round(255 * sheet).astype(np.uint8)
