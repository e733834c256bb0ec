"""Generators that turn a picture into a picture of the same size, and what of them a contrastive loss looks at.

`residual_translator` is the published network (Johnson et al. 2016; CycleGAN, Zhu et al. 2017, appendix 7.2; CUT uses
the same). `small_translator` is shaped for CPUs: an eighth of the work at the same depth. Both are fully
convolutional for sides that are multiples of 4, and name their feature layers alike (FEATURES).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from muslin.layers import Blur, DepthToSpace, GroupNorm
from muslin.networks.convolutions import NarrowConv2D, UpConv2D
from muslin.networks.winograd import WinogradConv2D

FEATURES = ("down1", "down2", "block_first", "block_middle")  # beside the pixels: CUT, Park et al. 2020, appendix B
STRIDES = (1, 2, 4, 4, 4)  # of the pixels and of each of FEATURES
NETWORKS = ("small", "published")
FREQUENCIES = (1, 2, 4, 8, 12)  # waves across the picture that the small generator can see


@keras.saving.register_keras_serializable(package="muslin")
class Place(keras.layers.Layer):
    """Like N,h,w,C -> N,h,w,4F: sines and cosines of the place, F waves across and down (Tancik et al. 2020).

    Convolutions alone cannot begin a stripe on plain cloth: every pixel of it looks the same to them.
    """

    def __init__(self, frequencies: Sequence[int] = FREQUENCIES, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frequencies = [int(frequency) for frequency in frequencies]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frequencies": self.frequencies}

    def call(self, like: Any) -> Any:
        _, height, width, _ = ops.shape(like)
        waves = ops.convert_to_tensor([6.2831853 * frequency for frequency in self.frequencies], dtype="float32")
        here = ops.zeros_like(like[..., :1])
        planes = []
        for count, shape in ((width, (1, 1, -1, 1)), (height, (1, -1, 1, 1))):
            turns = (ops.cast(ops.arange(count), "float32") + 0.5) / ops.cast(count, "float32")
            angle = ops.reshape(turns, shape) * waves + here
            planes += [ops.sin(angle), ops.cos(angle)]
        return ops.concatenate(planes, axis=-1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], 4 * len(self.frequencies))


@keras.saving.register_keras_serializable(package="muslin")
class SubPixelsAlike(keras.initializers.Initializer):
    """Kernels of a convolution before DepthToSpace that begin alike for the four pixels of a block.

    Else the blocks are drawn as a fine check until training has unlearned it (ICNR, Aitken et al. 2017).
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None, **kwargs: Any) -> Any:
        one = keras.initializers.GlorotUniform()((*shape[:-1], shape[-1] // 4), dtype=dtype)
        return ops.tile(one, (*[1] * (len(shape) - 1), 4))


def translator(network: str = "small", channels: int | None = None, blocks: int | None = None) -> keras.Model:
    """Image (N,H,W,3 in [-1, 1]) -> image (the same). network: one of NETWORKS; None: that network's own numbers."""
    if network == "published":
        return residual_translator(channels or 64, blocks or 9)
    return small_translator(channels or 24, blocks or 4)


def residual_translator(channels: int = 64, blocks: int = 9) -> keras.Model:
    """c7s1-64, d128, d256, 9 x R256, u128, u64, c7s1-3 in the words of CycleGAN, appendix 7.2; 11.4 M parameters.

    Up-sampling is nearest + convolution instead of a transposed convolution (Odena et al. 2016): no checkerboard.
    """
    image = keras.Input((None, None, 3), name="image")
    x = _convolution(_reflected(image, 3), channels, 7, "stem", padding="valid")
    for level in (1, 2):
        x = _convolution(x, channels * 2**level, 3, f"down{level}", strides=2)
    for block in range(blocks):
        y = WinogradConv2D(channels * 4, use_bias=False, name=f"block{block}_in_convolution")(_reflected(x, 1))
        y = layers.Activation("relu", name=f"block{block}_in")(GroupNorm(channels * 4, name=f"block{block}_in_norm")(y))
        y = WinogradConv2D(channels * 4, use_bias=False, name=f"block{block}_out_convolution")(_reflected(y, 1))
        y = GroupNorm(channels * 4, name=f"block{block}_out_norm")(y)
        x = layers.Add(name=_block_name(block, blocks))([x, y])
    for level in (1, 0):
        width = channels * 2**level
        x = GroupNorm(width, name=f"up{level}_norm")(UpConv2D(width, use_bias=False, name=f"up{level}_convolution")(x))
        x = layers.Activation("relu", name=f"up{level}")(x)
    x = NarrowConv2D(3, 7, padding="valid", activation="tanh", name="painted")(_reflected(x, 3))
    return keras.Model(image, x, name="generator")


def small_translator(channels: int = 24, blocks: int = 4) -> keras.Model:
    """The residual network for CPUs: enters at half the size, leaves by depth-to-space, and begins as the identity.

    Its output is a blend, pixel by pixel, of the picture and of what is painted over it; so that detail need not be
    drawn again, and an untrained network changes little. What is painted is blurred over three pixels: without it, a
    look grown in 20,000 images was a lattice of two pixels, in all colours. Sides are multiples of 4.
    """
    image = keras.Input((None, None, 3), name="image")
    stem = _convolution(image, channels, 6, "down1", strides=2, groups=8)
    x = layers.Concatenate()([stem, Place(name="place")(stem)])
    x = _convolution(x, channels * 2, 3, "down2", strides=2, groups=8)
    for block in range(blocks):
        y = _convolution(x, channels * 2, 3, f"block{block}_in", groups=8)
        y = _convolution(y, channels * 2, 3, f"block{block}_out", groups=8, active=False)
        x = layers.Add(name=_block_name(block, blocks))([x, y])
    x = layers.Conv2D(channels, 1, name="narrow")(x)
    x = layers.Add()([layers.UpSampling2D(2, interpolation="nearest")(x), stem])
    x = _convolution(x, channels, 3, "up", groups=8)
    painted = layers.Conv2D(12, 3, padding="same", kernel_initializer=SubPixelsAlike(), name="painted_half")(x)
    painted = layers.Activation("tanh", name="painted")(Blur()(DepthToSpace(2)(painted)))
    gate = layers.Conv2D(4, 3, padding="same", activation="sigmoid", kernel_initializer=SubPixelsAlike(),
                         bias_initializer=keras.initializers.Constant(-1.0), name="gate_half")(x)  # fmt: skip
    gate = Blur(name="gate")(DepthToSpace(2)(gate))
    return keras.Model(image, image + gate * (painted - image), name="generator")


def features(generator: keras.Model, *, output: bool) -> keras.Model:
    """Image -> list of the pixels and FEATURES, and the generator's output last if `output`: one pass for all.

    It shares the generator's weights; without `output` the decoder does not run.
    """
    kept = [generator.get_layer(name).output for name in FEATURES]
    return keras.Model(generator.input, [generator.input, *kept, *([generator.output] if output else [])])


def projector(widths: Sequence[int], units: int = 256) -> keras.Model:
    """Patches' features (list of N,P,C) -> list of N,P,units: a small perceptron for each (CUT, 3.2)."""
    inputs = [keras.Input((None, width), name=f"patches{index}") for index, width in enumerate(widths)]
    projected = []
    for index, patches in enumerate(inputs):
        hidden = layers.Dense(units, activation="relu", name=f"hidden{index}")(patches)
        projected.append(layers.Dense(units, name=f"projected{index}")(hidden))
    return keras.Model(inputs, projected, name="projector")


def feature_widths(generator: keras.Model) -> list[int]:
    """Channels of the pixels and of FEATURES."""
    return [3, *(generator.get_layer(name).output.shape[-1] for name in FEATURES)]


def _block_name(block: int, blocks: int) -> str:
    """The first and the fifth of nine are looked at; of fewer, the first and the one in the middle, or the last."""
    middle = min(blocks - 1, max(1, blocks // 2))
    return {0: "block_first", middle: "block_middle"}.get(block, f"block{block}")


def _convolution(
    x: Any, width: int, kernel: int, name: str, *, strides: int = 1, padding: str = "same", groups: int | None = None,
    active: bool = True,
) -> Any:  # fmt: skip
    """Convolution, normalisation (instance normalisation where no groups are given), activation."""
    x = layers.Conv2D(width, kernel, strides, padding=padding, use_bias=False, name=f"{name}_convolution")(x)
    x = GroupNorm(groups or width, name=f"{name}_norm")(x)
    return layers.Activation("silu" if groups else "relu", name=name)(x) if active else x


def _reflected(x: Any, by: int) -> Any:
    return ops.pad(x, [[0, 0], [by, by], [by, by], [0, 0]], mode="reflect")
