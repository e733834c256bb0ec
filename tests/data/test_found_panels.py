"""Panels of photos: which answers of the network are trusted, and that they lie where the garment's are."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.data import found_panels
from muslin.data.found_panels import BODY, LEFT, RIGHT, TRIM, trusted, with_panels
from muslin.data.photos import GarmentPhoto
from muslin.data.plain import plain_and_printed
from muslin.data.truth import Render, render

INSIDE = np.ones((40, 100), bool)


def told(*widths: tuple[int, int], odds: float = 5.0) -> np.ndarray:
    """Logits of a garment 100 px wide, of panels side by side: (panel, width) each."""
    labels = np.concatenate([np.full(width, panel) for panel, width in widths])
    return np.where(labels[None, :, None] == np.arange(4), np.float32(odds), np.float32(0)) + np.zeros(
        (40, 1, 1), np.float32
    )


SLEEVED = told((LEFT, 15), (BODY, 70), (RIGHT, 15))


@pytest.mark.parametrize(
    ("logits", "name", "trust"),
    [
        (SLEEVED, "longsleeve", True),
        (SLEEVED, "", True),  # nobody knows what it is
        (SLEEVED, "shoes", False),
        (told((LEFT, 15), (BODY, 80), (RIGHT, 5)), "longsleeve", False),  # one sleeve was missed
        (told((BODY, 100)), "longsleeve", False),  # both were
        (told((LEFT, 20), (BODY, 75), (RIGHT, 5)), "", False),  # one limb a quarter of the other, of whatever it is
        (told((LEFT, 20), (BODY, 67), (RIGHT, 13)), "", True),
        (told((BODY, 100)), "dress", True),  # of which some have none
        (told((BODY, 60), (TRIM, 40)), "dress", False),
        (told((LEFT, 15), (BODY, 70), (RIGHT, 15), odds=1.0), "longsleeve", False),  # not sure
    ],
)
def test_an_answer_is_trusted_as_a_whole_or_not_at_all(logits: np.ndarray, name: str, trust: bool) -> None:
    labels = trusted(logits, INSIDE, name)
    assert labels.dtype == np.uint8 and labels.shape == INSIDE.shape
    if trust:
        np.testing.assert_array_equal(labels, logits.argmax(-1) + 1)
    else:
        assert not labels.any()


def test_a_skirt_has_no_legs_and_trousers_no_body() -> None:
    legs = told((LEFT, 40), (BODY, 20), (RIGHT, 40))
    legs[:, :50, LEFT] += 3  # the second best of the middle
    legs[:, 50:, RIGHT] += 3
    assert set(np.unique(trusted(legs, INSIDE, "pants"))) == {LEFT + 1, RIGHT + 1}
    skirt = told((LEFT, 20), (BODY, 60), (RIGHT, 20))
    skirt[..., BODY] += 3
    assert set(np.unique(trusted(skirt, INSIDE, "skirt"))) == {BODY + 1}


def garments(kind: str, many: int) -> list[Render]:
    shown = (render(seed, 192) for seed in range(400))
    return [one for one in shown if one.kind == kind][:many]


def photo(name: str, shown: Render) -> GarmentPhoto:
    return GarmentPhoto(f"{name}/{shown.seed}.png", shown.photo, np.rint(shown.mask * 255).astype(np.uint8), None)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_panels_that_are_trusted_are_the_true_ones_and_are_found_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = garments("trousers", 6)
    found = with_panels([photo("pants", one) for one in shown])
    trust = [(one, labels.panels) for one, labels in zip(shown, found, strict=True) if labels.panels.any()]  # type: ignore[union-attr]
    assert len(trust) >= 4
    for one, panels in trust:
        known = (panels > 0) & (one.parts > 0)  # type: ignore[operator]
        assert (panels == one.parts)[known].mean() > 0.9
    skirts = with_panels([photo("skirt", one) for one in shown])  # the same pictures by another name
    for as_trousers, as_skirt in zip(found, skirts, strict=True):
        assert not np.isin(as_skirt.panels, (LEFT + 1, RIGHT + 1)).any() and not (as_trousers.panels == BODY + 1).any()
    monkeypatch.setattr(found_panels, "panel_logits", None)
    for one, again in zip(found, with_panels([photo("pants", one) for one in shown]), strict=True):
        np.testing.assert_array_equal(one.panels, again.panels)


def test_by_wish_photos_without_mask_or_label_teach_too(cache: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for folder in ("garments/pants", "garment_masks/pants"):
        (data / folder).mkdir(parents=True)
    shown = garments("trousers", 4)
    for one in shown:
        cv2.imwrite(str(data / "garments/pants" / f"{one.seed}.png"), one.photo[..., ::-1])
    labelled = f"pants/{shown[0].seed}.png"
    cv2.imwrite(str(data / "garment_masks" / labelled), np.rint(shown[0].mask * 255).astype(np.uint8))
    (data / "garments/style_labels.csv").write_text(f"file,style\n{labelled},plain\n")
    few = [one for group in plain_and_printed(data) for one in group]
    many = [one for group in plain_and_printed(data, found=True) for one in group]
    assert {one.key for one in few} <= {labelled} and len(many) > len(few)
    assert all(one.panels is None for one in few) and all(one.panels is not None for one in many)
