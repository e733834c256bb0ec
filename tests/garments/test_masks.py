import cv2
import numpy as np
import pytest

from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments import masks


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a > 0.5) & (b > 0.5)).sum() / ((a > 0.5) | (b > 0.5)).sum())


def perfect_network(truth: np.ndarray) -> masks.MaskNetwork:
    """Answers with the truth, as the network would see it in its letterbox, whatever the photo."""

    def network(image: np.ndarray) -> dict[str, np.ndarray]:
        size = image.shape[1]
        seen = masks.letterbox(np.uint8(truth * 255)[..., None].repeat(3, -1), size)[..., :1] / 255
        logits = np.where(seen > 0.5, 8.0, -8.0).astype(np.float32)
        return {"logits": logits[None]}

    return network


def test_a_perfect_network_gives_a_perfect_mask() -> None:
    shown = render(21, (300, 220))
    found = masks.automatic(shown.photo, perfect_network(shown.mask))
    assert found.source == "network" and found.confidence > 0.95
    assert overlap(found.alpha, shown.mask) > 0.95
    assert found.alpha.shape == (300, 220)


def test_a_photo_is_read_at_two_sizes_and_their_log_odds_averaged() -> None:
    """The small read sees the whole, the large one the outline: of 2 and -1 the mean is a half."""
    asked = []

    def network(image: np.ndarray) -> dict[str, np.ndarray]:
        asked.append(image.shape)
        return {"logits": np.full((1, *image.shape[1:3], 1), {128: 2.0, 256: -1.0}[image.shape[1]], np.float32)}

    photo = np.random.default_rng(0).integers(0, 256, (90, 60, 3), dtype=np.uint8)
    probability = masks.segment(photo, network)
    assert sorted(asked) == [(1, 128, 128, 3), (1, 256, 256, 3)]
    np.testing.assert_allclose(probability, np.full((90, 60), 1 / (1 + np.exp(-0.5))), rtol=1e-5)


def test_an_outline_moves_to_the_photos_own_edge() -> None:
    """A probability that lies 2 px beside the only edge of the photo; in a photo without one it stays where it was."""
    x = np.arange(440.0)
    probability = np.tile(1 / (1 + np.exp(-(x - 221.5) / 2)), (440, 1)).astype(np.float32)  # a half at 221.5
    edge = np.where(x < 220, 30, 220).astype(np.uint8)[None, :, None]  # between 219 and 220: at 219.5
    crossing = []
    for photo in (edge + np.zeros((440, 440, 3), np.uint8), np.full((440, 440, 3), 120, np.uint8)):
        row = masks.refine(photo, probability)[220]
        at = int(np.argmax(row > 0.5))
        crossing.append(at - (row[at] - 0.5) / (row[at] - row[at - 1]))
    assert abs(crossing[0] - 219.5) < 0.6 and abs(crossing[1] - 221.5) < 0.6, crossing


def test_confidence_is_expected_and_over_expected_or() -> None:
    probability = np.float32([[0.9, 0.8], [0.3, 0.0]])
    assert masks.confidence(probability) == pytest.approx((0.9 + 0.8) / (1 + 1 + 0.3))
    assert masks.confidence(np.zeros((4, 4), np.float32)) == 0


def test_a_striped_hem_gets_no_teeth_but_keeps_its_corners() -> None:
    """A cut that left out every other stripe of a hem, 4 px deep, and a network that is unsure there."""
    skirt = np.zeros((128, 128), np.float32)
    skirt[20:100, 30:98] = 1
    cut = skirt.copy()
    cut[96:100, 30:98] = np.arange(68) // 3 % 2
    prior = cv2.GaussianBlur(skirt, (0, 0), 4)
    agreed = masks._without_teeth(cut, prior) > 0.5
    depth = agreed[:, 34:94].sum(0)
    assert depth.max() - depth.min() <= 1, depth
    assert overlap(agreed, skirt) > overlap(cut, skirt)
    assert overlap(masks._without_teeth(skirt, prior), skirt) > 0.99


def test_a_gap_beside_a_sleeve_stays_open_where_a_miss_of_the_same_size_is_filled() -> None:
    probability = np.full((128, 128), 0.02, np.float32)
    probability[10:118, 10:118] = 0.99
    gap, miss = (slice(40, 56), slice(30, 33)), (slice(40, 56), slice(90, 93))
    probability[gap], probability[miss] = 0.1, 0.4  # surely backdrop; not sure of either
    whole = masks._whole_pieces(probability)
    assert whole[gap].max() < 0.5 and whole[miss].min() > 0.9
    probability[60, 60] = 0.0  # a pin-hole, however sure
    assert masks._whole_pieces(probability)[60, 60] > 0.9


