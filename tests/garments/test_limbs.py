import numpy as np
import pytest

from muslin.data.truth import render
from muslin.garments.fields import PANELS
from muslin.garments.limbs import straight

CELLS = 32


def garment() -> tuple[np.ndarray, np.ndarray]:
    """(panels, inside) of a body with a sleeve on either side."""
    inside = np.zeros((128, 128), np.float32)
    inside[16:112, 8:120] = 1
    best = np.zeros((64, 64), int)
    best[:, :16], best[:, 48:] = PANELS.index("left"), PANELS.index("right")
    return np.where(best[..., None] == np.arange(len(PANELS)), 8.0, 0.0).astype(np.float32), inside


def affine(seed: int) -> np.ndarray:
    y, x = np.mgrid[:CELLS, :CELLS] / CELLS - 0.5
    a = np.random.default_rng(seed).normal(0, 0.3, (len(PANELS), 2, 3))
    return np.einsum("kcf,fyx->yxkc", a, np.stack([np.ones_like(x), x, y])).astype(np.float32)


def test_an_affine_warp_stays_as_it_is() -> None:
    warp = affine(0)
    np.testing.assert_allclose(straight(warp, *garment()), warp, atol=1e-4)


def test_bends_of_a_limb_go_and_those_of_a_body_stay() -> None:
    true, bent = affine(1), affine(1)
    bent += 0.05 * np.sin(np.arange(CELLS) * np.pi / 2)[:, None, None, None].astype(np.float32)  # mean 0 over a limb
    made = straight(bent, *garment())
    for name in ("left", "right"):
        assert np.abs(made[:, :, PANELS.index(name)] - true[:, :, PANELS.index(name)]).max() < 0.01
    for name in ("body", "trim"):
        np.testing.assert_array_equal(made[:, :, PANELS.index(name)], bent[:, :, PANELS.index(name)])


def test_a_limb_of_a_few_cells_has_no_direction() -> None:
    panels, inside = garment()
    inside[:] = 0
    inside[60:68, 8:16] = 1
    warp = np.random.default_rng(2).normal(size=(CELLS, CELLS, len(PANELS), 2)).astype(np.float32)
    np.testing.assert_array_equal(straight(warp, panels, inside), warp)


@pytest.mark.parametrize("kind", ["long sleeve", "trousers", "coat"])
def test_a_print_is_not_stretched_along_a_sleeve(kind: str) -> None:
    """Area of photo pixels on the cloth, by what the shipped network says of a garment: no place far from the rest."""
    from muslin.restyle.restyler import Restyler

    shown = render(3, 256, kind=kind, plain=True)
    fields = Restyler(mask_model=None).examine(shown.photo, shown.mask).fields
    for limb in (1, 2):
        across, down = (np.gradient(fields.warp[:, :, limb], 1 / fields.warp.shape[0], axis=axis) for axis in (1, 0))
        area = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
        assert np.ptp(area) < 0.02 and 0.5 < area.mean() < 2
