"""--look, --look-mix and --reference: what the words mean, and what is refused before anything is read."""

from pathlib import Path

import numpy as np
import pytest

from muslin import store
from muslin.cli import run
from muslin.cli.jobs import parse_mix
from muslin.cli.restyle import _learned
from muslin.errors import EXIT_USAGE, UserError
from muslin.images import read_image, write_image


@pytest.fixture
def many(tmp_path: Path) -> str:
    for name in ("generator", "mapping_network", "style_encoder"):
        (tmp_path / f"{name}.onnx").write_bytes(name.encode())
    card = {"name": "many", "recipe": "stargan_v2", "size": 32, "latent_size": 4, "looks": ["denim", "stripes"]}
    store.write_card(tmp_path, card)
    return str(tmp_path)


def test_a_mix_is_looks_with_weights() -> None:
    assert parse_mix("stripes=0.6, floral_print=0.4") == {"stripes": 0.6, "floral_print": 0.4}
    assert parse_mix("denim") == {"denim": 1.0}


@pytest.mark.parametrize("text", ["", "denim=x", "=1", "denim=0", "denim=-1", "denim=nan", "denim=1,,stripes=1"])
def test_other_mixes_are_refused(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_mix(text)
    assert refused.value.exit_code == EXIT_USAGE


def test_results_are_called_after_the_look_the_mix_or_the_reference(many: str) -> None:
    assert _learned(many, [], 3, {"look": "denim"}) == "denim"
    assert _learned(many, [], 1, {"look_mix": {"denim": 1, "stripes": 2}}) == "denim+stripes"
    assert _learned(many, [(Path("photos/my coat.jpg"), 1.0)], 1, {}, True) == "my-coat"


@pytest.mark.parametrize("controls", [{}, {"look": "tweed"}, {"look": "denim", "look_mix": {"stripes": 1}}])
def test_the_looks_are_named_where_none_fits(many: str, controls: dict) -> None:
    with pytest.raises(UserError) as refused:
        _learned(many, [], 1, controls)
    assert refused.value.exit_code == EXIT_USAGE
    assert refused.value.possible == ["denim", "stripes"]


def test_a_model_that_lays_swatches_takes_no_look() -> None:
    for controls, referred in (({"look": "denim"}, False), ({"look_mix": {"denim": 1.0}}, False), ({}, True)):
        with pytest.raises(UserError, match="learned looks"):
            _learned(None, [], 1, controls, referred)


def test_a_model_that_paints_dresses_no_parts(many: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["restyle", "nowhere.png", "--model", many, "--look", "denim", "--on", "collar=keep"]) == EXIT_USAGE
    said = capsys.readouterr().err
    assert "paints" in said and "received: on" in said


class Blue:
    """Networks that know one look: all blue."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self.path = path

    def __call__(self, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        if self.path.stem == "generator":
            return {"restyled": np.zeros_like(arrays["image"]) + np.array([-1, -1, 1], np.float32)}
        return {"style_codes": np.zeros((len(next(iter(arrays.values()))), 2, 3), np.float32)}


def test_a_photo_in_the_look_of_a_reference(
    many: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("muslin.restyle.looks.Network", Blue)
    monkeypatch.chdir(tmp_path)
    write_image("coat.png", np.full((60, 40, 3), 90, np.uint8))
    write_image("cloth.png", np.full((8, 8, 3), 200, np.uint8))  # far smaller than the coat, and nothing is laid
    assert run(["restyle", "coat.png", "--model", many, "--reference", "cloth.png", "--mask", "none"]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == "coat.cloth.png" and "soft" not in err
    assert (read_image("coat.cloth.png").pixels[30, 20] == [0, 0, 255]).all()
