"""Tones against the closed form of optimal transport, banks against what was put into them."""

import numpy as np
import pytest

from muslin.errors import EXIT_MODEL, UserError
from muslin.textiles.exemplars import (
    REPEAT,
    STRONGEST,
    Look,
    StoredBank,
    Tone,
    choose,
    ground_of,
    on_one_ground,
    regularity,
    retone,
    save_bank,
    tone_of,
    transfer,
)

A = Tone(np.array([0.5, 0.02, -0.03]), np.diag([0.02, 0.004, 0.003]))
B = Tone(np.array([0.6, -0.05, 0.04]), np.array([[0.03, 0.004, 0.0], [0.004, 0.005, 0.001], [0.0, 0.001, 0.004]]))


def test_a_tone_is_moved_onto_itself_by_the_identity() -> None:
    assert transfer(A, A) == pytest.approx(np.eye(3, 4), abs=1e-6)


def test_transfer_gives_the_target_mean_and_covariance() -> None:
    matrix = transfer(A, B)
    linear = matrix[:, :3]
    assert linear @ A.mean + matrix[:, 3] == pytest.approx(B.mean, abs=1e-6)
    assert linear @ A.covariance @ linear.T == pytest.approx(B.covariance, abs=2e-4)
    assert linear == pytest.approx(linear.T, abs=1e-6)  # optimal transport between Gaussians is symmetric


def test_transfer_of_diagonal_tones_is_the_ratio_of_deviations_within_its_limits() -> None:
    wide = Tone(A.mean, np.diag([0.02 * 2.25, 0.004 / 4, 0.003 * 400]))
    assert np.diag(transfer(A, wide)[:, :3]) == pytest.approx([1.5, 0.5, STRONGEST], rel=0.02)  # 20 is held


def test_a_cloth_takes_the_tone_of_another() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(60, 160, (96, 96, 3), np.uint8)
    other = np.clip(rng.normal((150, 120, 90), (20, 15, 25), (96, 96, 3)), 0, 255).astype(np.uint8)
    made = tone_of(retone(one, tone_of(one), tone_of(other)))
    assert made.mean == pytest.approx(tone_of(other).mean, abs=0.01)
    assert np.sqrt(np.diag(made.covariance)) == pytest.approx(np.sqrt(np.diag(tone_of(other).covariance)), rel=0.25)


def test_a_tone_survives_its_nine_numbers() -> None:
    assert Tone.of_list(B.as_list()).covariance == pytest.approx(B.covariance, abs=1e-6)


def test_flat_colours_come_back_bit_by_bit_and_photographs_nearly(tmp_path) -> None:
    rng = np.random.default_rng(1)
    flat = (rng.random((5, REPEAT // 32, REPEAT // 32, 1)) < 0.5).repeat(32, 1).repeat(32, 2) * np.uint8(200)
    flat = flat.repeat(3, -1).astype(np.uint8)
    smooth = np.linspace(0, 6.28, REPEAT)
    wave = (127 + 90 * np.sin(smooth)[:, None, None] * np.cos(smooth * [[1], [2], [3]]).T[None]).astype(np.uint8)
    photo = np.clip(wave + rng.normal(0, 3, wave.shape), 0, 255).astype(np.uint8)[None]
    code = np.arange(3, dtype=np.float32)
    save_bank({"flat": Look(flat, (A,), code), "photo": Look(photo, (A, B), code)}, tmp_path)
    bank = StoredBank(lambda name: tmp_path / name)
    assert list(bank) == ["flat", "photo"]
    np.testing.assert_array_equal(bank["flat"].exemplars, flat)
    assert np.abs(bank["photo"].exemplars.astype(int) - photo).mean() < 4
    assert len(bank["photo"].tones) == 2
    assert bank["photo"].style_code.tolist() == [0, 1, 2]


@pytest.mark.parametrize("content", ["{", "[]", '{"flat": {"file": "none.jpg", "count": 1}}'])
def test_a_damaged_bank_is_a_sentence(tmp_path, content: str) -> None:
    (tmp_path / "bank.json").write_text(content)
    with pytest.raises(UserError) as caught:
        bank = StoredBank(lambda name: tmp_path / name)
        bank["flat"]
    assert caught.value.exit_code == EXIT_MODEL


def test_cloth_with_a_pocket_is_chosen_last() -> None:
    rng = np.random.default_rng(2)
    even = [rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(6)]
    pocket = even[0].copy()
    pocket[30:, 30:] = 5
    assert 3 not in choose([*even[:3], pocket, *even[3:]], 6)


def test_stripes_are_regular_and_noise_is_not() -> None:
    stripes = np.where(np.arange(REPEAT) % 64 < 20, 220, 30)[None, :, None] * np.ones((REPEAT, 1, 3))
    noise = np.random.default_rng(0).integers(0, 256, (REPEAT, REPEAT, 3))
    assert regularity(stripes.astype(np.uint8)) == pytest.approx(1.0, abs=1e-3)
    assert regularity(noise.astype(np.uint8)) < 0.2
    assert regularity(np.full((REPEAT, REPEAT, 3), 90, np.uint8)) == 0.0


def test_grounds_become_one_and_motifs_keep_their_colours() -> None:
    first, second = (np.full((64, 64, 3), (0.8, 0.0, 0.0), np.float32) + shift for shift in (0.0, 0.05))
    first[:16], second[:16] = (0.3, 0.1, 0.1), (0.4, -0.1, 0.1)
    ground, share = ground_of(second)
    assert ground == pytest.approx((0.85, 0.05, 0.05), abs=1e-4)
    assert share == pytest.approx(0.75)
    made = on_one_ground([first, second])
    np.testing.assert_array_equal(made[0], first)
    assert made[1][40, 40] == pytest.approx((0.8, 0.0, 0.0), abs=1e-3)
    assert made[1][0, 0] == pytest.approx((0.4, -0.1, 0.1), abs=1e-3)
    dark = first * np.float32(0.3)  # a ground too far away stays
    assert on_one_ground([first, dark])[1] is dark
