from __future__ import annotations

import keras
import numpy as np
import pytest

from muslin.optim import Average, Muon, cosine, ema_decay, flat_then_linear, nearly_orthogonal


def network(weight: float) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[weight]], "float32")])
    return model


def test_schedules() -> None:
    assert [cosine(p) for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert cosine(1.0, floor=0.1) == pytest.approx(0.1)
    assert [flat_then_linear(p) for p in (0.2, 0.5, 0.75, 1.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0])


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


@pytest.mark.parametrize("shape", [(40, 16), (16, 40), (3, 3, 8, 16)])
def test_muon_moves_along_the_nearest_orthogonal_matrix_as_far_as_adam(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    left = np.linalg.qr(rng.normal(size=(rows, min(rows, columns))))[0]
    right = np.linalg.qr(rng.normal(size=(columns, min(rows, columns))))[0]
    gradient = left * np.geomspace(1, 0.02, left.shape[1]) @ right.T  # its nearest orthogonal matrix: left @ right.T
    weight = keras.Variable(np.zeros(shape, np.float32))
    Muon(0.01).apply([keras.ops.convert_to_tensor(gradient.reshape(shape).astype("float32"))], [weight])
    step = -np.asarray(keras.ops.convert_to_numpy(weight.value), np.float64).reshape(rows, columns)
    values = left.T @ step @ right / (0.01 * 0.2 * np.sqrt(max(rows, columns)))
    assert np.diag(values).min() > 0.65 and np.diag(values).max() < 1.25
    assert np.abs(values - np.diag(np.diag(values))).max() < 1e-4
    assert np.sqrt((step**2).mean()) == pytest.approx(0.2 * 0.01, rel=0.2)  # Adam's, as Liu et al. measured it


def test_muons_second_step_looks_ahead_along_its_momentum() -> None:
    """Nesterov: after gradients a and b the layer moves along b + m (m a + b), not along the momentum m a + b."""
    first, second = np.random.default_rng(0).normal(size=(2, 24, 20)).astype("float32")
    weight, seen = keras.Variable(np.zeros((24, 20), np.float32)), []
    optimizer = Muon(0.01, momentum=0.8)
    for gradient in (first, second):
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        seen.append(keras.ops.convert_to_numpy(weight.value))
    length = 0.01 * 0.2 * np.sqrt(24)
    memory = 0.8 * first + second
    ahead, behind = (keras.ops.convert_to_numpy(nearly_orthogonal(keras.ops.convert_to_tensor(matrix)))
                     for matrix in (second + 0.8 * memory, memory))  # fmt: skip
    np.testing.assert_allclose(seen[0] - seen[1], length * ahead, atol=1e-6)
    assert np.abs(ahead - behind).max() > 0.05


@pytest.mark.parametrize("shape", [(16,), (40, 3), (7, 7, 16, 1)])
def test_muon_leaves_vectors_and_narrow_layers_to_adam(shape: tuple[int, ...]) -> None:
    rng, kept = np.random.default_rng(0), []
    gradients = [rng.normal(size=shape).astype("float32") for _ in range(3)]
    for optimizer in (Muon(0.01, beta_2=0.99), keras.optimizers.Adam(0.01, beta_2=0.99)):
        weight = keras.Variable(np.ones(shape, np.float32))
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        kept.append(keras.ops.convert_to_numpy(weight.value))
    np.testing.assert_allclose(kept[0], kept[1], rtol=1e-6)


def test_nothing_stays_nothing_in_muon() -> None:
    assert not keras.ops.convert_to_numpy(nearly_orthogonal(keras.ops.zeros((16, 20)))).any()
