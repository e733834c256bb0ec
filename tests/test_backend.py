"""One step, written once, gives one set of numbers on each backend."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

TRAINING = Path(__file__).parent / "training"
BACKENDS = ("tensorflow", "jax", "torch")


@cache
def run(backend: str) -> dict:
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(TRAINING)}
    done = subprocess.run(
        [sys.executable, str(TRAINING / "three_steps.py")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def installed(backend: str) -> dict:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    return run(backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_closed_forms(backend: str) -> None:
    result = installed(backend)
    assert result["backend"] == backend
    assert result["square"] == 9.0
    assert result["gradients"] == [6.0, [0.0, 0.0, 0.0]]  # d x^2 = 2 x; zeros where the loss does not reach
    # score = x M, two logits a row: the gradient of their sum is the row sums of M = (1, 5, 9), squared norm 107,
    # and the penalty is that for one logit.
    assert result["r1"] == pytest.approx(107.0 / 2)


@pytest.mark.parametrize("backend", BACKENDS)
def test_steps_change_the_weights(backend: str) -> None:
    steps = installed(backend)["steps"]
    assert len({step["discriminator/loss"] for step in steps}) == len(steps)


@pytest.mark.parametrize("backend", ("jax", "torch"))
def test_same_numbers_as_tensorflow(backend: str) -> None:
    reference, result = installed("tensorflow"), installed(backend)
    for expected, step in zip(reference["steps"], result["steps"], strict=True):
        assert step.keys() == expected.keys()
        for key in expected:
            assert step[key] == pytest.approx(expected[key], rel=2e-4, abs=2e-5), key
    np.testing.assert_allclose(result["moving_mean"], reference["moving_mean"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(result["average"], reference["average"], rtol=1e-3, atol=1e-4)


def test_a_backend_that_there_is_not_is_said_with_those_there_are() -> None:
    command = [sys.executable, "-m", "muslin.cli", "train", "dcgan"]
    done = subprocess.run(
        command, env={**os.environ, "KERAS_BACKEND": "numpy"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "tensorflow, jax, torch" in done.stderr and "fault of muslin" not in done.stderr
