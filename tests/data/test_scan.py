import cv2
import numpy as np
import pytest

from muslin.data.scan import FILL, drawing_frame, drawn_region, even_paper, has_paint, ink_of, painted_with
from muslin.data.sketch import wash
from muslin.garments.framing import MARGIN


def shirt(side: int = 300, gap: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(a T of pen lines on white paper, what it encloses). gap: px left open at the hem."""
    corners = np.array([(60, 60), (240, 60), (240, 120), (200, 120), (200, 250), (100, 250), (100, 120), (60, 120)])
    corners = corners * side // 300
    page = np.full((side, side, 3), 255, np.uint8)
    inside = np.zeros((side, side), np.uint8)
    cv2.fillPoly(inside, [corners], 255)
    cv2.polylines(page, [corners], True, (30, 30, 30), 3, cv2.LINE_AA)
    if gap:
        middle = side // 2
        page[250 * side // 300 - 4 : 250 * side // 300 + 5, middle - gap // 2 : middle + gap - gap // 2] = 255
    return page, inside


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a > 127) & (b > 127)).sum() / ((a > 127) | (b > 127)).sum())


@pytest.mark.parametrize("gap", (0, 4, 7))
def test_the_region_is_what_the_outline_encloses_also_with_gaps(gap: int) -> None:
    page, inside = shirt(gap=gap)
    assert overlap(drawn_region(page), inside) > 0.93


def test_the_region_keeps_to_the_outline_at_any_size() -> None:
    for side, share in ((96, 0.8), (900, 0.97)):  # a line is 3 px wide: a good part of a small picture
        page, inside = shirt(side)
        assert overlap(drawn_region(page), inside) > share


def test_a_part_that_is_open_joins_without_rounding_the_corners_of_the_others() -> None:
    """A closed skirt and a bodice open at the shoulders: both are inside, the corners between them are not."""
    page = np.full((256, 256, 3), 255, np.uint8)
    skirt = np.array([(100, 120), (156, 120), (200, 230), (56, 230)])
    cv2.polylines(page, [skirt], True, (30, 30, 30), 3)
    for line in (((100, 120), (100, 50)), ((156, 120), (156, 50)), ((106, 50), (150, 50))):
        cv2.line(page, *line, (30, 30, 30), 3)
    inside = np.zeros((256, 256), np.uint8)
    cv2.fillPoly(inside, [skirt], 255)
    inside[50:121, 100:157] = 255
    found = drawn_region(page)
    assert overlap(found, inside) > 0.94
    assert found[112, 90] == 0 and found[112, 166] == 0  # beside the waist


def test_a_drawing_that_never_closes_is_its_hull_and_an_empty_page_is_nothing() -> None:
    page = np.full((200, 200, 3), 255, np.uint8)
    assert drawn_region(page).max() == 0
    for start, end in (((50, 50), (50, 150)), ((150, 50), (150, 150))):
        cv2.line(page, start, end, (0, 0, 0), 3)
    box = np.zeros((200, 200), np.uint8)
    box[50:151, 50:151] = 255
    assert overlap(drawn_region(page), box) > 0.9


def test_even_paper_undoes_lamp_and_tint() -> None:
    """A drawing photographed under a lamp, times a known light, comes back within a few levels."""
    page, _ = shirt()
    y, x = np.mgrid[:300, :300] / 300
    light = (0.75 + 0.2 * x - 0.1 * y)[..., None] * np.array([1.0, 0.97, 0.9])
    photo = np.round(page * light).astype(np.uint8)
    assert np.abs(photo.astype(int) - page).mean() > 40
    evened = even_paper(photo)
    blank = cv2.erode(page[..., 0], np.ones((5, 5))) == 255
    assert np.abs(evened.astype(int) - page)[blank].max() < 12
    assert np.abs(evened.astype(int) - page).mean() < 4


def test_even_paper_leaves_paint() -> None:
    page, inside = shirt()
    sketch = painted_with(page, np.array([0.8, 0.1, 0.1]), inside)
    evened = even_paper(sketch)
    core = cv2.erode(inside, np.ones((21, 21))) > 0
    assert np.abs(evened[core].astype(int) - sketch[core]).mean() < 12


def test_the_frame_centres_the_drawing_and_fills_the_share_trained_with() -> None:
    page, _ = shirt(900)
    frame = drawing_frame(page, 64)
    corners = np.array([[180, 180, 1], [720, 750, 1]]) @ frame.T
    assert np.abs(corners.mean(axis=0) - 31.5).max() < 1
    longer = 570 * frame[0, 0]
    assert longer == pytest.approx(64 * FILL / (1 + 2 * MARGIN), rel=0.03)


def test_paint_is_seen_and_lines_alone_are_none() -> None:
    page, inside = shirt()
    assert not has_paint(page, inside)
    assert has_paint(painted_with(page, np.array([0.1, 0.2, 0.7]), inside), inside)


def test_painting_is_the_wash_inside_and_nothing_outside() -> None:
    page, inside = shirt()
    colour = np.array([0.1, 0.5, 0.9])
    made = painted_with(page, colour, inside)
    core, far = cv2.erode(inside, np.ones((15, 15))) > 0, cv2.dilate(inside, np.ones((15, 15))) == 0
    assert np.abs(made[core] / 255 - wash(colour)).max() < 0.01
    np.testing.assert_array_equal(made[far], page[far])


def test_ink_is_relative_to_what_is_around_it() -> None:
    """A line of 40 % on white paper and on grey paint is the same ink."""
    page = np.full((100, 200, 3), 255, np.uint8)
    page[:, 100:] = 128
    for centre, tone in ((50, 153), (150, 77)):
        page[:, centre - 1 : centre + 2] = tone
    ink = ink_of(page)
    assert ink[50, 50] == pytest.approx(0.4, abs=0.01) and ink[50, 150] == pytest.approx(0.4, abs=0.01)
    assert ink[50, 20] == 0 and ink[50, 180] == 0
