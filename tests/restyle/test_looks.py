"""Learned looks on photos: what the networks are asked, the mask contract, mixes, references, detail."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from muslin import store
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.garments.framing import garment_box, garment_frame
from muslin.images import read_image
from muslin.restyle import metadata
from muslin.restyle.looks import LookRestyler, enlarged

SIZE = 32
LOOKS = ["denim", "stripes", "floral"]
BASE = np.array([[-0.6, -0.2, 0.6], [0.5, 0.5, 0.5], [0.8, -0.4, 0.1]], np.float32)  # each look's code: a colour


class Painted:
    """Networks by hand: a style code is the colour painted; noise moves it a little; a picture's is its mean."""

    def __init__(self) -> None:
        self.codes: list[np.ndarray] = []
        self.seen: list[np.ndarray] = []

    def generator(self, image: np.ndarray, style_code: np.ndarray) -> dict[str, np.ndarray]:
        self.codes.append(style_code[0])
        return {"restyled": np.zeros_like(image) + style_code[:, None, None, :]}

    def mapping(self, latent: np.ndarray) -> dict[str, np.ndarray]:
        codes = BASE[None] + 0.05 * np.tanh(latent)[:, :1, None]
        return {"style_codes": np.concatenate([codes, np.full((len(latent), 2, 3), 9, np.float32)], axis=1)}

    def encoder(self, image: np.ndarray) -> dict[str, np.ndarray]:
        self.seen.append((image[0] + 1) / 2)
        inside = (image[0] < 0.99).any(-1)
        mean = image[0][inside].mean(0) if inside.any() else np.ones(3, np.float32)
        return {"style_codes": np.repeat(mean[None, None], 5, axis=1).astype(np.float32)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Three looks; the networks have two heads more, as after training without named looks."""
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("generator", "mapping_network", "style_encoder"):
        (folder / f"{name}.onnx").write_bytes(name.encode())
    card = {"name": "many", "recipe": "stargan_v2", "size": SIZE, "latent_size": 4, "looks": LOOKS}
    store.write_card(folder, card)
    return folder


@pytest.fixture
def hand() -> Painted:
    return Painted()


@pytest.fixture
def restyler(model: Path, hand: Painted) -> LookRestyler:
    made = LookRestyler(model, mask_model=None)
    made._generator, made._mapping, made._encoder = hand.generator, hand.mapping, hand.encoder  # type: ignore[assignment]
    return made


@pytest.fixture(scope="module")
def garment() -> tuple[np.ndarray, np.ndarray]:
    drawn = render(3, 160, kind="t-shirt", textile="stripes")
    return drawn.photo, drawn.mask


def test_outside_the_mask_and_at_strength_0_the_photo_keeps_its_bytes(restyler: LookRestyler, garment: Any) -> None:
    photo, mask = garment
    made = restyler.restyle(photo, mask=mask, look="denim")
    np.testing.assert_array_equal(made.image[made.mask == 0], photo[made.mask == 0])
    assert np.abs(made.image[mask == 1].astype(int) - photo[mask == 1]).mean() > 20
    np.testing.assert_array_equal(restyler.restyle(photo, mask=mask, look="denim", strength=0).image, photo)


def test_a_look_is_painted_in_its_own_code_and_a_seed_draws_it(restyler: LookRestyler, garment: Any) -> None:
    photo, mask = garment
    first, again, other = (restyler.restyle(photo, mask=mask, look="denim", seed=seed).image for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    inside = first[cv2.erode(mask, np.ones((9, 9))) == 1]
    np.testing.assert_allclose(inside.mean(0) / 127.5 - 1, BASE[0], atol=0.12)


def test_a_mix_is_the_weighted_mean_of_codes(restyler: LookRestyler, hand: Painted, garment: Any) -> None:
    photo, mask = garment
    made = restyler.restyle(photo, mask=mask, look_mix={"denim": 3, "floral": 1}, seed=5)
    codes = restyler.from_noise(5)
    np.testing.assert_allclose(hand.codes[-1], 0.75 * codes[0] + 0.25 * codes[2], atol=1e-6)
    assert made.params["controls"]["look_mix"] == {"denim": 0.75, "floral": 0.25}


def test_a_garment_as_reference_is_shown_on_white(restyler: LookRestyler, hand: Painted, garment: Any) -> None:
    photo, mask = garment
    other = render(8, 160, kind="shirt", textile="plain")
    cut_out = np.dstack([other.photo, np.rint(other.mask * 255).astype(np.uint8)])
    made = restyler.restyle(photo, cut_out, mask)
    seen = hand.seen[-1]
    assert (seen[0] > 0.99).all(), "the square's border lies outside the garment"
    assert seen[SIZE // 2, SIZE // 2].min() < 0.97
    wanted = other.photo[other.mask == 1].mean(0) / 127.5 - 1
    np.testing.assert_allclose(hand.codes[-1], wanted, atol=0.16)  # outlines are mixed with white
    assert made.params["styles"][0]["weight"] == 1.0


def test_cloth_alone_as_reference_takes_the_shape_of_the_garment(
    restyler: LookRestyler, hand: Painted, garment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, mask = garment
    swatch = np.full((50, 70, 3), (200, 40, 90), np.uint8)
    looked_at = restyler.examine(photo, mask)

    def nothing_found(*_: Any) -> Any:
        raise UserError("No garment was found.")

    monkeypatch.setattr("muslin.restyle.looks.find_mask", nothing_found)
    restyler.restyle(looked_at, swatch)
    inside, seen = looked_at.inside, hand.seen[-1]
    np.testing.assert_allclose(
        seen[inside == 1], np.tile(np.array([200, 40, 90]) / 255, (int((inside == 1).sum()), 1)), atol=1e-6
    )
    assert (seen[inside == 0] == 1).all()


def test_the_nearest_look_is_told_by_its_codes(restyler: LookRestyler) -> None:
    for index in range(3):
        assert restyler.nearest_look(np.repeat(BASE[index : index + 1] + 0.02, 3, axis=0)) == index


def test_variants_differ_and_begin_with_what_was_asked(restyler: LookRestyler, garment: Any) -> None:
    photo, mask = garment
    looks = list(restyler.variants(photo, n=3, mask=mask, seed=2, look="floral"))
    alone = restyler.restyle(photo, mask=mask, seed=2, look="floral")
    np.testing.assert_array_equal(looks[0].image, alone.image)
    assert len({made.image.tobytes() for made in looks}) == 3
    swatch = np.full((40, 40, 3), 90, np.uint8)
    referred = list(restyler.variants(photo, swatch, n=2, mask=mask, look="floral"))
    assert referred[1].params["controls"]["vary"] == 1
    assert not np.array_equal(referred[0].image, referred[1].image)


def test_settings_of_a_mix_come_back_from_the_saved_picture(
    restyler: LookRestyler, garment: Any, tmp_path: Path
) -> None:
    photo, mask = garment
    made = restyler.restyle(photo, mask=mask, look_mix={"denim": 1, "floral": 2}, strength=0.5, seed=9)
    path = made.save(tmp_path / "made.png")
    recalled = metadata.recall(metadata.settings_from(read_image(path)), path)
    assert recalled.controls == {"strength": 0.5, "look_mix": {"denim": 1 / 3, "floral": 2 / 3}}
    assert recalled.seed == 9
    np.testing.assert_array_equal(
        restyler.restyle(photo, mask=mask, seed=recalled.seed, **recalled.controls).image, made.image
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"look": "tweed"}, "denim, stripes, floral"),
        ({"look_mix": {"denim": 1, "tweed": 1}}, "denim, stripes, floral"),
        ({}, "denim, stripes, floral"),
        ({"look": "denim", "look_mix": {"denim": 1}}, "one by name, a mix"),
        ({"look_mix": {"denim": 0}}, "above 0"),
        ({"look_mix": {"denim": float("nan")}}, "above 0"),
        ({"look": "denim", "strength": 1.5}, "0 to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    restyler: LookRestyler, garment: Any, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as refused:
        restyler.restyle(garment[0], mask=garment[1], **asked)
    assert said in refused.value.in_full() if hasattr(refused.value, "in_full") else said in str(refused.value)


def test_controls_of_laid_cloth_are_refused(restyler: LookRestyler, garment: Any) -> None:
    with pytest.raises(UserError, match="no cloth to turn"):
        next(restyler.variants(garment[0], mask=garment[1], look="denim", scale=2.0))


def test_a_model_of_another_recipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "generator.onnx").write_bytes(b"x")
    store.write_card(tmp_path, {"name": "other", "recipe": "cut"})
    with pytest.raises(UserError, match="no looks"):
        LookRestyler(tmp_path)


def square_of(photo: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = garment_frame(garment_box(mask), SIZE)
    shrunk = cv2.warpAffine(cv2.blur(photo, (7, 7)), frame, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    return shrunk.astype(np.float32) / 255, cv2.warpAffine(mask, frame, (SIZE, SIZE)), frame


def test_a_painting_that_changes_nothing_gives_the_photo_back(garment: Any) -> None:
    photo, mask = garment
    square, inside, frame = square_of(photo, mask)
    core = cv2.erode(mask, np.ones((15, 15))) == 1
    back = enlarged(square, square, inside, photo, frame)
    grey = lambda image: image[core].astype(float).mean(-1)  # noqa: E731  (detail is luminance)
    assert np.abs(grey(back) - grey(photo)).mean() < 2.5


def test_detail_of_an_old_print_that_was_painted_away_stays_away() -> None:
    """Fine checks on broad stripes: painted plain, neither shows; on plain cloth the same fine checks come along."""
    y, x = np.mgrid[:256, :256]
    fine = ((x // 2 + y // 2) % 2 * 20 - 10).astype(np.float32)
    mask = np.ones((256, 256), np.float32)
    left = {}
    for name, broad in (("striped", (y // 16 % 2) * 100.0), ("plain", np.full(x.shape, 50.0))):
        photo = np.repeat(np.clip(80 + broad + fine, 0, 255).astype(np.uint8)[..., None], 3, 2)
        square, inside, frame = square_of(photo, mask)
        made = enlarged(np.full_like(square, 0.5), square, inside, photo, frame)[64:192, 64:192, 0].astype(float)
        left[name] = np.abs(made - cv2.blur(made, (9, 9))).mean()
    assert left["striped"] < 3 < left["plain"]
