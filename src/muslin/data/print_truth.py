"""A world of prints whose one rule is known: dots lie on the light bands, never on the dark ones.

Two cloths lie on the tile, bands and an even field of dots on grey. Real prints show a dot where the bands are light
and the bands everywhere else; grey is never seen. Whoever arranges the two must find that out: which of a cloth's
colours are its motif, and where on the other cloth it belongs. `obeyed` says how well a print keeps the rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from muslin.textiles.arrange import LAYERS, draw_noise

DARK, LIGHT, DOT, GREY = (-0.75, -0.7, -0.2), (0.8, 0.75, 0.6), (0.75, -0.6, -0.55), (0.05, 0.05, 0.05)


class DotsOnLightBands:
    """Batches as data.print_stream gives them, a pure function of images_seen. One look."""

    def __init__(self, size: int = 64, batch_size: int = 8, seed: int = 0, room: int = 1) -> None:
        self.size, self.batch_size, self.seed, self.room = size, batch_size, seed, room
        self.names = ("dots on light bands",)

    def batch(self, images_seen: int) -> dict[str, Any]:
        rng = np.random.default_rng((self.seed, images_seen))
        rows = [self._row(rng) for _ in range(self.batch_size)]
        return {key: np.stack([row[key] for row in rows]) for key in rows[0]}

    def _row(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        bands, dots = self._bands(rng), self._dots(rng)
        other_bands, other_dots = self._bands(rng), self._dots(rng)
        share = float((bands * dots).mean())
        cloths = np.zeros((LAYERS, self.size, self.size, 3), np.float32)
        cloths[0], cloths[1] = coloured(bands, DARK, LIGHT), coloured(dots, GREY, DOT)
        cloths[2:] = cloths[0]
        shares = np.zeros(LAYERS, np.float32)
        shares[:2] = 1.0 - share, share
        look = np.zeros(self.room, np.float32)
        look[0] = 1.0
        real = ruled(other_bands, other_dots)
        return {"cloths": cloths, "shares": shares, "noise": draw_noise(rng, (1, 1)), "look": look, "real": real}

    def _bands(self, rng: np.random.Generator) -> np.ndarray:
        """1 where light. Size x size, upright or lying."""
        count, phase = int(rng.integers(1, 4)), rng.random()
        position = ((np.arange(self.size) + 0.5) / self.size * count + phase) % 1
        edge = np.clip((0.25 - np.abs(position - 0.5)) * self.size / count + 0.5, 0, 1)
        line = np.broadcast_to(edge, (self.size, self.size))
        return (line if rng.random() < 0.5 else line.T).astype(np.float32)

    def _dots(self, rng: np.random.Generator) -> np.ndarray:
        """1 on dots. Size x size."""
        count, phase = int(rng.integers(4, 7)), rng.random(2)
        axis = (np.arange(self.size) + 0.5) / self.size * count
        x, y = (axis + phase[0]) % 1 - 0.5, (axis + phase[1]) % 1 - 0.5
        distance = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2)
        return np.clip((0.3 - distance) * self.size / count + 0.5, 0, 1).astype(np.float32)


def coloured(amount: np.ndarray, low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    """HxW in [0, 1] -> HxWx3 between two colours, float32."""
    return (np.array(low) + amount[..., None] * (np.array(high) - np.array(low))).astype(np.float32)


def ruled(bands: np.ndarray, dots: np.ndarray) -> np.ndarray:
    """The print that keeps the rule, HxWx3 in [-1, 1]."""
    amount = (bands * dots)[..., None]
    return (coloured(bands, DARK, LIGHT) * (1 - amount) + np.array(DOT, np.float32) * amount).astype(np.float32)


def obeyed(cloths: np.ndarray, prints: np.ndarray) -> dict[str, float]:
    """How well prints (N,S,S,3) of these cloths keep the rule.

    motif: of the second cloth's visible area, the part that is dots (chance: what dots cover, about 0.28).
    place: of the visible dots, the part on light bands (chance: 0.5).  error: mean absolute difference from the print
    that keeps the rule, in [-1, 1].
    """
    light, dot = (np.array(colour, np.float32) for colour in (LIGHT, DOT))
    dark, grey = (np.array(colour, np.float32) for colour in (DARK, GREY))
    bands = ((cloths[:, 0] - dark) @ (light - dark)) / float((light - dark) @ (light - dark))
    dots = ((cloths[:, 1] - grey) @ (dot - grey)) / float((dot - grey) @ (dot - grey))
    palette = np.stack([dark, light, dot, grey])
    nearest = np.linalg.norm(prints[..., None, :] - palette, axis=-1).argmin(axis=-1)
    second = nearest >= 2
    visible = nearest == 2
    truth = np.stack([ruled(one, other) for one, other in zip(bands, dots, strict=True)])
    return {
        "motif": float((second & (dots > 0.5)).sum() / max(1, second.sum())),
        "place": float((visible & (bands > 0.5)).sum() / max(1, visible.sum())),
        "error": float(np.abs(prints - truth).mean()),
    }
