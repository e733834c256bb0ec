"""The five lines that the README promises, as written, for noise and for pictures, on arrays and on folders."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import muslin
from muslin import *  # noqa: F403
from muslin import UserError, create_discriminator, create_generator, loss, preprocess_data, train

RNG = np.random.default_rng(0)


def dyed(color: tuple[int, int, int], count: int = 24, size: int = 20) -> np.ndarray:
    """Pictures around one colour: a collection whose look can be measured."""
    return np.clip(np.array(color) + RNG.normal(0, 12, (count, size, size, 3)), 0, 255).astype(np.uint8)


def mean_color(images: np.ndarray) -> np.ndarray:
    return (np.asarray(images).mean((0, 1, 2)) + 1) * 127.5


def test_names_are_there_and_the_import_is_instant() -> None:
    assert {"preprocess_data", "create_generator", "create_discriminator", "train", "loss"} <= set(muslin.__all__)
    assert set(muslin.__all__) <= set(dir(muslin))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = muslin.trian
    code = "import muslin, sys; sys.exit(any(m in sys.modules for m in ('keras', 'numpy', 'cv2', 'onnxruntime')))"
    begin = time.perf_counter()
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert time.perf_counter() - begin < 2.0  # generous: the bound of 0.4 s is kept by the benchmarks


def test_design_from_noise() -> None:
    input, target = preprocess_data(dyed((200, 60, 40)), size=16)
    assert input.ndim == 2 and target.shape == (24, 16, 16, 3) and -1 <= target.min() < target.max() <= 1
    generator = create_generator(channels=8)
    discriminator = create_discriminator(channels=8)
    before = loss(generator, discriminator, input, target)
    first = mean_color(generator(input[:64]))
    history = train(generator, discriminator, input, target, 80, screen=False, learning_rate=2e-3)
    made = mean_color(generator(input[:64]))
    assert history.images_seen == 80 * 24 or history.ended != "finished"
    assert len(history["generator/loss"]) >= 1
    assert loss(generator, discriminator, input, target) != before
    # The known answer: what it makes has the collection's colour.
    assert np.abs(made - (200, 60, 40)).mean() < 0.5 * np.abs(first - (200, 60, 40)).mean(), made


def test_style_transfer_from_pictures(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(60, 190, 20)[None, :, None], (20, 1, 3))
    for folder, color in (("photos", (1.0, 1.0, 1.0)), ("looks", (1.3, 0.5, 0.4))):
        (tmp_path / folder).mkdir()
        for index in range(12):
            pixels = np.clip(ramp * color + RNG.normal(0, 4, ramp.shape), 0, 255).astype(np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{index}.png"), pixels[..., ::-1])
    input, target = preprocess_data(tmp_path / "photos", str(tmp_path / "looks"), size=16)
    assert input.shape == target.shape == (12, 16, 16, 3)
    generator, discriminator = create_generator(channels=8), create_discriminator(channels=8)
    assert np.abs(np.asarray(generator(input)) - input).mean() < 0.25  # untrained, it hardly changes a picture
    train(generator, discriminator, input, target, 160, screen=False, run=tmp_path / "run", learning_rate=2e-3)
    made = np.asarray(generator(input))
    colors = mean_color(made), mean_color(target), mean_color(input)
    assert np.abs(colors[0] - colors[1]).mean() < 0.6 * np.abs(colors[2] - colors[1]).mean(), colors
    columns = made.mean((0, 1, 3))
    assert np.corrcoef(columns, np.arange(16))[0, 1] > 0.9  # the ramp, the picture's structure, is still there
    assert list((tmp_path / "run" / "previews").glob("*.png"))


def test_noise_of_your_own_keeps_its_width() -> None:
    noise = RNG.standard_normal((50, 5))
    input, _ = preprocess_data(noise, dyed((9, 9, 9)), size=16)
    assert input.shape == (50, 5)
    assert create_generator(16, channels=8)(input[:3]).shape == (3, 16, 16, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: preprocess_data(dyed((1, 2, 3), count=2)), "too small"),
        (lambda: preprocess_data(np.full((9, 8, 8, 3), 400.0)), "must lie in"),
        (lambda: preprocess_data("no/such/folder"), "no/such/folder"),
        (lambda: train(None, None, [1], [2]), "must be an array"),
        (lambda: loss(None, None, np.zeros((2, 3)), np.full((2, 8, 8, 3), 200.0)), "preprocess_data"),
        (lambda: train(create_generator(32), create_discriminator(), np.zeros((4, 3)), np.zeros((4, 16, 16, 3))),
         "differ in size"),
        (lambda: train(create_generator(), create_discriminator(), np.zeros((4, 3)), np.zeros((4, 17, 17, 3))),
         "doubling"),
        (lambda: train(create_generator(), create_discriminator(), np.zeros((4, 3)), np.zeros((4, 16, 16, 3)),
                       loss="hing"), "hinge"),
    ],
)  # fmt: skip
def test_mistakes_are_explained(call: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        call()


def test_one_range_is_meant_by_all_pictures_of_an_array() -> None:
    """A pale garment in [-1, 1] has no value below 0, and is no darker than the others for that."""
    signed = np.stack([np.full((32, 32, 3), level, np.float32) for level in (-0.8, 0.0, 0.4, 0.8)])
    np.testing.assert_allclose(preprocess_data(signed)[1], signed, atol=1 / 127)
    np.testing.assert_allclose(preprocess_data((signed + 1) / 2)[1], signed, atol=1 / 127)
    np.testing.assert_allclose(preprocess_data(np.rint((signed + 1) * 127.5).astype(int))[1], signed, atol=1 / 127)
    clear = np.zeros((4, 32, 32, 4), np.uint8)
    assert (preprocess_data(clear)[1] == 1).all(), "transparent is white, as in a file"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.zeros((32, 32, 3), np.uint8), "One picture is no collection"),
        (np.full((4, 8, 8, 3), 300), "whole numbers must lie in"),
        (np.full((4, 8, 8, 3), np.nan), "floating-point numbers must lie in"),
        (np.zeros((4, 0, 8, 3), np.uint8), "must be numbers, height x width"),
        (np.zeros((4, 8, 8, 3), complex), "must be numbers, height x width"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(wrong: np.ndarray, said: str) -> None:
    with pytest.raises(UserError, match=said):
        preprocess_data(wrong)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 32.0}, {"count": 0}, {"seed": -1}, {"seed": True}])
def test_numbers_that_cannot_be_meant_are_refused(wrong: dict) -> None:
    with pytest.raises(UserError, match="must be a whole number"):
        preprocess_data(**wrong)


def test_what_is_not_finite_is_not_trained_on(tmp_path: Path) -> None:
    noise, pictures = np.zeros((8, 4), np.float32), np.zeros((8, 16, 16, 3), np.float32)
    generator, discriminator = create_generator(), create_discriminator()
    for broken in ((noise * np.nan, pictures), (noise, np.where(pictures == 0, np.nan, 0))):
        with pytest.raises(UserError, match="must be finite numbers"):
            train(generator, discriminator, *broken, epochs=1)
        with pytest.raises(UserError, match="must be finite numbers"):
            loss(generator, discriminator, *broken)
    for wrong in ({"epochs": 0}, {"epochs": 1.5}, {"seed": -1}):
        with pytest.raises(UserError, match="must be a whole number"):
            train(generator, discriminator, noise, pictures, **wrong)
    (tmp_path / "notes.md").write_text("no picture")
    with pytest.raises(UserError, match="not a picture"):
        preprocess_data(str(tmp_path / "notes.md"))
