import cv2
import numpy as np

from muslin.garments.shading import integrate, log_colour, plainness, print_of, shading_of, spread
from muslin.images import linear_to_srgb, srgb_to_linear

SIDE = 64
ALL = np.ones((SIDE, SIDE), np.float32)


def folds(height: float = 0.3) -> np.ndarray:
    """Soft vertical folds, log gain, SxS, 0 on average."""
    return np.tile(height * np.sin(np.linspace(0, 6 * np.pi, SIDE, dtype=np.float32)), (SIDE, 1))


def slopes_of(field: np.ndarray) -> np.ndarray:
    slopes = np.zeros((*field.shape, 2), np.float32)
    slopes[:, :-1, 0], slopes[:-1, :, 1] = np.diff(field, axis=1), np.diff(field, axis=0)
    return slopes


def coarse(field: np.ndarray) -> np.ndarray:
    return cv2.resize(field, (SIDE // 4, SIDE // 4), interpolation=cv2.INTER_AREA)[..., None]


def test_log_colour_matches_its_definition() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(-1, 1, 1).repeat(3, -1)
    expected = np.log(srgb_to_linear(values) + 0.004)
    np.testing.assert_allclose(log_colour(values), expected, rtol=1e-5)


def test_plainness_is_one_where_everything_passes_and_zero_where_nothing_does() -> None:
    rng = np.random.default_rng(3)
    log = cv2.GaussianBlur(rng.normal(0, 1, (64, 64)).astype(np.float32), (0, 0), 3)
    mask = np.ones((64, 64), np.float32)
    slopes = np.zeros((64, 64, 2), np.float32)
    slopes[:, :-1, 0], slopes[:-1, :, 1] = log[:, 1:] - log[:, :-1], log[1:] - log[:-1]
    assert plainness(slopes, log, log, mask) == 1
    assert plainness(0.3 * slopes, log, log, mask) == 0
    assert 0 < plainness(0.575 * slopes, log, log, mask) < 1
    assert plainness(slopes, np.zeros_like(log), log, mask) == 0  # a flat picture says nothing
    assert plainness(slopes, log, log + np.float32(0.5), mask) == 1  # a level is a matter of exposure
    half = np.where(np.arange(64) < 32, np.float32(0), np.float32(0.5))
    assert plainness(slopes, log, log + half, mask) == 0  # the prediction is far from the luminance
    assert plainness(slopes, log, log, np.zeros_like(mask)) == 0


def said(log: np.ndarray, dyed: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What a network says that sees this shading, and print in these places."""
    slopes, trend = slopes_of(log), coarse(log - log.mean())
    found = {"slopes": slopes, "trend": trend, "print": 18 * dyed[..., None].astype(np.float32) - 9}
    light = integrate(slopes, trend, ALL[..., None])
    return np.stack([light, light], -1), found


def lettered(shading: np.ndarray, ink: float) -> tuple[np.ndarray, np.ndarray]:
    """(photo uint8 of grey cloth under `shading` with a badge of `ink` in its middle, where the badge is)."""
    dyed = np.zeros_like(shading)
    dyed[24:40, 20:44] = 1
    albedo = np.where(dyed > 0, np.float32(ink), np.float32(0.25))
    return linear_to_srgb((albedo * np.exp(shading))[..., None].repeat(3, -1)), dyed


def test_of_a_badge_in_the_garments_own_hue_no_more_stays_than_the_network_passed() -> None:
    """The network passes a fifth of the badge's edge; the luminance, which has all of it, is not believed there."""
    true = folds()
    photo, dyed = lettered(true, 0.75)
    log = np.log(srgb_to_linear(photo)[..., 0] + 0.004)
    passed = true + 0.2 * (log - log.mean() - true)
    wrong = shading_of(*said(passed, dyed), photo, ALL) - true
    badge, around_it = wrong[26:38, 22:42], wrong[:16]
    assert abs(float(badge.mean() - around_it.mean())) < 0.3  # the badge is 1.1 brighter
    assert around_it.std() < 0.01


def test_on_the_ground_luminance_is_light_to_the_last_fold() -> None:
    """A network that sees no folds at all under the badge leaves those around it alone."""
    true = folds()
    photo, dyed = lettered(true, 0.05)
    log = np.log(srgb_to_linear(photo)[..., 0] + 0.004)
    found = shading_of(*said(log, dyed), photo, ALL)
    ground = cv2.dilate(dyed, np.ones((9, 9))) == 0
    wrong = (found - true)[ground]
    assert np.abs(wrong - wrong.mean()).mean() < 0.01


def test_without_ground_nothing_is_believed_of_luminance() -> None:
    """All print: what the network says of the light is all there is."""
    photo = np.uint8(np.random.default_rng(0).integers(20, 230, (SIDE, SIDE, 1))).repeat(3, -1)
    light, found = said(folds(), ALL)
    own = light[..., 0].copy()
    np.testing.assert_allclose(shading_of(light, found, photo, ALL), own, atol=1e-6)
    light[..., 1] = 0  # all of it goes with jumps of hue
    np.testing.assert_allclose(shading_of(light, found, photo, ALL), own * 3 / 4, atol=1e-6)


def test_what_is_known_stays_and_the_rest_is_its_smooth_continuation() -> None:
    ramp = np.tile(np.linspace(-1, 1, SIDE, dtype=np.float32), (SIDE, 1))
    known = ALL.copy()
    known[20:44, 20:44] = 0
    found = spread(np.where(known > 0, ramp, np.float32(9)), known)
    assert np.array_equal(found[known > 0], ramp[known > 0])
    assert np.abs(found - ramp)[known == 0].max() < 0.25
    assert not spread(ramp, np.zeros_like(ramp)).any()
    constant = spread(np.full_like(ramp, 0.7), known)
    np.testing.assert_allclose(constant, 0.7, atol=1e-5)


def test_the_outline_of_a_print_belongs_to_it() -> None:
    dyed = np.zeros((SIDE, SIDE), np.float32)
    dyed[20:40, 20:40] = 1
    found = print_of(dyed, ALL)
    assert found[20:40, 20:40].min() > 0.9 and found[19, 30] > 0.5 and found[15, 30] == 0


def test_doubt_around_a_sure_print_belongs_to_it_and_doubt_elsewhere_does_not() -> None:
    dyed = np.zeros((SIDE, SIDE), np.float32)
    dyed[20:30, 20:30] = 0.9
    dyed[20:30, 30:40] = 0.28  # the faint end of a word
    dyed[50:60, 10:50] = 0.28  # a shiny fold
    dyed[:, :1] = 0.95  # the garment's outline
    found = print_of(dyed, ALL)
    assert found[22:28, 22:38].min() > 0.9
    assert not found[45:].any() and not found[:, :10].any()
    assert not print_of(np.zeros_like(dyed), ALL).any()


def test_the_spots_of_a_dotted_cloth_are_print_however_small() -> None:
    """Twelve pixels each, less than any seed; a shiny fold of that size is not as sure."""
    dyed = np.zeros((SIDE, SIDE), np.float32)
    for x in (10, 30, 50):
        dyed[20:23, x : x + 4], dyed[40:43, x : x + 4] = 0.9, 0.5
    found = print_of(dyed, ALL)
    for x in (10, 30, 50):
        assert found[21, x + 1 : x + 3].min() > 0.9 and found[38:46, x - 2 : x + 6].max() == 0


def test_dots_on_grey_cloth_are_not_taken_for_light() -> None:
    """The network is right about light and dots: the cloth, plain on the whole, keeps its folds and loses its dots."""
    true = folds()
    dyed = np.zeros((SIDE, SIDE), np.float32)
    for y in range(6, SIDE - 6, 10):
        for x in range(6, SIDE - 6, 10):
            dyed[y : y + 3, x : x + 3] = 1
    albedo = np.where(dyed > 0, np.float32(0.04), np.float32(0.35))
    photo = linear_to_srgb((albedo * np.exp(true))[..., None].repeat(3, -1))
    wrong = shading_of(*said(true, dyed), photo, ALL) - true
    assert np.abs(wrong).max() < 0.15  # a dot is 2 darker


def test_slopes_integrate_to_the_field_they_are_of() -> None:
    true = folds()
    found = integrate(slopes_of(true), coarse(true), ALL[..., None])
    assert np.abs(found - true + true.mean()).max() < 0.02
