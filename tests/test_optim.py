from __future__ import annotations

import keras
import numpy as np
import pytest

from muslin.optim import Average, cosine, ema_decay, flat_then_linear, warm_up


def network(weight: float) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[weight]], "float32")])
    return model


def test_schedules() -> None:
    assert [cosine(p) for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert cosine(1.0, floor=0.1) == pytest.approx(0.1)
    assert [flat_then_linear(p) for p in (0.2, 0.5, 0.75, 1.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0])
    assert [warm_up(p, share=0.1) for p in (0.0, 0.05, 0.5)] == pytest.approx([0.0, 0.5, 1.0])


def test_half_life() -> None:
    assert ema_decay(10, 10) == 0.5
    assert ema_decay(1, 10) ** 10 == pytest.approx(0.5)
    assert ema_decay(16, 1000, 0) == 0.0  # a run that begins forgets the initial weights
    assert ema_decay(16, 1000, 1e9) == ema_decay(16, 1000)


def test_average_moves_half_way_and_leaves_the_network_alone() -> None:
    model = network(0.0)
    average = Average({"generator": model})
    model.set_weights([np.array([[8.0]], "float32")])
    seen = []
    for _ in range(3):
        average.update({"generator": 0.5})
        with average.applied():
            seen.append(float(model.get_weights()[0][0, 0]))
        assert float(model.get_weights()[0][0, 0]) == 8.0
    assert seen == [4.0, 6.0, 7.0]
    average.apply()
    assert float(model.get_weights()[0][0, 0]) == 7.0
