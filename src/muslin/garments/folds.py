"""Folds bend the rows of a print: how far, told by the light on them.

A raised fold catches more light than its surroundings, and, seen a little from the hem, lies higher in the picture. In
the truth world the two go together: of what lies between FINE and BROAD of the cloth's displacement along the grain,
the light alone explains a fifth, and nothing of that across it (docs/benchmarks.md, "Folds in the print").
"""

from __future__ import annotations

import cv2
import numpy as np

FINE, BROAD = 3 / 256, 14 / 256  # of the side: seams and grain are finer than folds, poses and lamps broader
REACH = 5 / 256  # of the side, for each unit of log gain
MOST = 0.5  # of log gain: a hard shadow is no deeper fold, and the rows of a print never run backwards


def bend(shading: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """How far each place lies farther along the grain of the cloth than without folds, in units of the side.

    shading: float32 SxS log gain. inside: float32 SxS in [0, 1]. Returns float32 SxS, at most MOST * REACH, 0 outside.
    """
    side = shading.shape[0]
    weight = inside + np.float32(1e-3)

    def blurred(sigma: float) -> np.ndarray:
        kernel = {"ksize": (0, 0), "sigmaX": sigma * side}
        return cv2.GaussianBlur(shading * weight, **kernel) / cv2.GaussianBlur(weight, **kernel)

    folds = (blurred(FINE) - blurred(BROAD)) / np.float32(MOST)
    return np.tanh(folds) * np.float32(MOST * REACH) * (inside > 0)
