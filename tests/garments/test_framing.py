import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muslin.garments.framing import about_centre, garment_box, garment_frame, invert, photo_frame, rotation


def move(frame: np.ndarray, x: float, y: float) -> np.ndarray:
    return frame[:, :2] @ [x, y] + frame[:, 2]


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_photo_frame_keeps_the_centre_and_fills_the_square(height: int, width: int) -> None:
    frame = photo_frame(height, width, 256)
    assert move(frame, (width - 1) / 2, (height - 1) / 2) == pytest.approx([127.5, 127.5], abs=1e-2)
    assert frame[0, 0] * max(height, width) == pytest.approx(256, rel=1e-4)
    there = move(frame, 3, 4)
    assert move(invert(frame), *there) == pytest.approx([3, 4], abs=0.05)


def test_box_is_exclusive_at_the_right_and_whole_where_nothing_is_masked() -> None:
    mask = np.zeros((20, 30), np.float32)
    assert garment_box(mask) == (0, 0, 30, 20)
    mask[5:9, 7:17] = 1
    assert garment_box(mask) == (7, 5, 17, 9)
    assert garment_box(np.uint8(mask * 255)) == (7, 5, 17, 9)


def test_garment_frame_centres_the_box() -> None:
    frame = garment_frame((7, 5, 17, 9), 128)
    assert move(frame, 11.5, 6.5) == pytest.approx([63.5, 63.5], abs=1e-3)


def test_about_centre_leaves_the_centre() -> None:
    frame = about_centre(rotation(30) * 1.5, garment_frame((0, 0, 10, 10), 64), 64)
    assert move(frame, 4.5, 4.5) == pytest.approx([31.5, 31.5], abs=1e-3)
    assert np.linalg.det(frame[:, :2]) == pytest.approx(1.5**2 * (64 / 11.4) ** 2, rel=1e-4)
