"""Where two pictures that lie over each other are cut: along a path on which they differ least.

Efros and Freeman, Image Quilting for Texture Synthesis and Transfer (2001), section 2.1.
"""

from __future__ import annotations

import numpy as np


def cheapest_path(cost: np.ndarray, both_ends: int | None = None) -> np.ndarray:
    """The column in which the cheapest path from top to bottom crosses each row, intp H; the leftmost of equals.

    cost: float HxW, of crossing there. The path moves one column a row at most. both_ends: the column in which it
    starts and ends (None: wherever is cheapest).
    """
    rows = len(cost)
    total = np.empty_like(cost)
    total[0] = cost[0]
    if both_ends is not None:
        total[0] = np.inf
        total[0, both_ends] = cost[0, both_ends]
    for row in range(1, rows):
        before = np.pad(total[row - 1], 1, constant_values=np.inf)
        total[row] = cost[row] + np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    path = np.empty(rows, np.intp)
    path[-1] = int(np.argmin(total[-1])) if both_ends is None else both_ends
    for row in range(rows - 2, -1, -1):
        low = max(0, path[row + 1] - 1)
        path[row] = low + int(np.argmin(total[row, low : path[row + 1] + 2]))
    return path
