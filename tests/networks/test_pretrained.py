"""The maps of a network that others trained: theirs, to the last digits, and never changed."""

from __future__ import annotations

import sys

import keras
import numpy as np
import pytest
from keras import ops, utils

from muslin.errors import UserError
from muslin.garments.network import Network
from muslin.networks.pretrained import FEATURES, STAGES, pretrained_maps
from muslin.networks.unet import mask_network
from muslin.recipes.mask import Mask
from muslin.training import engine


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_the_maps_are_those_of_the_file(size: tuple[int, int]) -> None:
    """ONNX Runtime computes the file itself; the Keras layers are another program with the same weights."""
    image = np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype(np.float32)
    entry = keras.Input((None, None, 3))
    maps = keras.Model(entry, pretrained_maps(entry))(image)
    expected = Network(FEATURES, threads=1)(image=image)
    for found, stage in zip(maps, STAGES, strict=True):
        wanted = expected[stage].transpose(0, 2, 3, 1)
        np.testing.assert_allclose(ops.convert_to_numpy(found), wanted, atol=1e-3 * np.abs(wanted).max())


def test_they_add_nothing_at_first_and_never_change() -> None:
    utils.set_random_seed(0)
    widths = (8, 16, 24, 32)
    plain, seeing = mask_network(widths, deep=True), mask_network(widths, deep=True, pretrained=True)
    both = {weight.path: weight for weight in seeing.weights}
    for weight in plain.weights:
        both.pop(weight.path).assign(weight)
    image = np.random.default_rng(2).uniform(-1, 1, (1, 32, 32, 3)).astype(np.float32)
    said, same = (ops.convert_to_numpy(network(image)) for network in (plain, seeing))
    np.testing.assert_allclose(same, said, atol=1e-4)
    trained = {weight.path for weight in seeing.trainable_weights}
    assert {path for path in both if path in trained} == {path for path in both if "_known" in path}
    assert any(path.startswith("known_") for path in both)


def test_a_step_changes_what_looks_at_them_only() -> None:
    recipe = Mask(size=32, widths=(8, 16, 24, 32), batch_size=2, fine_batches=0, pretrained=True)
    network = recipe.networks["generator"]
    before = {weight.path: np.array(ops.convert_to_numpy(weight)) for weight in network.weights}
    engine.train(recipe, recipe.stream(None, 0), images=4, preview_every_images=0, screen=False)
    changed = {w.path for w in network.weights if (before[w.path] != ops.convert_to_numpy(w)).any()}
    assert not any(path.startswith("known_") for path in changed)
    assert any("_known/" in path for path in changed)


def test_without_the_package_that_reads_them_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="onnx") as told:
        Mask(pretrained=True)
    assert "muslin[train]" in str(told.value)
