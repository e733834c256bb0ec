"""Steps in bfloat16: what is rounded, what is not, and that a run continues bit for bit."""

from __future__ import annotations

import keras
import ml_dtypes
import numpy as np
import pytest

from muslin import precision
from muslin.errors import UserError
from muslin.networks.convolutions import SpectralConv2D


def two_convolutions() -> keras.Model:
    image = keras.Input((None, None, 3))
    hidden = keras.layers.Conv2D(4, 1, use_bias=False, name="hidden")(image)
    hidden = SpectralConv2D(4, 1, use_bias=False, name="normalised")(hidden)
    return keras.Model(image, keras.layers.Conv2D(2, 1, use_bias=False, name="last")(hidden))


as_numpy = keras.ops.convert_to_numpy


def rounded(x: np.ndarray) -> np.ndarray:
    return x.astype(ml_dtypes.bfloat16).astype(np.float32)


def test_only_what_lies_within_is_rounded_and_only_in_the_block() -> None:
    keras.utils.set_random_seed(0)
    network = two_convolutions()
    image = np.random.default_rng(0).normal(0, 1, (1, 5, 5, 3)).astype(np.float32)
    first, last = (as_numpy(network.get_layer(name).kernel.value)[0, 0] for name in ("hidden", "last"))
    before = as_numpy(network(image))
    with pytest.raises(ZeroDivisionError), precision.lowered([network], "bfloat16"):
        found = network(image)
        assert keras.backend.standardize_dtype(found.dtype) == "float32"
        hidden = rounded(rounded(image) @ rounded(first))
        expected = as_numpy(network.get_layer("normalised")(hidden)) @ last  # these two in float32
        np.testing.assert_allclose(as_numpy(found), expected, rtol=1e-5, atol=1e-6)
        assert np.abs(as_numpy(found) - before).max() > 1e-4
        raise ZeroDivisionError
    np.testing.assert_array_equal(as_numpy(network(image)), before)
    assert {layer.dtype_policy.name for layer in network.layers} == {"float32"}
    with precision.lowered([network], "float32"):
        np.testing.assert_array_equal(as_numpy(network(image)), before)


def test_networks_within_networks_are_found() -> None:
    inner = two_convolutions()
    image = keras.Input((8, 8, 3))
    outer = keras.Model(image, keras.layers.Conv2D(3, 1, use_bias=False)(inner(image)))
    picture = np.random.default_rng(1).normal(0, 1, (1, 8, 8, 3)).astype(np.float32)
    plain = as_numpy(outer(picture))
    with precision.lowered([outer], "bfloat16"):
        assert np.abs(as_numpy(outer(picture)) - plain).max() > 1e-5
    np.testing.assert_array_equal(as_numpy(outer(picture)), plain)


def test_another_name_is_refused() -> None:
    from muslin.recipes.dcgan import DCGAN
    from muslin.training import engine

    with pytest.raises(UserError, match="precision") as refused:
        engine._Loop(DCGAN(size=16, channels=2, latent_size=4, precision="float16"))
    assert "bfloat16" in str(refused.value)


def test_a_run_in_bfloat16_keeps_float32_weights_and_continues_to_the_same_bits(tmp_path) -> None:
    from muslin.recipes.dcgan import DCGAN
    from muslin.training import engine

    real = np.random.default_rng(0).integers(0, 255, (32, 16, 16, 3)).astype(np.uint8)

    def run(folder, *stops: int) -> tuple[DCGAN, np.ndarray]:
        for images in stops:
            recipe = DCGAN(size=16, channels=4, latent_size=8, batch_size=8, precision="bfloat16")
            stream = recipe.stream(real, 0)
            if images != stops[-1]:  # as if stopped there: the state is what the longer run would have kept
                stop_after(recipe, stream, folder, images, stops[-1])
            else:
                engine.train(recipe, stream, folder, images=images, screen=False, preview_every_images=0)
        networks = recipe.networks.values()
        return recipe, np.concatenate([as_numpy(v.value).ravel() for n in networks for v in n.trainable_variables])

    recipe, whole = run(tmp_path / "whole", 64)
    _, continued = run(tmp_path / "parts", 24, 64)
    np.testing.assert_array_equal(whole, continued)
    assert {str(v.dtype) for n in recipe.networks.values() for v in n.variables if "float" in str(v.dtype)} == {
        "float32"
    }


def stop_after(recipe, stream, folder, images: int, whole: int) -> None:
    """Train until `images` of a run of `whole`, and leave its state as a killed run does."""
    from muslin.training import engine

    class Enough(Exception):
        pass

    class Ending:
        def batch(self, images_seen: int):
            if images_seen >= images:
                raise Enough
            return stream.batch(images_seen)

    with pytest.raises(Enough):
        engine.train(
            recipe, Ending(), folder, images=whole, screen=False, preview_every_images=0, checkpoint_every_seconds=0
        )


def test_a_processor_that_cannot_is_told_of() -> None:
    old = "flags : fpu sse2 avx avx2"
    assert "faster in float32" in precision.warning("bfloat16", "cpu", old)
    assert not precision.warning("float32", "cpu", old)
    assert not precision.warning("bfloat16", "gpu", old)
    assert not precision.warning("bfloat16", "cpu", old + " avx512_bf16")
    assert not precision.warning("bfloat16", "cpu", old + " amx_bf16")
