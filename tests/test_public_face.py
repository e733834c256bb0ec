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
