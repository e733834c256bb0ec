"""Measures of pictures against pictures whose answer is known: painted, rendered, or the same."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.evaluation.shipped import feature_network
from muslin.metrics import cloth, garment
from muslin.metrics.features import patches, square
from muslin.metrics.neighbours import nearest_real
from muslin.metrics.perceptual import _vector, diversity, mean_pairwise
from muslin.textiles.palette import Palette, delta_e_cielab, to_cielab


@pytest.fixture(scope="module")
def network():
    return feature_network(64)  # small: what is tested does not depend on the size


@pytest.fixture(scope="module")
def garments():
    return [np.rint(render(seed, 96).photo).astype(np.uint8) for seed in range(12)]


def test_the_network_is_the_one_its_card_names(network):
    assert network.label == "EfficientNet-Lite0 at 64 px"
    assert hashlib.sha256(network._network.path.read_bytes()).hexdigest() == network.sha256


def test_features_do_not_depend_on_batches_or_company(network, garments):
    alone = network.features(garments[:1])
    among = network.features(iter(garments + garments))
    assert among.shape == (24, 1280) and among.min() >= 0 and among.max() <= 6
    assert np.abs(among[0] - alone[0]).max() < 1e-3 and np.abs(among[0] - among[12]).max() < 1e-3
    assert network.features([]).shape == (0, 1280)


def test_jeans_are_jeans_the_network_sees_kinds(network):
    """Two renders of one garment in other light are nearer than two garments."""
    first, second = (np.rint(render(seed, 96).photo).astype(np.uint8) for seed in (3, 4))
    darker = np.rint(first * 0.85).astype(np.uint8)
    a, b, c = network.features([first, darker, second])
    assert np.linalg.norm(a - b) < 0.6 * np.linalg.norm(a - c)


def test_square_and_patches():
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = 255
    assert (square(wide, 20) == 255).all()
    mask = np.zeros((100, 100))
    mask[20:80, 20:80] = 1
    picture = (mask[..., None] * np.array([10, 20, 30])).astype(np.uint8)
    cut = patches(picture, 20, share=0.3, mask=mask)
    assert len(cut) == 20 and all(patch.shape == (18, 18, 3) for patch in cut)
    assert min((patch.sum(2) > 0).mean() for patch in cut) >= 0.9
    assert np.array_equal(cut[3], patches(picture, 20, share=0.3, mask=mask)[3])
    assert patches(picture, 5, mask=np.zeros((100, 100))) == []


def distance(first, second):
    return float(((_vector(first) - _vector(second)) ** 2).sum())


def test_perceptual_distance_by_hand_and_of_pictures(network, garments):
    a = [np.array([[[3.0]], [[4.0]]])]  # one map of two channels and one place: direction (0.6, 0.8)
    b = [np.array([[[1.0]], [[0.0]]])]
    assert distance(a, b) == pytest.approx(0.4**2 + 0.8**2)
    assert distance(a, [2 * a[0]]) == pytest.approx(0, abs=1e-9)
    maps = list(network.maps([garments[0], cv2.GaussianBlur(garments[0], (0, 0), 0.6), garments[1]]))
    assert distance(maps[0], maps[1]) < distance(maps[0], maps[2])


def test_variety(network, garments):
    corners = np.eye(4) * 3.0  # squared distance of any two: 18
    assert mean_pairwise(corners).value == pytest.approx(18)
    many, one = diversity(network, garments), diversity(network, garments[:1] * 6)
    assert one.value == pytest.approx(0, abs=1e-4) and many.low > 0.05


def test_a_copy_is_found_through_saving_and_cropping(network, garments):
    real = garments[:9]
    saved = cv2.imdecode(cv2.imencode(".jpg", real[4], [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR)
    found = nearest_real(network.features([saved, *garments[9:]]), network.features(real))
    assert found.index[0] == 4 and found.copied.tolist() == [True, False, False, False]


def test_silhouettes_and_leakage():
    a, b = np.zeros((10, 10)), np.zeros((10, 10))
    a[:, :6], b[:, 4:] = 1, 1
    assert garment.silhouette_iou(a, b) == pytest.approx(2 / 10)
    photo = np.full((10, 10, 3), 100, np.uint8)
    made = photo.copy()
    made[:, :6] = 5  # inside: as it likes
    assert garment.leakage(photo, made, a) == 0
    made[0, 9, 1] += 3
    assert garment.leakage(photo, made, a) == pytest.approx(1 / 40)
    assert garment.leakage(photo, made, a, tolerance=3) == 0


@pytest.fixture(scope="module")
def dressed():
    """One rendered garment in plain cloth, in a finely striped cloth under the same light, and another garment."""
    drawn = render(5, 192)
    mask = drawn.mask > 0.5
    gain = np.exp(drawn.shading)[..., None]
    stripes = np.where(np.arange(192)[:, None, None] % 4 < 2, 0.1, 0.35) * np.array([1.0, 0.8, 0.6])
    to_srgb = lambda light: np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8)  # noqa: E731
    scene = [to_srgb(np.where(mask[..., None], c * gain, 0.9)) for c in (np.full(3, 0.3), stripes + 0 * gain)]
    return scene[0], scene[1], mask


def test_shading_and_edges(dressed):
    plain, striped, mask = dressed
    assert garment.shading_correlation(plain, plain, mask) == pytest.approx(1)
    assert garment.shading_correlation(plain, striped, mask) > 0.9  # the same light under another print
    assert garment.shading_correlation(plain, np.ascontiguousarray(striped[:, ::-1]), mask) < 0.6
    assert garment.shading_correlation(plain, np.full_like(plain, 90), mask) == 0
    assert garment.edge_agreement(plain, plain, mask) == pytest.approx(1)
    noise = np.random.default_rng(0).integers(0, 255, plain.shape, dtype=np.uint8)
    assert abs(garment.edge_agreement(plain, noise, mask)) < 0.25  # no more than chance
    assert garment.edge_agreement(plain, np.roll(plain, 12, axis=1), mask) < 0.4


def test_palettes():
    red, navy, cream = (200, 40, 50), (30, 40, 90), (240, 230, 210)
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[::2], stripes[1::2] = red, cream
    assert cloth.palette_distance(stripes, stripes[::-1]) == pytest.approx(0, abs=0.5)
    pair = [Palette(np.array([colour], np.uint8), np.ones(1)) for colour in (red, navy)]
    expected = delta_e_cielab(to_cielab(np.array(red, np.uint8)), to_cielab(np.array(navy, np.uint8)), 2.0)
    assert cloth.between_palettes(*pair) == pytest.approx(float(expected), rel=1e-4)
    # Half the red becomes navy: half of their difference has to be carried.
    both = Palette(np.array([red, navy], np.uint8), np.array([0.5, 0.5]))
    assert cloth.between_palettes(pair[0], both) == pytest.approx(float(expected) / 2, rel=1e-4)
    mask = np.zeros((40, 40))
    mask[::2] = 1
    assert cloth.palette_distance(stripes, np.full((8, 8, 3), red, np.uint8), mask) == pytest.approx(0, abs=0.5)


def test_a_tile_and_no_tile():
    x = np.arange(64) / 64 * 2 * np.pi
    wave = np.rint(127 + 100 * np.sin(3 * x)[None, :, None] * np.ones((64, 64, 3))).astype(np.uint8)
    assert cloth.tileability(wave) < 0.1 < cloth.tileability(np.ascontiguousarray(wave[:, :53]))
