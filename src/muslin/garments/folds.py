"""Folds bend the rows of a print: how far, told by the light on them.

A raised fold catches more light than its surroundings, and, seen a little from the hem, lies higher in the picture. In
the truth world the two go together: of what lies between FINE and BROAD of the cloth's displacement along the grain,
the light alone explains a fifth, and nothing of that across it (docs/benchmarks.md, "Folds in the print").
"""

from __future__ import annotations

import cv2
import numpy as np

FINE, BROAD = 3 / 256, 14 / 256  # of the side: seams and grain are finer than folds, poses and lamps broader
REACH = 6 / 256  # of the side, for each unit of log gain
LEAST = 0.03  # of log gain: what is shallower may be grain, noise, a rest of the old print
MOST = 0.5  # of log gain: a hard shadow is no deeper fold, and the rows of a print never run backwards
PLAIN, PRINTED = 0.25, 0.45  # of a garment that is taken for print: a quarter of plain ones have more than 0.19


def trust(prints: np.ndarray, inside: np.ndarray) -> float:
    """How far the light of a garment is taken for folds: 1 of plain ones, 0 of printed ones, whose print is in it.

    prints: SxS logits of whether a place shows another dye. inside: SxS in [0, 1].
    """
    share = float((inside / (1 + np.exp(-prints))).sum() / (inside.sum() + 1e-3))
    return float(np.clip((PRINTED - share) / (PRINTED - PLAIN), 0, 1))


def bend(shading: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """How far each place lies farther along the grain of the cloth than without folds, in units of the side.

    shading: float32 SxS log gain. inside: float32 SxS in [0, 1]. Returns float32 SxS, at most MOST * REACH, 0 outside.
    """
    side = shading.shape[0]
    weight = inside + np.float32(1e-3)

    def blurred(sigma: float) -> np.ndarray:
        kernel = {"ksize": (0, 0), "sigmaX": sigma * side}
        return cv2.GaussianBlur(shading * weight, **kernel) / cv2.GaussianBlur(weight, **kernel)

    light = blurred(FINE) - blurred(BROAD)
    folds = np.sign(light) * np.maximum(np.abs(light) - np.float32(LEAST), 0)
    return np.tanh(folds / np.float32(MOST)) * np.float32(MOST * REACH) * (inside > 0)
