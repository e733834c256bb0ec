from dataclasses import replace

import numpy as np
import pytest

from muslin import Restyler
from muslin.data.truth import render
from muslin.garments.cloth import cut_cloth
from muslin.garments.fields import garment_square
from muslin.garments.pieces import Pieces
from muslin.garments.seams import DOUBTFUL, LINE, SHADE, SURE, hidden_seams

SIZE, SEAM = 96, 48
DEEP = LINE[1] + SHADE[1]


def halves(sure: float = 1.0) -> Pieces:
    """Two pieces that meet between the columns SEAM - 1 and SEAM; the network is `sure` of the second."""
    left = np.repeat((np.arange(SIZE) < SEAM)[None].astype(np.float32), SIZE, 0)
    zero, two = np.zeros((SIZE // 4, SIZE // 4, 2, 2), np.float32), np.zeros(2, int)
    return Pieces(np.stack([left, 1 - left], -1), zero, np.zeros((2, 2)), two, two, np.float32([1, sure]))


FLAT, INSIDE = np.zeros((SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), np.float32)


def test_a_line_of_known_depth_lies_along_a_seam_and_nowhere_else() -> None:
    found = hidden_seams(FLAT, INSIDE, halves(), 1.0)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, [SEAM - 1, SEAM]], -DEEP, rtol=0.01)
    assert (found[:, : SEAM - 16] == 0).all() and (found[:, SEAM + 16 :] == 0).all() and (found <= 0).all()
    np.testing.assert_allclose(found, found[:, ::-1], atol=1e-6)


@pytest.mark.parametrize(
    ("sure", "hidden", "share"), [(1, 0.5, 0.5), (DOUBTFUL, 1, 0), ((DOUBTFUL + SURE) / 2, 1, 0.5)]
)
def test_doubt_and_plain_cloth_draw_less(sure: float, hidden: float, share: float) -> None:
    found = hidden_seams(FLAT, INSIDE, halves(sure), hidden)
    np.testing.assert_allclose(found.min(), -share * DEEP, rtol=0.01, atol=1e-6)


def test_a_seam_that_shows_is_not_drawn_again() -> None:
    shows = FLAT.copy()
    shows[:, SEAM - 2 : SEAM + 2] = -3 * DEEP
    found = hidden_seams(shows, INSIDE, halves(), 1.0)
    assert (found[:, SEAM - 2 : SEAM + 2] == 0).all()


def test_nothing_is_drawn_outside_the_garment() -> None:
    inside = INSIDE.copy()
    inside[:30] = 0
    found = hidden_seams(FLAT, inside, halves(), 1.0)
    assert (found[:30] == 0).all() and found[40:].min() < -0.9 * DEEP


def test_of_shipped_networks_plain_garments_stay_and_printed_ones_get_their_seams() -> None:
    restyler, seen = Restyler(), {}
    for name, cloth in (("plain", np.full((8, 8, 3), 120, np.uint8)), ("printed", None)):
        shown = render(7, 256, kind="long sleeve", textile="floral" if cloth is None else cloth, scale=0.25)
        seen[name] = restyler.examine(shown.photo, shown.mask), shown
    assert not seen["plain"][0].fields.seams.any()  # type: ignore[union-attr]
    garment, shown = seen["printed"]
    drawn = garment.fields.seams
    assert drawn is not None and drawn.min() < -0.05
    # Sleeves are sewn in where the truth says that they are: there it is darker than elsewhere.
    parts = garment_square(np.repeat(shown.parts[..., None], 3, -1), shown.mask, garment.fields.frame, 256)[0][..., 0]
    near = np.zeros(drawn.shape, bool)
    for k in (-3, 0, 3):
        near |= (np.roll(parts, k, 1) == 1) & np.isin(np.roll(parts, k + 3, 1), (2, 3))
    within = parts > 0
    assert drawn[near & within].mean() < 3 * drawn[within & ~near].mean()


def test_cloth_that_is_cut_from_a_garment_has_no_drawn_seams() -> None:
    shown = render(7, 256, kind="long sleeve", textile="floral", scale=0.25)
    garment = Restyler().examine(shown.photo, shown.mask)
    without = replace(garment.fields, seams=None)
    alpha = garment.mask.alpha
    assert garment.fields.seams is not None and garment.fields.seams.any()
    cloths = [cut_cloth(shown.photo, alpha, fields)[0] for fields in (garment.fields, without)]
    np.testing.assert_array_equal(*cloths)
