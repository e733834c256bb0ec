"""What the drape network computes instead of learning it: hue, slopes, the light that dyes tell, affine warps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from muslin.garments.shading import LOG_FLOOR
from muslin.layers import enlarged


@keras.saving.register_keras_serializable(package="muslin")
class GarmentFeatures(keras.layers.Layer):
    """What a field network sees: (image N,H,W,3 in [-1, 1]; garment N,H,W,1 mask) -> N,H,W,6.

    Log colour, centred on the garment so that exposure and dye do not matter (a gain in linear light is a shift
    here), zero outside it so that the background cannot; the mask; and the place in the picture, which tells a
    sleeve from a hem. (Keras keeps the argument name `mask` for itself.)
    """

    def call(self, image: Any, garment: Any) -> Any:
        colour = log_linear(image)
        weight = ops.sum(garment, axis=(1, 2), keepdims=True) + 1e-3
        colour = (colour - ops.sum(colour * garment, axis=(1, 2), keepdims=True) / weight) * garment
        _, height, width, _ = ops.shape(garment)
        down = ops.reshape(_from_minus_one_to_one(height), (1, -1, 1, 1))
        right = ops.reshape(_from_minus_one_to_one(width), (1, 1, -1, 1))
        here = ops.ones_like(garment)
        return ops.concatenate([colour, garment * 2 - 1, here * right, here * down], axis=-1)

    def compute_output_shape(
        self, image_shape: tuple[int | None, ...], garment_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 6)


@keras.saving.register_keras_serializable(package="muslin")
class ShadingSlopes(keras.layers.Layer):
    """Weights on the slopes of log colour and of a first guess of the light -> slopes of log shading.

    (image N,H,W,3 in [-1, 1]; garment N,H,W,1; light N,H,W,1; weights N,H,W,8) -> N,H,W,2: to the right-hand and the
    lower neighbour, 0 where either pixel lies outside the garment. Weights of luminance pass a fold; weights at right
    angles to a print's colours (its red, where red meets white) pass the fold under the print's edge and not the edge
    itself. start: eight numbers added to the weights, where training begins.
    """

    def __init__(self, start: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = [float(value) for value in start]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}

    def call(self, image: Any, garment: Any, light: Any, weights: Any) -> Any:
        weights = weights + ops.reshape(ops.convert_to_tensor(self.start, dtype="float32"), (1, 1, 1, 8))
        inside = ops.cast(garment > 0.5, "float32")
        pair_x = inside * ops.pad(inside[:, :, 1:], [[0, 0], [0, 0], [0, 1], [0, 0]])
        pair_y = inside * ops.pad(inside[:, 1:], [[0, 0], [0, 1], [0, 0], [0, 0]])
        # Apart, since gradients flow through the light and none through the photo.
        seen = zip(_differences(log_linear(image)), _differences(light), (pair_x, pair_y), strict=True)
        slopes = [ops.concatenate([colour, light], axis=-1) * pair for colour, light, pair in seen]
        weighted = ops.concatenate(slopes, axis=-1) * weights
        return ops.sum(ops.reshape(weighted, (-1, *ops.shape(weighted)[1:3], 2, 4)), axis=-1)

    def compute_output_shape(self, image_shape: tuple[int | None, ...], *_: Any, **__: Any) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 2)


@keras.saving.register_keras_serializable(package="muslin")
class DyeLight(keras.layers.Layer):
    """Light as a garment's few dyes tell it: log luminance less that of the dye which each pixel is of.

    (image N,H,W,3 in [-1, 1]; garment N,H,W,1; dyes N,H,W,K logits, a first guess which of K dyes a pixel is of;
    points N,H,W,D, what else should tell dyes apart; trend N,H/4,W/4,1, a first guess of the log shading) -> N,H,W,1:
    log shading, 0 on average inside the garment, 0 outside.

    Convolutions see a patch. Whether its bright half is lit or dyed is told by the rest of the garment, where the same
    dye lies in other light (Garces et al. 2012). So pixels are gathered by soft k-means over the whole garment, in
    rounds through which gradients flow (Jampani et al. 2018, section 4): a dye's own luminance is the mean of its
    pixels' less their light, and the light is what is left of each. Costs no convolution, 24 numbers a pixel and round.
    """

    def __init__(self, rounds: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rounds = rounds

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rounds": self.rounds}

    def build(self, *_: Any, **__: Any) -> None:
        # How much hue and albedo count beside the learned points, log sharpness, and how much a dye's area counts.
        self.scales = self.add_weight(name="scales", shape=(4,), initializer="ones")

    def call(self, image: Any, garment: Any, dyes: Any, points: Any, trend: Any) -> Any:
        _, height, width, _ = ops.shape(garment)

        def listed(field: Any) -> Any:
            return ops.reshape(field, (-1, height * width, field.shape[-1]))

        colour, inside, points, guess = (
            listed(log_linear(image)),
            listed(garment),
            listed(points),
            listed(enlarged(trend, 4)),
        )
        log = ops.mean(colour, axis=-1, keepdims=True)
        area = ops.sum(inside, axis=1, keepdims=True) + 1e-3
        hue = (colour[..., :2] - colour[..., 1:]) * (4 * self.scales[0])
        share = softmax_without_denormals(listed(dyes))
        light = _light_of_dyes(log, guess, share, inside, area)
        for _ in range(self.rounds):
            albedo = (log - light) * (2 * self.scales[1])
            share = self._gathered(ops.concatenate([points, hue, albedo], axis=-1), share, inside, area)
            light = _light_of_dyes(log, guess, share, inside, area)
        return ops.reshape(light, (-1, height, width, 1))

    def _gathered(self, points: Any, share: Any, inside: Any, area: Any) -> Any:
        """A round of soft k-means: points N,P,D, shares N,P,K in the dyes -> shares by the distance to the means."""
        shared = ops.transpose(share, (0, 2, 1))
        members = ops.matmul(shared, inside)
        means = ops.matmul(shared, points * inside) / (members + 1e-2)
        # The distance to a mean, but for the point's own square, which is the same for every dye.
        sharp, often = ops.exp(self.scales[2]), ops.log(members / area + 1e-4)
        far = sharp * ops.sum(means * means, axis=-1, keepdims=True) - self.scales[3] * often
        near = ops.matmul(points, ops.transpose(2 * sharp * means, (0, 2, 1)))
        return softmax_without_denormals(near - ops.transpose(far, (0, 2, 1)))

    def compute_output_shape(self, image_shape: tuple[int | None, ...], *_: Any, **__: Any) -> tuple[int | None, ...]:
        return (*image_shape[:-1], 1)


def softmax_without_denormals(logits: Any) -> Any:
    """Softmax over the last axis, of which no share is below e^-60 of the largest.

    Floats below e^-87 are denormal, and a processor takes a hundred times as long over each: of a garment of clear dyes
    that was every fifth millisecond of the whole network.
    """
    # Without a gradient: JAX divides that of a maximum by how many entries equal it, and where XLA rounds these anew
    # none does. The bound's own is e^-60.
    largest = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    return ops.softmax(ops.maximum(logits, largest - 60.0), axis=-1)


def _light_of_dyes(log: Any, guess: Any, share: Any, inside: Any, area: Any) -> Any:
    """log luminance N,P,1, a guess of the light, shares N,P,K in the dyes -> a better one, 0 on average inside.

    The guess tells how dyes stand to each other, where none lies in all of the light.
    """
    shared = ops.transpose(share, (0, 2, 1))
    own = ops.matmul(shared, (log - guess) * inside) / (ops.matmul(shared, inside) + 1e-3)
    found = (log - ops.matmul(share, own)) * inside
    return (found - ops.sum(found, axis=1, keepdims=True) / area) * inside


@keras.saving.register_keras_serializable(package="muslin")
class AffineWarp(keras.layers.Layer):
    """A linear field for each panel: (parameters N,6*P; like N,h,w,C) -> N,h,w,2*P.

    A turned sleeve is an angle times a coordinate; convolutions learn sums well and such products badly.
    """

    def call(self, parameters: Any, like: Any) -> Any:
        _, height, width, _ = ops.shape(like)
        panels = parameters.shape[-1] // 6
        matrix = ops.reshape(parameters, (-1, 1, 1, panels * 2, 3))
        down = ops.reshape(_from_minus_one_to_one(height), (1, -1, 1, 1))
        right = ops.reshape(_from_minus_one_to_one(width), (1, 1, -1, 1))
        return matrix[..., 0] * right + matrix[..., 1] * down + matrix[..., 2]

    def compute_output_shape(
        self, parameters_shape: tuple[int | None, ...], like_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        assert parameters_shape[-1] is not None
        return (*like_shape[:-1], parameters_shape[-1] // 3)


def _differences(field: Any) -> tuple[Any, Any]:
    """N,H,W,C -> what the right-hand and what the lower neighbour has more; 0 at the last column and row."""
    across = ops.pad(field[:, :, 1:] - field[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    down = ops.pad(field[:, 1:] - field[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    return across, down


def _from_minus_one_to_one(count: Any) -> Any:
    """Centres of `count` equal cells of [-1, 1]; `count` may be a tensor. float32."""
    return (ops.cast(ops.arange(count), "float32") + 0.5) * (2.0 / ops.cast(count, "float32")) - 1.0


def log_linear(image: Any) -> Any:
    """Log of linear light per channel. Input in [-1, 1], gamma 2.2 for sRGB (the difference does not matter here)."""
    return ops.log(ops.power((image + 1) / 2, 2.2) + LOG_FLOOR)
