"""Features: pictures of any size become rows of numbers, by one named network at one named size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from muslin.garments.network import Network
from muslin.images import resize

SIDE = 224  # px, the size at which the network was trained
BATCH = 16  # pictures at once; memory does not grow with the collection
MAPS = ("stage_4", "stage_8", "stage_16", "stage_32")


class FeatureNetwork:
    """An ONNX network image -> features, with its name and hash, which stand on every figure made with it.

    The shipped one: models/features (EfficientNet-Lite0). threads: None, one for each core this process may use.
    """

    def __init__(
        self, path: str | Path, name: str, sha256: str, *, side: int = SIDE, threads: int | None = None
    ) -> None:
        self.name, self.sha256, self.side = name, sha256, side
        self._network = Network(Path(path), threads)

    @property
    def label(self) -> str:
        """'EfficientNet-Lite0 at 224 px': figures are comparable when label and hash agree."""
        return f"{self.name} at {self.side} px"

    def as_dict(self) -> dict[str, str | int]:
        return {"name": self.name, "sha256": self.sha256, "side": self.side}

    def features(self, pictures: Iterable[np.ndarray]) -> np.ndarray:
        """float32 N x 1280. pictures: uint8 HxWx3 sRGB, read one batch at a time."""
        rows = [self._network.session.run(["features"], {"image": batch})[0] for batch in self._batches(pictures)]
        return np.concatenate(rows) if rows else np.zeros((0, 1280), np.float32)

    def maps(self, pictures: Iterable[np.ndarray]) -> Iterator[list[np.ndarray]]:
        """For each picture its maps at strides 4, 8, 16 and 32, float32 C x h x w (for perceptual distances)."""
        for batch in self._batches(pictures):
            found = self._network.session.run(list(MAPS), {"image": batch})
            yield from (list(one) for one in zip(*found, strict=True))

    def _batches(self, pictures: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        waiting = iter(pictures)
        while chunk := list(islice(waiting, BATCH)):
            yield np.stack([square(picture, self.side) for picture in chunk]).astype(np.float32) / 127.5 - 1.0


def square(picture: np.ndarray, side: int) -> np.ndarray:
    """The centre of a uint8 HxWx3 picture as side x side, averaged when shrinking, cubic when growing.

    Cropped as training crops (data/collection.py), and without aliasing, which would be measured (Parmar et al. 2022).
    """
    height, width = picture.shape[:2]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    return resize(np.ascontiguousarray(picture[top : top + shorter, left : left + shorter]), side, side)


def patches(
    picture: np.ndarray, count: int, *, share: float = 0.25, mask: np.ndarray | None = None, seed: int | Sequence = 0
) -> list[np.ndarray]:
    """`count` square cut-outs of a uint8 HxWx3 picture, of `share` of its shorter side, at random places.

    mask: HxW, above 0.5 counts; then of `share` of the shape's own width (root of its area), each at least 90 % inside
    it; fewer, or none, where the shape is too thin.
    """
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    inside = None if mask is None else np.asarray(mask) > 0.5
    reach = min(height, width) if inside is None else min(height, width, np.sqrt(inside.sum()))
    side = max(8, round(share * float(reach)))
    if side > min(height, width) or (inside is not None and not inside.any()):
        return []
    if inside is None:
        places = zip(rng.integers(0, height - side + 1, count), rng.integers(0, width - side + 1, count), strict=True)
        return [picture[top : top + side, left : left + side] for top, left in places]
    sums = np.pad(inside.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    filled = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    rows, columns = np.nonzero(filled >= 0.9 * side * side)
    if not len(rows):
        return []
    return [
        picture[rows[i] : rows[i] + side, columns[i] : columns[i] + side] for i in rng.integers(0, len(rows), count)
    ]
