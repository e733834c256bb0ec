from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin.data.drape_stream import DrapeStream
from muslin.data.truth import render
from muslin.garments import bands
from muslin.garments.bands import band, places
from muslin.garments.fields import PANELS, Fields
from muslin.garments.pieces import IN_THE_MIRROR, JUMP, PANEL, ROLES, STANDS, WHOLE, cut, with_sure_stands
from muslin.garments.renderer import dress
from muslin.textiles.repeat import Cloth

SIZE = 128
POCKET = (slice(40, 80), slice(70, 100))


def logits(found: np.ndarray) -> np.ndarray:
    """SxSxR of roles that are sure."""
    return np.where(found[..., None] == np.arange(len(ROLES)), 8.0, 0.0).astype(np.float32)


def cut_of(found: np.ndarray, inside: np.ndarray, angle: float = 0.0, light: np.ndarray | None = None):  # type: ignore[no-untyped-def]
    """Pieces of a garment of which each pixel's role is given, and all grain turned by `angle`."""
    half = found[1::2, 1::2]
    panels = np.where(np.array(PANEL)[half][..., None] == np.arange(len(PANELS)), 8.0, 0.0).astype(np.float32)
    grain = np.broadcast_to(np.float32([np.cos(angle), np.sin(angle)]), (SIZE // 2, SIZE // 2, 2))
    warp = np.zeros((SIZE // 4, SIZE // 4, len(PANELS), 2), np.float32)
    light = np.zeros((SIZE, SIZE), np.float32) if light is None else light
    return cut(logits(found), grain, inside, panels, warp, light), panels, warp


def with_pocket() -> tuple[np.ndarray, np.ndarray]:
    found, inside = np.zeros((SIZE, SIZE), int), np.zeros((SIZE, SIZE), bool)
    inside[16:112, 16:112] = True
    found[POCKET] = ROLES.index("pocket")
    return found, inside


def fields_of(found: np.ndarray, inside: np.ndarray, angle: float = 0.0, scale: float = 1.0) -> Fields:
    pieces, panels, warp = cut_of(found, inside, angle)
    zero = np.zeros((SIZE, SIZE), np.float32)
    frame = np.float32([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, 0.5 / scale - 0.5]])
    return Fields(frame, zero, panels, warp, np.zeros((SIZE, SIZE, 3), np.float32), zero, pieces=pieces)


def test_roles_in_the_mirror() -> None:
    swapped = [ROLES[k] for k in IN_THE_MIRROR]
    words = {"left": "right", "right": "left"}
    assert swapped == [" ".join(words.get(word, word) for word in name.split()) for name in ROLES]
    assert len(PANEL) == len(ROLES) and all(PANEL[k] < 3 for k in range(WHOLE)) and set(PANEL[WHOLE:]) == {3}


def test_a_pocket_is_cut_from_elsewhere_and_the_front_is_not() -> None:
    found, inside = with_pocket()
    fields = fields_of(found, inside)
    assert sorted(ROLES[k] for k in fields.pieces.role) == ["front", "pocket"]
    alpha = inside.astype(np.float32)
    swatch = np.random.default_rng(0).integers(0, 200, (24, 24, 3), dtype=np.uint8)
    cloth = [Cloth(swatch).prepare(2.0)]
    grey = np.full((SIZE, SIZE, 3), 128, np.uint8)
    sewn, whole = (dress(grey, alpha, one, cloth).astype(int) for one in (fields, replace(fields, pieces=None)))
    beside = inside.copy()
    beside[36:84, 66:104] = False
    assert np.array_equal(sewn[beside], whole[beside])
    # Inside, the cloth lies JUMP of the square from where it lay: the same cloth, moved.
    x, y = np.meshgrid(np.arange(74.0, 96.0), np.arange(44.0, 76.0))
    centre = (SIZE - 1) / 2
    moved = cloth[0].sample(*(np.float32(at - centre + jump * SIZE) for at, jump in zip((x, y), JUMP, strict=True)))
    assert np.abs(sewn[44:76, 74:96] - moved).mean() < 3
    assert np.abs(sewn[44:76, 74:96] - whole[44:76, 74:96]).mean() > 20


def test_the_grain_of_a_piece_turns_its_cloth_about_its_middle() -> None:
    found, inside = with_pocket()
    angle = 0.4
    fields = fields_of(found, inside, angle)
    part = band(np.zeros((SIZE, SIZE, 3), np.uint8), fields, slice(50, 70), slice(75, 95))
    across, down = np.gradient(part.warp, axis=1)[2:-2, 2:-2], np.gradient(part.warp, axis=0)[2:-2, 2:-2]
    wanted = {"across": (np.cos(angle) - 1, -np.sin(angle)), "down": (np.sin(angle), np.cos(angle) - 1)}
    np.testing.assert_allclose(across, np.broadcast_to(wanted["across"], across.shape), atol=1e-4)
    np.testing.assert_allclose(down, np.broadcast_to(wanted["down"], down.shape), atol=1e-4)
    pocket = fields.pieces.shares[..., list(fields.pieces.role).index(ROLES.index("pocket"))] > 0.5
    middle = [at.mean() - start for at, start in zip(np.nonzero(pocket)[::-1], (75, 50), strict=True)]  # in the band
    at_middle = cv2.remap(part.warp, np.float32([[middle[0]]]), np.float32([[middle[1]]]), cv2.INTER_LINEAR)[0, 0]
    np.testing.assert_allclose(at_middle, np.array(JUMP) * SIZE, atol=0.05)


def test_an_opening_parts_columns_and_not_rows() -> None:
    found, inside = with_pocket()
    found[:, :64], found[:, 64:] = ROLES.index("left front"), ROLES.index("right front")
    zip_ = np.zeros((SIZE, SIZE), np.float32)
    zip_[:, 63:65] = -0.4
    pieces, *_ = cut_of(found, inside, light=zip_)
    assert {ROLES[k] for k in pieces.role} == {"left front", "right front"}
    fields = replace(fields_of(found, inside), pieces=pieces)
    part = band(np.zeros((SIZE, SIZE, 3), np.uint8), fields, slice(50, 60), slice(40, 90))
    np.testing.assert_allclose(part.warp[:, :20, 0], -JUMP[0] * SIZE, atol=1e-3)
    np.testing.assert_allclose(part.warp[:, -20:, 0], JUMP[0] * SIZE, atol=1e-3)
    assert np.abs(part.warp[..., 1]).max() < 1e-6


def test_a_front_is_parted_or_not_and_small_patches_are_none() -> None:
    found, inside = with_pocket()
    found[20:34, 20:34] = ROLES.index("left front")  # 2 % of the garment; the rest is one front
    found[100, 100] = ROLES.index("band")
    pieces, *_ = cut_of(found, inside)
    assert sorted(ROLES[k] for k in pieces.role) == ["front", "pocket"]
    everywhere = pieces.shares.sum(-1)
    assert everywhere.min() > 0.99 and everywhere.max() < 1.01  # every pixel of the square has a piece


def test_pieces_end_in_smooth_lines() -> None:
    """A network in doubt draws ragged lines: between broad pieces they are straightened, and thin ones keep theirs."""
    found, inside = with_pocket()
    found[:] = ROLES.index("front")
    ragged = 60 + np.random.default_rng(0).integers(-3, 4, SIZE // 2).repeat(2)  # in steps of two pixels
    found[np.arange(SIZE)[None] < ragged[:, None]] = ROLES.index("left limb")
    found[16:20, 16:112] = ROLES.index("band")
    pieces, *_ = cut_of(found, inside)
    best = pieces.shares.argmax(-1)
    limb, band_ = (best == list(pieces.role).index(ROLES.index(name)) for name in ("left limb", "band"))
    line = limb[30:100].sum(1)
    assert np.abs(np.diff(line.astype(int))).sum() < np.abs(np.diff(ragged[30:100])).sum() / 4
    assert abs(line.mean() - ragged[30:100].mean()) < 1
    assert np.abs(band_[16:112, 30:90].sum(0) - 4.0).max() <= 1


def test_an_arc_at_a_hem_is_no_band_and_a_waistband_is() -> None:
    for width, bands_ in ((96, 1), (40, 0)):
        found, inside = with_pocket()
        found[104:112, 20 : 20 + width] = ROLES.index("band")
        pieces, *_ = cut_of(found, inside)
        assert [ROLES[k] for k in pieces.role].count("band") == bands_


def test_what_stands_has_to_be_far_likelier_than_a_front() -> None:
    for ahead, kept in ((STANDS + 0.1, True), (STANDS - 0.1, False)):
        scores = np.zeros((4, 4, len(ROLES)), np.float32)
        scores[..., ROLES.index("stand")] = ahead
        scores[..., ROLES.index("left collar")] = ahead - 0.05  # a neckline without a band has no collar either
        best = {ROLES[k] for k in np.unique(with_sure_stands(scores).argmax(-1))}
        assert best == ({"stand"} if kept else {"front"})
    scores[..., ROLES.index("inside")] = ahead - 0.05
    assert (with_sure_stands(scores).argmax(-1) == ROLES.index("inside")).all()


def test_small_pieces_are_asked_for_only_where_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    found, inside = with_pocket()
    fields = fields_of(found, inside, 0.3, scale=3.7)
    pixels = np.zeros((470, 470, 3), np.uint8)
    place = next(iter(places((40, 60, 430, 420))))
    here = band(pixels, fields, *place)
    monkeypatch.setattr(bands.Parts, "reach", lambda self, k, fields, rows, columns: (rows, columns))
    everywhere = band(pixels, fields, *place)
    # OpenCV rounds where it reads to 1/32 of a cell, from wherever it begins.
    assert np.quantile(np.abs(here.warp - everywhere.warp), 0.9999) < 0.2
    assert (here.seam != everywhere.seam).sum() < 4


@pytest.mark.parametrize("kind", ["shirt", "blazer", "hoodie", "jacket", "polo", "trousers", "bag"])
def test_the_truth_world_knows_its_pieces(kind: str) -> None:
    for seed in range(3):
        shown = render(seed, 128, kind=kind, plain=True)
        assert np.array_equal(shown.roles > 0, shown.mask > 0) and np.array_equal(shown.pieces > 0, shown.mask > 0)
        assert np.array_equal(np.array(PANEL)[shown.roles[shown.roles > 0] - 1] + 1, shown.parts[shown.roles > 0])
        names = {ROLES[k - 1] for k in np.unique(shown.roles) if k}
        assert len(shown.grain) > shown.pieces.max()
        assert kind not in ("shirt", "blazer") or {"left front", "right front", "left collar", "right collar"} <= names
        assert kind != "polo" or {"front", "strip"} <= names
        assert kind != "trousers" or names == {"left limb", "right limb", "band"}
        assert ("left front" in names) == ("right front" in names) and not {"front", "left front"} <= names


def test_the_truth_world_turns_a_warp_by_its_grain() -> None:
    """A collar's leaf, its cloth not yet creased: its warp turns by its grain."""
    shown = render(4, 256, kind="shirt", plain=True)
    piece = int(np.bincount(shown.pieces[shown.roles == 1 + ROLES.index("right collar")]).argmax())
    leaf = cv2.erode((shown.pieces == piece).astype(np.uint8), np.ones((9, 9))) > 0
    across = np.gradient(shown.warp, axis=1)[leaf]
    turned = np.arctan2(-np.median(across[:, 1]), 1 + np.median(across[:, 0]))
    assert turned == pytest.approx(float(shown.grain[piece]), abs=0.08)


def test_a_mirrored_sample_has_mirrored_pieces() -> None:
    from muslin.data.drape_stream import _mirror

    stream = DrapeStream([], [], [], 64, 4, 0, rendered_garments=16)
    sample = {key: value[0] for key, value in stream.batch(0).items()}
    again = _mirror(_mirror(sample))
    for key, value in sample.items():
        np.testing.assert_array_equal(again[key], value)
    mirrored = _mirror(sample)["roles"][:, ::-1]
    expected = np.array([0, *(1 + k for k in IN_THE_MIRROR)])[sample["roles"]]
    np.testing.assert_array_equal(mirrored, expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["noise", "nothing", "a pixel", "a line", "everything", "islands"]))
def test_any_mask_and_any_answer_give_pieces_that_cover_the_square(seed: int, kind: str) -> None:
    """A network may say anything, and a mask be a hair: every pixel has one piece, and its warp is finite."""
    rng = np.random.default_rng(seed)
    inside = np.zeros((SIZE, SIZE), bool)
    if kind in ("noise", "islands"):
        inside = rng.random((SIZE, SIZE)) < 0.5
        inside = cv2.blur(inside.astype(np.float32), (9, 9)) > 0.55 if kind == "islands" else inside
    elif kind == "everything":
        inside[:] = True
    elif kind != "nothing":
        inside[64, 64 : 65 if kind == "a pixel" else 100] = True
    roles = cv2.blur(rng.normal(0, 30, (SIZE, SIZE, len(ROLES))).astype(np.float32), (7, 7))
    grain = rng.normal(0, 1, (SIZE // 2, SIZE // 2, 2)).astype(np.float32)
    panels = rng.normal(0, 3, (SIZE // 2, SIZE // 2, len(PANELS))).astype(np.float32)
    warp = rng.normal(0, 0.1, (SIZE // 4, SIZE // 4, len(PANELS), 2)).astype(np.float32)
    pieces = cut(roles, grain, inside, panels, warp, rng.normal(0, 0.3, (SIZE, SIZE)).astype(np.float32))
    count = len(pieces.role)
    assert 1 <= count < 256 and pieces.shares.shape == (SIZE, SIZE, count)
    assert pieces.warp.shape == (SIZE // 4, SIZE // 4, count, 2) and pieces.jump.shape == (count, 2)
    assert np.isfinite(pieces.warp).all() and np.isfinite(pieces.jump).all()
    if inside.any():
        np.testing.assert_allclose(pieces.shares.sum(-1), 1, atol=1e-3)
