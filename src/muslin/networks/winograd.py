"""3 x 3 convolutions of wide maps with a quarter of the multiplications: F(4 x 4, 3 x 3) of Lavin & Gray 2016.

A tile of 4 x 4 results comes from 6 x 6 pixels. Pixels and kernel are carried to a space in which a convolution is 36
products, one for each place of the tile, and the sums of them are carried back: y = A' [(G k G') * (B' x B)] A. Each
carrying is linear, one small matrix over all tiles; so the backward pass is the transposed matrices, in the same space.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from muslin import backend

# Lavin & Gray 2016, section 4.3: interpolated at 0, 1, -1, 2, -2 and infinity.
_PIXELS = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]],
    np.float32,
)  # fmt: skip
_KERNEL = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], np.float32
) / np.float32(24)  # fmt: skip
_RESULTS = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32)
# Both directions at once, one matrix for a tile laid out as a column. Transposed ones are stored: a product with a
# matrix that lies the other way takes three times as long.
PIXELS, KERNEL, RESULTS = (np.kron(one, one) for one in (_PIXELS, _KERNEL, _RESULTS))
PIXELS_BACK, KERNEL_BACK, RESULTS_BACK = (np.ascontiguousarray(one.T) for one in (PIXELS, KERNEL, RESULTS))

WIDE = 128  # channels


@keras.saving.register_keras_serializable(package="muslin")
class WinogradConv2D(keras.layers.Conv2D):
    """A 3 x 3 convolution of stride 1 without padding, for many channels: N,H,W,C -> N,H-2,W-2,filters.

    The numbers of `keras.layers.Conv2D` to 1e-4 of their spread. Only in training, on a CPU, in float32 and where it is
    faster: a finished network and its ONNX file hold a plain convolution, a GPU's library does this by itself,
    bfloat16 has too few digits for it (and an arithmetic of its own), PyTorch's convolution is as fast, and with few
    channels the carrying outweighs the products.
    """

    def __init__(self, filters: int, **kwargs: Any) -> None:
        """Raises ValueError for a size, stride, padding, dilation or groups that the tiles do not know."""
        super().__init__(filters, **{"kernel_size": 3, "padding": "valid", **kwargs})
        settings = (self.kernel_size, self.strides, self.padding, self.dilation_rate, self.groups)
        if settings != ((3, 3), (1, 1), "valid", (1, 1), 1):
            raise ValueError(f"Only 3 x 3, stride 1, without padding, dilation and groups. Received: {settings}")

    def call(self, x: Any, training: bool = False) -> Any:
        wide = None not in x.shape and min(self.filters, x.shape[-1]) >= WIDE
        if not (training and wide and self.compute_dtype == "float32" and _is_faster_here()):
            return super().call(x)
        y = convolved(x, self.kernel)
        return self.activation(y + self.bias if self.use_bias else y)


def _is_faster_here() -> bool:
    return backend.name() != "torch" and backend.device() == "cpu"


def convolved(x: Any, kernel: Any) -> Any:
    """x: N,H,W,C; kernel: 3,3,C,F; both float32, H and W at least 3. Returns N,H-2,W-2,F."""
    kernel = ops.reshape(kernel, (9, *kernel.shape[2:]))  # a tensor; TensorFlow's custom gradients know no variables
    once = ops.custom_gradient(_convolved)
    # Carried pixels are more than twice the picture: computed again for the backward pass (a tenth of the time) rather
    # than kept. XLA sees that they are the same, and keeps them after all.
    return (keras.remat(once) if backend.name() == "tensorflow" else once)(x, kernel)


def _convolved(x: Any, kernel: Any) -> tuple[Any, Any]:
    """The convolution by a kernel 9,C,F, and the function that makes of its gradient those of x and of the kernel."""
    pictures, height, width, channels = x.shape
    filters = kernel.shape[-1]
    down, right = -(-(height - 2) // 4), -(-(width - 2) // 4)  # tiles
    bottom, edge = 4 * down + 2 - height, 4 * right + 2 - width  # what is missing for whole ones
    pixels = _carried(PIXELS, _tiles(_grown(x, bottom + 2, edge + 2)), (36, -1, channels))
    places = _carried(KERNEL, kernel, (36, channels, filters))
    made = _carried(RESULTS, ops.matmul(pixels, places), (4, 4, pictures, down, right, filters))

    def gradient(*args: Any, upstream: Any = None) -> tuple[Any, Any]:
        wished = _split(_grown(args[0] if upstream is None else upstream, bottom, edge))
        wished = _carried(RESULTS_BACK, wished, (36, -1, filters))
        by_kernel = ops.matmul(ops.transpose(pixels, (0, 2, 1)), wished)
        by_pixels = ops.matmul(wished, ops.transpose(places, (0, 2, 1)))
        tiles = _carried(PIXELS_BACK, by_pixels, (6, 6, pictures, down, right, channels))
        return _laid(tiles)[:, :height, :width], _carried(KERNEL_BACK, by_kernel, (9, channels, filters))

    return _joined(made)[:, : height - 2, : width - 2], gradient


def _carried(matrix: np.ndarray, x: Any, shape: tuple[int, ...]) -> Any:
    """matrix (P,Q) times x, whose first axes are Q places; in `shape`, whose first axes are P."""
    return ops.reshape(ops.matmul(matrix, ops.reshape(x, (matrix.shape[1], -1))), shape)


def _grown(x: Any, bottom: int, edge: int) -> Any:
    """N,H,W,C with so many zeros more below and at the right."""
    return ops.pad(x, [[0, 0], [0, bottom], [0, edge], [0, 0]]) if bottom or edge else x


def _split(x: Any) -> Any:
    """N,4h,4w,C -> 4,4,N,h,w,C: places within a tile first."""
    pictures, height, width, channels = x.shape
    x = ops.reshape(x, (pictures, height // 4, 4, width // 4, 4, channels))
    return ops.transpose(x, (2, 4, 0, 1, 3, 5))


def _joined(tiles: Any) -> Any:
    """The inverse of `_split`."""
    _, _, pictures, down, right, channels = tiles.shape
    return ops.reshape(ops.transpose(tiles, (2, 3, 0, 4, 1, 5)), (pictures, 4 * down, 4 * right, channels))


def _tiles(x: Any) -> Any:
    """N,4(h+1),4(w+1),C -> 6,6,N,h,w,C: tiles that share two rows and two columns with the next ones."""
    x = _split(x)
    x = ops.concatenate([x[:, :, :, :-1], x[:2, :, :, 1:]], axis=0)
    return ops.concatenate([x[:, :, :, :, :-1], x[:, :2, :, :, 1:]], axis=1)


def _laid(tiles: Any) -> Any:
    """The transpose of `_tiles`: what tiles share is added."""

    def moved(x: Any, axis: int, before: int, after: int) -> Any:
        return ops.pad(x, [[before, after] if index == axis else [0, 0] for index in range(6)])

    shared = moved(tiles[:, :2], 4, 0, 1) + moved(tiles[:, 4:], 4, 1, 0)
    tiles = ops.concatenate([shared, moved(tiles[:, 2:4], 4, 0, 1)], axis=1)
    shared = moved(tiles[:2], 3, 0, 1) + moved(tiles[4:], 3, 1, 0)
    return _joined(ops.concatenate([shared, moved(tiles[2:4], 3, 0, 1)], axis=0))
