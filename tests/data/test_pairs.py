from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data.pairs import HELD_OUT_SEED, find_pairs, into_frame, load_pairs, rendered, squared
from muslin.data.splits import held_out
from muslin.errors import UserError

RED, BLUE = (200, 30, 40), (20, 40, 180)


def picture(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def drawing(height: int = 60, width: int = 60) -> np.ndarray:
    page = picture(height, width, (255, 255, 255))
    return cv2.rectangle(page, (10, 10), (width - 11, height - 11), (0, 0, 0), 2)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))


def names(count: int, held: bool, suffix: str = ".png") -> list[str]:
    """So many names of one side of the split."""
    return [name for name in (f"x{i}{suffix}" for i in range(400)) if held_out(name) == held][:count]


def test_edges_beside_garments_are_pairs_on_white_in_the_garments_own_square(tmp_path: Path) -> None:
    mask = np.zeros((60, 90), np.uint8)
    mask[10:50, 30:60] = 255
    for name in names(5, False) + names(2, True):
        photo = picture(60, 90, BLUE)
        photo[mask > 0] = RED
        lines = picture(60, 90, (255, 255, 255))
        cv2.rectangle(lines, (30, 10), (59, 49), (0, 0, 0), 1)
        cv2.line(lines, (0, 53), (89, 53), (0, 0, 0), 1)  # of the background
        save(tmp_path / "garments" / "dress" / name, photo)
        save(tmp_path / "edges" / "dress" / name.replace(".png", ".jpg"), lines)
        save(tmp_path / "garment_masks" / "dress" / name, np.repeat(mask[..., None], 3, 2))
    layout, files = find_pairs(tmp_path)
    keys = [f"dress/{name}" for name in names(5, False) + names(2, True)]
    assert layout == "drawings"
    assert {file.target.name for file in files} == {key[6:] for key in keys if not held_out(key)}
    pair = load_pairs(tmp_path, 48)[0]
    assert pair.target.shape == pair.source.shape == (48, 48, 3)
    inside = cv2.erode((pair.mask > 250).astype(np.uint8), np.ones((3, 3))) > 0
    assert np.abs(pair.target[inside].astype(int) - RED).max() <= 2
    assert (pair.target[pair.mask == 0] == 255).all()  # no blue is left
    rows = np.flatnonzero(inside.any(1))
    assert 36 <= rows[-1] - rows[0] <= 44  # 40 of 60 rows became 88 % of the square
    assert pair.source[-2:].min() >= 250  # the line in the background is gone


def test_two_folders_pair_by_name_and_direction_turns_them_round(tmp_path: Path) -> None:
    for index in range(5):
        save(tmp_path / "A" / "train" / f"{index}.png", drawing())
        save(tmp_path / "B" / "train" / f"{index}.png", picture(60, 60, RED))
        save(tmp_path / "A" / "test" / f"t{index}.png", drawing())
        save(tmp_path / "B" / "test" / f"t{index}.png", picture(60, 60, BLUE))
    save(tmp_path / "A" / "train" / "alone.png", drawing())
    pairs = load_pairs(tmp_path, 32)
    assert [pair.key for pair in pairs] == list("01234")
    assert np.abs(pairs[0].target.astype(int) - RED).max() <= 1 and pairs[0].mask is None
    assert np.abs(load_pairs(tmp_path, 32, held=True)[0].target.astype(int) - BLUE).max() <= 1
    turned = load_pairs(tmp_path, 32, direction="BtoA")
    np.testing.assert_array_equal(turned[0].source, pairs[0].target)


@pytest.mark.parametrize("drawing_left", (True, False))
def test_side_by_side_finds_the_drawing_on_either_side(tmp_path: Path, drawing_left: bool) -> None:
    halves = [drawing(), picture(60, 60, RED)]
    for index in range(4):
        save(tmp_path / "train" / f"{index}.png", np.hstack(halves if drawing_left else halves[::-1]))
    pair = load_pairs(tmp_path, 32)[0]
    assert np.abs(pair.target.astype(int) - RED).max() <= 1 and pair.source.mean() > 200
    forced = load_pairs(tmp_path, 32, direction="AtoB")[0]
    assert (forced.source.mean() > 200) == drawing_left


def test_photos_with_masks_alone_are_drawn(tmp_path: Path) -> None:
    for name in names(4, False):
        photo = picture(60, 60, BLUE)
        photo[15:45, 20:40] = RED
        mask = (photo[..., 0] == RED[0]).astype(np.uint8) * 255
        save(tmp_path / "garments" / name, photo)
        save(tmp_path / "masks" / name, np.repeat(mask[..., None], 3, 2))
    pair = load_pairs(tmp_path, 48)[0]
    dark = pair.source[..., 0] < 128
    border = cv2.morphologyEx(pair.mask, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
    assert dark.sum() > 60 and (border[dark]).mean() > 0.95  # plain cloth has an outline and nothing else


def test_what_is_no_pair_is_refused_with_the_layouts_that_work(tmp_path: Path) -> None:
    for index in range(40):
        save(tmp_path / f"{index}.png", picture(60, 60, RED))
    with pytest.raises(UserError, match="side by side") as error:
        load_pairs(tmp_path, 32)
    assert "edges/" in str(error.value)
    with pytest.raises(UserError, match="no folder"):
        load_pairs(tmp_path / "nowhere", 32)
    for index in range(5):
        save(tmp_path / "odd" / "A" / "train" / f"{index}.png", drawing(60, 60))
        save(tmp_path / "odd" / "B" / "train" / f"{index}.png", picture(60, 90, RED))
    with pytest.raises(UserError, match="different shapes"):
        load_pairs(tmp_path / "odd", 32)
    with pytest.raises(UserError, match="direction"):
        load_pairs(tmp_path, 32, direction="left")


def test_a_frame_that_shrinks_keeps_the_mean_and_the_place() -> None:
    """A pattern of one-pixel checks becomes its mean, not a moire; a square stays where the frame puts it."""
    checks = np.indices((120, 120)).sum(0) % 2 * 255
    checks = np.repeat(checks[..., None], 3, 2).astype(np.uint8)
    small = into_frame(checks, np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]]), 30, 0)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 127).max() <= 2
    square = np.zeros((120, 120, 3), np.uint8)
    square[40:80, 20:60] = 255
    moved = into_frame(square, np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]]), 30, 0)[..., 0]
    assert (moved > 127).sum() == 100
    assert (moved[10:20, 5:15] > 127).all()


def test_squares_repeat_the_border() -> None:
    made = squared(picture(40, 20, RED), 32)
    assert made.shape == (32, 32, 3) and np.abs(made.astype(int) - RED).max() <= 1


def test_rendered_pairs_are_repeatable_and_their_lines_follow_the_mask() -> None:
    first, again = rendered([3], 64, plain=True)[0], rendered([3], 64, plain=True)[0]
    np.testing.assert_array_equal(first.source, again.source)
    assert not np.array_equal(first.source, rendered([HELD_OUT_SEED + 3], 64)[0].source)
    border = cv2.morphologyEx(first.mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 128
    assert first.source[border].mean() < 190  # ink on the outline, of which the border's outer half has none
    assert first.source[cv2.dilate(first.mask, np.ones((7, 7))) == 0].min() > 240  # and none outside
