import keras
import numpy as np
import pytest
from keras import layers, ops

from muslin.networks import translators
from muslin.networks.discriminators import patch_discriminator, patchgan


def kernels(network):
    return sum(int(np.prod(layer.kernel.shape)) for layer in network.layers if hasattr(layer, "kernel"))


def images(size, count=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 3)).astype(np.float32)


def test_the_published_network_has_the_published_kernels():
    """c7s1-64, d128, d256, nine R256, u128, u64, c7s1-3: CycleGAN, appendix 7.2."""
    narrow, wide = 49 * 3 * 64, 9 * (64 * 128 + 128 * 256)
    assert kernels(translators.translator("published")) == 2 * narrow + 2 * wide + 9 * 2 * 9 * 256 * 256
    assert kernels(patchgan()) == 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)


def test_patchgan_gives_thirty_by_thirty_logits_that_see_seventy_pixels():
    judge = patchgan(4, instance_norm=False)
    assert judge.compute_output_shape((1, 256, 256, 3)) == (1, 30, 30, 1)
    picture = np.zeros((1, 128, 128, 3), np.float32)
    before = ops.convert_to_numpy(judge(picture))
    picture[:, 64, 64] = 1
    seen = np.argwhere(ops.convert_to_numpy(judge(picture))[0, :, :, 0] != before[0, :, :, 0])
    # Steps of 8 pixels, padding of 1 + 2 + 4 + 8 + 8: logit k sees the pixels 8 k - 23 to 8 k - 23 + 69.
    seeing = [k for k in range(14) if 8 * k - 23 <= 64 <= 8 * k + 46]
    assert sorted(map(tuple, seen)) == [(i, j) for i in seeing for j in seeing]


@pytest.mark.parametrize("network", ["small", "published"])
def test_features_come_out_of_the_pass_that_paints_and_share_its_weights(network):
    generator = translators.translator(network, 8, 3)
    painter = translators.features(generator, output=True)
    encoder = translators.features(generator, output=False)
    for model in (painter, encoder):
        assert {id(v) for v in model.trainable_variables} <= {id(v) for v in generator.trainable_variables}
    assert len(encoder.trainable_variables) < len(generator.trainable_variables)  # the decoder does not run
    seen = images(40)
    *found, made = painter(seen)
    np.testing.assert_allclose(made, generator(seen), atol=1e-6)
    for first, second, stride, width in zip(
        found, encoder(seen), translators.STRIDES, translators.feature_widths(generator), strict=True
    ):
        np.testing.assert_allclose(first, second, atol=1e-6)
        assert tuple(first.shape) == (2, 40 // stride, 40 // stride, width)
    np.testing.assert_array_equal(found[0], seen)


def test_any_side_that_is_a_multiple_of_four_and_colours_stay_in_range():
    for network in translators.NETWORKS:
        generator = translators.translator(network, 8, 2)
        for height, width in ((32, 32), (36, 60)):
            made = ops.convert_to_numpy(generator(images(64)[:, :height, :width]))
            assert made.shape == (2, height, width, 3) and np.abs(made).max() <= 1


def test_the_small_network_begins_near_the_picture_and_knows_places():
    generator = translators.translator("small", 8, 2)
    seen = images(32)
    correlation = np.corrcoef(ops.convert_to_numpy(generator(seen)).ravel(), seen.ravel())[0, 1]
    assert correlation > 0.8, correlation
    flat = ops.convert_to_numpy(generator(np.zeros((1, 64, 64, 3), np.float32)))[0]
    assert flat[16:48, 16:48].std() > 1e-4  # plain cloth, and yet the pixels are told apart
    half = ops.convert_to_numpy(keras.Model(generator.input, generator.get_layer("painted_half").output)(seen))
    blocks = half.reshape(*half.shape[:-1], 4, 3)  # the four pixels that DepthToSpace lays side by side
    np.testing.assert_allclose(blocks, np.broadcast_to(blocks[..., :1, :], blocks.shape), atol=1e-5)  # no check
    waves = ops.convert_to_numpy(translators.Place([2])(np.zeros((1, 4, 8, 1), np.float32)))[0]
    turns = (np.arange(8) + 0.5) / 8 * 2
    np.testing.assert_allclose(waves[0, :, 0], np.sin(2 * np.pi * turns), atol=1e-5)
    np.testing.assert_allclose(waves[:, 0, 3], np.cos(2 * np.pi * (np.arange(4) + 0.5) / 4 * 2), atol=1e-5)


def test_spectral_norm_reaches_every_layer_of_a_discriminator():
    for judge in (patchgan(4, spectral_norm=True), patch_discriminator(3, (4, 8), spectral_norm=True)):
        assert all(hasattr(layer, "u") for layer in judge.layers if isinstance(layer, layers.Conv2D))
