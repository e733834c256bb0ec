"""What somebody wears is dressed; face, hair and skin are not. The photo is NASA's, and in the public domain."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin import store
from muslin.cli import jobs
from muslin.cli.unsure import Unsure
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments import masks
from muslin.garments.faces import Face, Faces
from muslin.garments.network import Network
from muslin.garments.outfits import PARTS, USUAL, upper_part
from muslin.garments.people import trunk, wearers
from muslin.images import read_image
from muslin.restyle import metadata
from muslin.restyle.restyler import Restyler
from muslin.textiles.procedural import swatch

PHOTO = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"  # 400 px
EYES, MOUTH = np.array([176, 81]), np.array([173, 116])  # by hand
FACE = np.s_[60:130, 145:205]
SUIT = np.s_[260:380, 60:180]


@pytest.fixture(scope="module")
def faces() -> Faces:
    return Faces(Network(store.load("face").file()))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_image(PHOTO).pixels


def test_a_face_is_found_where_it_is(faces: Faces, photo: np.ndarray) -> None:
    for across, down in ((0, 0), (120, 0), (0, 240), (300, 200)):  # a face smaller in its photo, in other places
        padded = np.pad(photo, ((down, down // 2), (across, 0), (0, 0)), constant_values=90)
        (face,) = faces(padded)
        assert np.hypot(*(face.eyes - EYES - (across, down))) < 8
        assert np.hypot(*(face.mouth - MOUTH - (across, down))) < 8
        assert 70 < face.size < 95
    (mirrored,) = faces(np.ascontiguousarray(photo[:, ::-1]))
    assert mirrored.eyes[0] == pytest.approx(399 - EYES[0], abs=6)


def test_two_people_have_two_faces(faces: Faces, photo: np.ndarray) -> None:
    found = faces(np.concatenate([photo, photo], axis=1))
    assert sorted(round(face.eyes[0] / 400 - EYES[0] / 400, 1) for face in found) == [0, 1]


@pytest.mark.parametrize("kind", ["t-shirt", "hoodie", "dress", "hat", "shoe", "bag"])
def test_rendered_garments_have_none(faces: Faces, kind: str) -> None:
    for seed in range(4):
        assert faces(render(2**31 + seed, 256, kind).photo) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 2)])
def test_slivers_have_none(faces: Faces, shape: tuple[int, int]) -> None:
    assert faces(np.full((*shape, 3), 128, np.uint8)) == []


def test_a_person_is_not_dyed(photo: np.ndarray) -> None:
    result = Restyler().restyle(photo, swatch("tartan", 3))
    assert result.garment.mask.worn and result.params["mask"]["worn"] and result.params["mask"]["confidence"] < 0.8
    np.testing.assert_array_equal(result.image[FACE], photo[FACE])
    assert result.mask[:50].max() == 0  # hair
    assert result.mask[SUIT].mean() > 0.95
    assert (result.image[SUIT] != photo[SUIT]).any(-1).mean() > 0.9


def test_in_black_and_white_the_head_is_told(photo: np.ndarray) -> None:
    grey = np.ascontiguousarray(np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, -1))
    result = Restyler().restyle(grey, swatch("tartan", 3))
    assert result.garment.mask.worn and result.mask[60:120, 150:200].max() == 0
    assert result.mask[SUIT].mean() > 0.9


def test_without_a_face_to_be_seen_nothing_is_left_out(photo: np.ndarray) -> None:
    everything = np.ones(photo.shape[:2], np.float32)
    assert wearers(photo, everything, []) == []
    elsewhere = Face(0.9, np.array([20.0, 380.0]), np.array([20.0, 390.0]), 20.0)  # below the mask
    upper = everything.copy()
    upper[300:] = 0
    assert wearers(photo, upper, [elsewhere]) == []


def test_a_face_that_is_printed_on_a_garment_is_a_print(faces: Faces, photo: np.ndarray) -> None:
    shown = render(2**31 + 5, 512, "t-shirt", textile="plain")
    rows, columns = np.nonzero(shown.mask > 0.5)
    top, left = round(rows.min() + 0.4 * np.ptp(rows)), round(np.median(columns)) - 60
    portrait = cv2.resize(photo[30:170, 100:240], (120, 120), interpolation=cv2.INTER_AREA)
    printed = shown.photo.copy()
    printed[top : top + 120, left : left + 120] = portrait
    seen = faces(printed)
    assert seen  # it looks like a face
    assert wearers(printed, shown.mask.astype(np.float32), seen) == []


def test_sure_masks_ask_for_no_faces() -> None:
    shown = render(2**31 + 2, 256, "t-shirt", textile="plain")
    odds = np.where(shown.mask > 0.5, 9, -9).astype(np.float32)

    def network(image: np.ndarray) -> dict[str, np.ndarray]:
        return {"mask": masks.letterbox(np.dstack([odds] * 3), image.shape[1])[None, ..., :1]}

    def faces(pixels: np.ndarray) -> list[Face]:
        raise AssertionError("nobody was to ask")

    assert not masks.automatic(shown.photo, network, faces).worn


def test_a_portrait_ends_in_a_bust(photo: np.ndarray) -> None:
    """Where the network sees the head alone, the place of the face says where cloth may be."""
    head = np.zeros(photo.shape[:2], np.float32)
    cv2.ellipse(head, (175, 90), (50, 65), 0, 0, 360, 1, -1)

    def network(image: np.ndarray) -> dict[str, np.ndarray]:
        small = cv2.resize(head, (image.shape[2], image.shape[1]), interpolation=cv2.INTER_AREA)
        return {"mask": (8 * small - 4)[None, ..., None].astype(np.float32)}

    found = masks.automatic(photo, network, lambda _: [Face(0.9, EYES * 1.0, MOUTH * 1.0, 82.0)])
    assert found.worn and found.alpha[FACE].max() == 0 and found.alpha[SUIT].mean() > 0.8
    likely = trunk(photo.shape, Face(0.9, EYES * 1.0, MOUTH * 1.0, 82.0))
    assert likely.shape == (400, 400) and likely[40:115, 145:205].max() < 0.05 and likely[260, 173] > 0.9


def test_a_face_alone_wears_nothing(photo: np.ndarray) -> None:
    with pytest.raises(UserError, match="person") as error:
        Restyler().restyle(photo[20:150, 110:240], swatch("tartan", 3))
    assert error.value.exit_code == 3 and "--mask" in error.value.advice


def test_a_network_that_finds_something_else_is_refused(photo: np.ndarray) -> None:
    wrong = Faces(lambda image: {"boxes": np.zeros((1, 9, 16), np.float32), "logits": np.zeros((1, 9, 1), np.float32)})
    with pytest.raises(UserError) as error:
        wrong(photo)
    assert error.value.exit_code == 4


def test_people_are_named_once_and_not_as_doubtful_outlines(capsys: pytest.CaptureFixture[str]) -> None:
    unsure = Unsure()
    for number in range(14):
        unsure.add(f"photos/on model {number}.jpg", 0.7, worn=True)
    unsure.add("photos/coat.jpg", 0.9)
    unsure.add("photos/asked for a part.jpg", 0.6, worn=True, part=True)
    unsure.say()
    said = " ".join(capsys.readouterr().err.split())
    assert "on model 9.jpg and 4 more: somebody wears it" in said and "on model 10" not in said
    assert "asked for" not in said and said.count("Look at the outline") == 1 and "coat.jpg (90% sure)" in said


def test_the_words_for_a_mask_are_the_same_everywhere() -> None:
    assert jobs.MASKS == metadata.MASK_WORDS == ("auto", *PARTS, "none")


def test_an_outfit_is_cut_where_its_colours_change() -> None:
    """A red top over blue trousers, with a red sleeve that hangs lower than the waist."""
    height, width = 300, 200
    pixels = np.full((height, width, 3), 128, np.uint8)
    worn = np.zeros((height, width), bool)
    worn[60:280, 60:140] = True  # trunk and legs
    worn[60:200, 144:164] = True  # a sleeve
    pixels[60:160, 60:140] = pixels[60:200, 144:164] = (190, 40, 50)
    pixels[160:280, 60:140] = (40, 60, 140)
    size = 30.0  # of a face, whose chin is at row 50, in the middle
    rows, columns = np.mgrid[:height, :width]
    upper = upper_part(pixels, worn, (columns - 100) / size, (rows - 50) / size)
    assert not upper[~worn].any()
    inner = cv2.erode(worn.astype(np.uint8), np.ones((7, 7))) > 0
    red = pixels[..., 0] > 150
    away = np.abs(rows - 160) > 5
    np.testing.assert_array_equal(upper[inner & away], red[inner & away])


def test_a_dress_is_cut_at_its_waist() -> None:
    worn = np.ones((300, 80), bool)
    rows, columns = np.mgrid[:300, :80]
    upper = upper_part(np.full((300, 80, 3), (60, 120, 90), np.uint8), worn, (columns - 40) / 30, rows / 30)
    waist = upper.sum(0) / 30
    assert waist.min() > USUAL - 0.3 and waist.max() < USUAL + 0.3


def test_a_part_of_what_is_worn_is_dressed_alone(photo: np.ndarray) -> None:
    tall = np.concatenate([photo, np.full((260, 400, 3), (70, 75, 160), np.uint8)])  # blue below the suit
    restyler = Restyler()
    upper, lower = (restyler.restyle(tall, swatch("tartan", 3), part) for part in ("upper", "lower"))
    assert upper.params["mask"]["kind"] == "upper" and lower.params["mask"]["kind"] == "lower"
    assert (np.minimum(upper.mask, lower.mask) > 0.5).mean() < 0.01
    assert upper.mask[SUIT].mean() > 0.9 and lower.mask[SUIT].mean() < 0.1
    recalled = metadata.recall({**upper.params, "source": {"path": str(PHOTO)}, "styles": []}, PHOTO)
    assert recalled.mask == "upper"


def test_nobody_wears_a_part_of_a_garment_that_lies_alone() -> None:
    shown = render(2**31 + 7, 256, "t-shirt", textile="plain")
    with pytest.raises(UserError, match="Nobody is seen to wear") as error:
        Restyler().restyle(shown.photo, swatch("tartan", 3), "upper")
    assert error.value.exit_code == 3 and "--mask auto" in error.value.advice
