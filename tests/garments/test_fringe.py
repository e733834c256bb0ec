import cv2
import numpy as np
import pytest

from muslin.garments.fringe import WIDTH, with_fringe

SIDE = 96
RED, WALL = np.float32([200, 30, 60]), np.float32([190, 190, 180])


def half_garment(edge: int = 48) -> np.ndarray:
    """A mask whose right half is garment."""
    alpha = np.zeros((SIDE, SIDE), np.float32)
    alpha[:, edge:] = 1
    return alpha


def photo(alpha: np.ndarray, garment: np.ndarray = RED, backdrop: np.ndarray = WALL) -> np.ndarray:
    return np.rint(alpha[..., None] * garment + (1 - alpha[..., None]) * backdrop).astype(np.uint8)


def tinted(share: tuple[float, ...] = (0.7, 0.4)) -> np.ndarray:
    """The true coverage, where the garment's colour reaches this far out of its mask."""
    true = half_garment()
    for distance, part in enumerate(share, start=1):
        true[:, 48 - distance] = part
    return true


def test_the_fringe_is_covered_by_as_much_as_it_is_coloured() -> None:
    true = tinted()
    covered = with_fringe(photo(true), half_garment())
    np.testing.assert_allclose(covered[20:-20, 46:48], true[20:-20, 46:48], atol=0.15)
    assert covered[:, :45].max() < 0.1
    assert (covered[:, 48:] == 1).all()


def test_a_fringe_wider_than_its_width_is_no_fringe() -> None:
    true = half_garment(40)  # eight pixels of garment that the mask leaves out
    covered = with_fringe(photo(true), half_garment())
    assert (covered[:, : 48 - WIDTH - 1] == 0).all()


@pytest.mark.parametrize(
    ("garment", "backdrop"),
    [
        (np.float32([40, 40, 40]), np.float32([200, 200, 200])),  # black cloth on a white wall, and its shadow
        (np.float32([200, 60, 60]), np.float32([205, 70, 66])),  # red on red
    ],
)
def test_what_has_no_chroma_of_its_own_is_left_alone(garment: np.ndarray, backdrop: np.ndarray) -> None:
    alpha = half_garment()
    assert np.array_equal(with_fringe(photo(tinted(), garment, backdrop), alpha), alpha)


def test_a_shadow_is_no_fringe() -> None:
    alpha, picture = half_garment(), photo(half_garment()).astype(np.float32)
    picture[:, 44:48] *= np.float32([0.3, 0.4, 0.6, 0.8])[::-1, None]
    assert with_fringe(picture.astype(np.uint8), alpha)[:, :48].max() < 0.1


def test_a_backdrop_of_many_colours_is_left_alone() -> None:
    rng = np.random.default_rng(3)
    alpha = half_garment()
    rug = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.float32)
    assert with_fringe(photo(alpha, RED, rug), alpha)[:, :48].max() < 0.2


def test_no_mask_is_made_smaller_and_extremes_pass() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for alpha in (
        rng.uniform(0, 1, (SIDE, SIDE)).astype(np.float32),
        np.zeros((SIDE, SIDE), np.float32),
        np.ones((SIDE, SIDE), np.float32),
    ):
        covered = with_fringe(pixels, alpha)
        assert covered.shape == alpha.shape and covered.dtype == np.float32
        assert (covered >= alpha).all() and covered.max() <= 1
    for shape in ((1, 1), (1, 9), (2, 300)):
        one = np.zeros(shape, np.float32)
        one[0, 0] = 1
        assert with_fringe(np.zeros((*shape, 3), np.uint8), one)[0, 0] == 1


def test_what_jpeg_bleeds_is_covered() -> None:
    """A red disc on a wall, kept as a JPEG with colour at half the size. Where the mask is above 0 at all, the renderer
    puts cloth and backdrop in the old pixel's place; so hardly a tinted pixel may be left at 0.
    """
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    alpha = np.clip(30.5 - np.hypot(y - 48, x - 48), 0, 1)
    kept = cv2.imencode(".jpg", photo(alpha)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    pixels = np.ascontiguousarray(cv2.imdecode(kept, cv2.IMREAD_COLOR)[..., ::-1])
    covered = with_fringe(pixels, (alpha > 0.5).astype(np.float32))
    chroma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[..., 1].astype(np.float32)
    wall = cv2.cvtColor(photo(0 * alpha), cv2.COLOR_RGB2YCrCb)[0, 0, 1]
    tint = np.maximum(np.where(alpha > 0.5, 0, np.abs(chroma - wall)) - 4, 0)  # less is not seen
    assert tint.max() > 15
    assert tint[covered == 0].sum() < 0.15 * tint.sum()
    assert covered[np.hypot(y - 48, x - 48) > 36].max() == 0