def test_grabcut_stands_in_without_a_network() -> None:
    shown = render(2, 256, textile="plain")
    found = masks.automatic(shown.photo, None)
    assert found.source == "grabcut" and 0 < found.confidence <= 0.5
    assert overlap(found.alpha, shown.mask) > 0.6


def test_nothing_in_the_photo_is_an_error_that_teaches() -> None:
    with pytest.raises(UserError, match="--mask FILE"):
        masks.automatic(np.full((64, 64, 3), 200, np.uint8), None)


def test_far_from_the_garment_the_mask_is_exactly_zero() -> None:
    shown = render(23, 200)
    alpha = masks.refine(shown.photo, shown.mask)
    far = shown.mask.copy()
    import cv2

    far = cv2.dilate(far, np.ones((41, 41)))
    assert (alpha[far == 0] == 0).all()
    assert alpha.min() >= 0 and alpha.max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (400, 13)])
def test_odd_shapes_do_not_crash(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    network = perfect_network(np.ones(shape, np.float32))
    assert masks.automatic(photo, network).alpha.shape == shape


def test_given_masks() -> None:
    half = np.zeros((50, 40), np.uint8)
    half[:, :20] = 255
    found = masks.given(half, 100, 80)
    assert found.alpha.shape == (100, 80) and found.alpha[:, :35].min() == 1 and found.alpha[:, 45:].max() == 0
    with pytest.raises(UserError, match="another shape"):
        masks.given(half, 100, 100)
    with pytest.raises(UserError, match="empty"):
        masks.given(np.zeros((50, 40), np.uint8), 50, 40)


@pytest.mark.parametrize("level", [0, 30, 128, 200, 255])
def test_a_blank_picture_shows_no_garment(level: int) -> None:
    """A network that has seen few of them finds one that fills it."""
    blank = np.full((300, 200, 3), level, np.uint8)
    for picture in (blank, blank // 2 + np.random.default_rng(0).integers(0, 5, blank.shape, dtype=np.uint8)):
        with pytest.raises(UserError, match="No garment"):
            masks.automatic(picture, perfect_network(np.ones((300, 200), np.float32)))


def test_teeth_along_stripes_are_taken_off_and_fine_outlines_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripes of the backdrop's colour end at an outline that the network draws straight; plain cloth has a corner."""
    y, x = np.mgrid[:240, :240]
    inside = (x > 60) & (x < 180) & (y > 40) & (y < 200)
    probability = cv2.GaussianBlur(np.where(inside, 0.98, 0.02).astype(np.float32), (0, 0), 2)
    light, dark = np.array([226, 222, 214]), np.array([40, 44, 80])
    striped = np.where((inside & (y // 2 % 2 == 0))[..., None], dark, light).astype(np.uint8)
    plain = np.where(inside[..., None], dark, light).astype(np.uint8)
    straight = masks._border(inside.astype(np.float32))
    smooth, corner = masks.refine(striped, probability), masks.refine(plain, probability)
    monkeypatch.setattr(masks, "ROUGH", np.inf)
    assert masks._border(masks.refine(striped, probability)) > 1.6 * straight, "teeth"
    assert masks._border(smooth) < 1.25 * straight
    np.testing.assert_array_equal(corner, masks.refine(plain, probability))
    assert corner[42, 62] > 0.5


def test_an_outline_that_nobody_sees_is_no_halo() -> None:
    """A white shirt on white paper: there is no edge to follow, and the network is in doubt over many pixels."""
    yy, xx = np.mgrid[:400, :300].astype(np.float32)
    outside = np.hypot((xx - 150) / 90, (yy - 200) / 130) - 1  # an ellipse; 0 on its outline
    probability = 1 / (1 + np.exp(15 * outside)).astype(np.float32)
    alpha = masks.refine(np.full((400, 300, 3), 240, np.uint8), probability)
    ramp = ((alpha > 0.02) & (alpha < 0.98)).sum() / 700  # px of its outline
    assert ramp < 4, ramp
    assert overlap(alpha, (outside < 0).astype(np.float32)) > 0.985
