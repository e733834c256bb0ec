"""Networks that take their shape from the first data they see, for the public face at the package's root.

`create_generator()` knows neither whether noise or pictures will come in, nor how large; `Generator` and
`Discriminator` build themselves when they do.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from muslin.errors import UserError
from muslin.networks import dcgan

DEFAULT_SIZE = 32  # px


@keras.saving.register_keras_serializable(package="muslin")
class Generator(keras.Model):
    """batch x numbers (noise) or batch x height x width x 3 (pictures) -> batch x size x size x 3, in [-1, 1]."""

    def __init__(self, size: int | None = None, channels: int = 24, **kwargs: Any) -> None:
        """size: px of the pictures made from noise, by default those of the target; pictures keep their size."""
        super().__init__(**{"name": "generator", **kwargs})
        self.size, self.channels = size, channels
        self.inner: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.inner is None:
            if len(input_shape) == 2 and input_shape[1]:
                size = self.size or DEFAULT_SIZE
                self.inner = dcgan.generator(size, input_shape[1], self.channels, 8 * self.channels)
            elif len(input_shape) == 4 and input_shape[3] == 3:
                self.inner = translator(self.channels)
            else:
                raise UserError(
                    "A generator takes noise (batch x numbers) or pictures (batch x height x width x 3).",
                    received=f"shape {tuple(input_shape)}",
                )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.inner(inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "channels": self.channels}


@keras.saving.register_keras_serializable(package="muslin")
class Discriminator(keras.Model):
    """batch x size x size x 3 in [-1, 1] -> batch x 1 logits, positive where it takes a picture for real."""

    def __init__(self, size: int | None = None, channels: int = 24, **kwargs: Any) -> None:
        super().__init__(**{"name": "discriminator", **kwargs})
        self.size, self.channels = size, channels
        self.inner: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.inner is None:
            if len(input_shape) != 4 or input_shape[1] != input_shape[2] or input_shape[3] != 3:
                raise UserError(
                    "A discriminator takes square pictures (batch x size x size x 3).",
                    received=f"shape {tuple(input_shape)}",
                )
            self.inner = dcgan.discriminator(int(input_shape[1] or 0), self.channels, 8 * self.channels)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.inner(inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "channels": self.channels}


def translator(channels: int = 24, blocks: int = 3) -> keras.Model:
    """Pictures -> pictures of the same size (a multiple of 4), at first nearly unchanged.

    Down twice, residual blocks, up twice: Johnson et al. 2016, and CycleGAN (Zhu et al. 2017, appendix 7.2),
    without normalisation, which at this depth is not needed and would forget each picture's own colours.
    """
    image = keras.Input((None, None, 3), name="image")
    wide = _convolution(image, channels, 3, 1)
    half = _convolution(wide, 2 * channels, 4, 2)
    x = _convolution(half, 4 * channels, 4, 2)
    for _ in range(blocks):
        inside = _convolution(x, 4 * channels, 3, 1)
        x = layers.Add()([x, layers.Conv2D(4 * channels, 3, padding="same", kernel_initializer="zeros")(inside)])
    x = layers.LeakyReLU(0.2)(layers.Conv2DTranspose(2 * channels, 4, 2, "same")(x))
    x = layers.Add()([x, half])
    x = layers.LeakyReLU(0.2)(layers.Conv2DTranspose(channels, 4, 2, "same")(x))
    x = layers.Add()([x, wide])
    change = layers.Conv2D(3, 3, padding="same", kernel_initializer=keras.initializers.RandomNormal(stddev=0.02))(x)
    # tanh(1.5 x) is nearly x, and its slope leaves room for change everywhere but in pure black and white.
    x = layers.Add()([layers.Rescaling(1.5)(image), change])
    return keras.Model(image, layers.Activation("tanh")(x), name="translator")


def _convolution(x: Any, channels: int, kernel: int, stride: int) -> Any:
    x = layers.Conv2D(channels, kernel, stride, "same", kernel_initializer="he_normal")(x)
    return layers.LeakyReLU(0.2)(x)
