"""What `print` learns from: random arrangements of swatches, and real swatches in the same colours.

Real and arranged cloth of one batch share look and tone, so the discriminator cannot tell them apart by colour and
has to judge how the cloth is put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np

from muslin.textiles.arrange import calm_of, calmed, draw, draw_noise, draw_shares
from muslin.textiles.exemplars import REPEAT, Look, Tone, retone, tone_of

POOL = 1024  # tables laid, 60 MB at 64 px; each is shared out anew whenever it comes
ZOOM = 1.25  # real swatches are cut to 1 / ZOOM of their side: making exemplars seamless enlarges them by as much


class PrintStream:
    """Batches of arrangements on tiles of one unit, and of real swatches, as a pure function of images_seen."""

    def __init__(
        self,
        looks: Mapping[str, Sequence[np.ndarray]],
        bank: Mapping[str, Look],
        size: int,
        batch_size: int,
        seed: int = 0,
        room: int = 0,
    ) -> None:
        """looks: name -> real swatches, uint8 HxWx3; bank: exemplars of the same looks. size: px of a tile.

        room: length of the one-hot vectors of looks; 0: as many as there are.
        """
        self.names = tuple(name for name in bank if len(looks.get(name, ())))
        self.room = room or len(self.names)
        self.bank, self.size, self.batch_size, self.seed = dict(bank), size, batch_size, seed
        self.small = [replace(bank[name], exemplars=self._shrunk(name)) for name in self.names]
        self.reals = [[_cut(swatch, round(size * ZOOM)) for swatch in looks[name]] for name in self.names]
        self.real_tones: list[list[Tone]] = [[tone_of(swatch) for swatch in reals] for reals in self.reals]
        # a look with many swatches is asked for more often, but not in proportion
        shares = np.array([len(reals) for reals in self.reals], float) ** 0.4
        self.shares = shares / shares.sum()
        self.pool = cache(self._laid)  # laying cloths costs more than a step on them

    def batch(self, images_seen: int) -> dict[str, Any]:
        """cloths N,LAYERS,S,S,3 and real N,S,S,3 in [-1, 1]; shares, noise, calm, look (one-hot)."""
        rng = np.random.default_rng((self.seed, images_seen))
        rows = [self._row(rng) for _ in range(self.batch_size)]
        return {key: np.stack([row[key] for row in rows]) for key in rows[0]}

    def _row(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """A laid table from the pool, moved, mirrored, and shared out anew."""
        look, laid, regularities, real = self.pool(int(rng.integers(POOL)))
        one_hot = np.zeros(self.room, np.float32)
        one_hot[look] = 1.0
        cloths = np.stack([np.roll(cloth, tuple(rng.integers(0, self.size, 2)), axis=(0, 1)) for cloth in laid])
        if rng.random() < 0.5:
            cloths, real = cloths[:, :, ::-1], real[:, ::-1]
        shares = draw_shares(rng, np.ones(1)).astype(np.float32)
        return {
            "cloths": cloths.astype(np.float32) / 127.5 - 1.0,
            "shares": shares,
            "noise": calmed(draw_noise(rng, (1, 1)), shares, regularities),
            "calm": np.asarray(calm_of(shares, regularities), np.float32),
            "look": one_hot,
            "real": real.astype(np.float32) / 127.5 - 1.0,
        }

    def _laid(self, number: int) -> tuple[int, np.ndarray, list[float], np.ndarray]:
        """(look, cloths on a tile of one unit, their regularities, real cloth in the same tone); pictures uint8.

        A function of (seed, number).
        """
        rng = np.random.default_rng((self.seed, 1, number))
        look = int(rng.choice(len(self.names), p=self.shares))
        arrangement = draw(rng, [(self.small[look], 1.0)], (1, 1))
        regularities = [layer.regularity for layer in arrangement.layers]
        laid = arrangement.laid(self.size, self.size)
        return look, laid, regularities, self._real(rng, look, arrangement.tone)

    def _real(self, rng: np.random.Generator, look: int, tone: Tone) -> np.ndarray:
        """A cut of a real swatch in the tone of the arrangement, sampled as softly as layers are."""
        number = int(rng.integers(len(self.reals[look])))
        swatch = self.reals[look][number]
        room = swatch.shape[0] - self.size - 1
        left, top = rng.uniform(0, room, 2)
        matrix = np.array([[1.0, 0.0, left], [0.0, 1.0, top]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        cut = cv2.warpAffine(swatch, matrix, (self.size, self.size), flags=flags)
        return retone(cut, self.real_tones[look][number], tone)

    def _shrunk(self, name: str) -> np.ndarray:
        exemplars = self.bank[name].exemplars
        return np.stack([cv2.resize(one, (self.size, self.size), interpolation=cv2.INTER_AREA) for one in exemplars])


def _cut(swatch: np.ndarray, side: int) -> np.ndarray:
    """The swatch at `side` px for REPEAT px of its own; a larger one keeps its size of motif."""
    short = min(swatch.shape[:2])
    top, left = (swatch.shape[0] - short) // 2, (swatch.shape[1] - short) // 2
    square = swatch[top : top + short, left : left + short]
    wanted = max(side, round(side * short / REPEAT)) if short > REPEAT else side
    return cv2.resize(square, (wanted, wanted), interpolation=cv2.INTER_AREA)
