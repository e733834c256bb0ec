"""The R3GAN pair: residual blocks without normalisation, bilinear resampling, fix-up start (Huang et al. 2024).

Kept from the paper (section 4 and appendix): two mirrored stacks of inverted bottlenecks, 1 x 1 to twice the channels,
a 3 x 3 between, 1 x 1 back; leaky ReLU after the first two, no normalisation anywhere; each branch ends in zeros, so
that the networks begin as plain resampling (fix-up, Zhang et al. 2019); a learned 4 x 4 map, scaled by the latent, to
begin with, and a global depthwise convolution to end with. Changed, and why:
- the 3 x 3 is depthwise instead of in groups of 16 channels: on a CPU, with second-order gradients, a convolution in
  groups took 20 to 35 times as long as a dense one and a depthwise one a seventh to a ninth (TensorFlow 2.21);
- one block at each size instead of two, and 16 to 128 channels instead of 768 and fewer.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from muslin.layers import BilinearUp
from muslin.networks.dcgan import pyramid

EXPANSION = 2
LEAK = 0.2
CONVOLUTIONS = 3  # of a residual branch: m in fix-up's L ** (-1 / (2 m - 2))


@keras.saving.register_keras_serializable(package="muslin")
class LearnedMap(keras.layers.Layer):
    """N,C -> N,side,side,C: a learned map, each channel scaled by its input."""

    def __init__(self, side: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.side = side

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = (self.side, self.side, input_shape[-1])
        self.map = self.add_weight(name="map", shape=shape, initializer=keras.initializers.RandomNormal(stddev=1.0))

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (-1, 1, 1, x.shape[-1])) * self.map

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape[0], self.side, self.side, shape[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "side": self.side}


def generator(
    size: int = 32, latent_size: int = 64, channels: int = 16, max_channels: int = 128, blocks: int = 1
) -> keras.Model:
    """batch x latent_size, N(0, 1) -> batch x size x size x 3, in [-1, 1] where trained (no tanh).

    channels: at the full size. blocks: at each size.
    """
    levels, start = pyramid(size)
    branches = blocks * (levels + 1)
    latent = keras.Input((latent_size,), name="latent")
    x = layers.Dense(min(channels * 2**levels, max_channels), kernel_initializer=_scaled(1.0), use_bias=False)(latent)
    x = LearnedMap(start)(x)
    for level in reversed(range(levels + 1)):
        width = min(channels * 2**level, max_channels)
        if level < levels:
            if x.shape[-1] != width:  # before enlarging: a quarter of the work
                x = layers.Conv2D(width, 1, use_bias=False, kernel_initializer=_scaled(1.0))(x)
            x = BilinearUp()(x)
        for _ in range(blocks):
            x = _block(x, branches)
    image = layers.Conv2D(3, 1, use_bias=False, kernel_initializer=_scaled(0.25), name="rgb")(x)
    return keras.Model(latent, image, name="generator")


def discriminator(size: int = 32, channels: int = 16, max_channels: int = 128, blocks: int = 1) -> keras.Model:
    """batch x size x size x 3 -> batch x 1 logits: the generator in a mirror."""
    levels, start = pyramid(size)
    branches = blocks * (levels + 1)
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_scaled(1.0))(image)
    for level in range(levels + 1):
        width = min(channels * 2**level, max_channels)
        if level:
            x = layers.AveragePooling2D(2)(x)  # bilinear to half the size
            if x.shape[-1] != width:
                x = layers.Conv2D(width, 1, use_bias=False, kernel_initializer=_scaled(1.0))(x)
        for _ in range(blocks):
            x = _block(x, branches)
    # One weight a pixel and channel, then a sum over the pixels: a depthwise convolution as large as the map.
    x = layers.DepthwiseConv2D(start, use_bias=False, depthwise_initializer=_normal(1.0 / start))(x)
    logits = layers.Dense(1, use_bias=False, kernel_initializer=_scaled(1.0))(layers.Flatten()(x))
    return keras.Model(image, logits, name="discriminator")


def _block(x: Any, branches: int) -> Any:
    """x plus a branch that begins as zero. branches: residual branches of the whole network (fix-up's L)."""
    width = x.shape[-1]
    shrink = branches ** (-1 / (2 * CONVOLUTIONS - 2))
    gain = (2 / (1 + LEAK**2)) ** 0.5 * shrink
    inside = layers.Conv2D(EXPANSION * width, 1, kernel_initializer=_scaled(gain**2))(x)
    inside = layers.LeakyReLU(LEAK)(inside)
    inside = layers.DepthwiseConv2D(3, padding="same", depthwise_initializer=_normal(gain / 3))(inside)
    inside = layers.LeakyReLU(LEAK)(inside)
    return layers.Add()([x, layers.Conv2D(width, 1, use_bias=False, kernel_initializer="zeros")(inside)])


def _scaled(variance: float) -> keras.Initializer:
    """Outputs with `variance` times the variance of the inputs (He et al. 2015)."""
    return keras.initializers.VarianceScaling(variance, mode="fan_in", distribution="untruncated_normal")


def _normal(deviation: float) -> keras.Initializer:
    """For depthwise kernels, of whose inputs Keras counts too many."""
    return keras.initializers.RandomNormal(stddev=deviation)
