"""Imagining, from tiny models trained on nothing: seeds, sizes, mixes, seams, settings, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import muslin
from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.images import read_image
from muslin.imagine import Imaginer, find, spherical
from muslin.restyle import metadata
from muslin.textiles import arrange
from muslin.textiles.palette import repaint
from muslin.textiles.seamless import seam_score


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A store with a print model of two looks and a dcgan, both untrained."""
    from muslin import export
    from muslin.recipes.dcgan import DCGAN
    from muslin.recipes.print import Print
    from muslin.textiles.procedural import swatch

    root = tmp_path_factory.mktemp("models")
    recipe = Print(looks=2, batch_size=2, widths=(8, 8, 8), discriminator_widths=(8, 8))
    looks = {name: [swatch(name, seed, 256) for seed in range(4)] for name in ("ikat", "stripes")}
    stream = recipe.stream(looks, 0)
    recipe.write_files(stream, root / "draft")
    export.export_recipe(recipe, root / "draft", name="tiny", card=recipe.card(stream))
    store.publish(root / "draft", "tiny", root=root / "store")
    designs = DCGAN(size=16, latent_size=8, channels=4)
    export.export_recipe(designs, root / "designs", name="designs")
    store.publish(root / "designs", "designs", root=root / "store")
    return root / "store"


@pytest.fixture(autouse=True)
def installed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSLIN_MODELS", str(models))


def test_a_seed_makes_the_same_print_whatever_is_made_beside_it() -> None:
    three = muslin.imagine("tiny", 3, seed=4, size=96)
    assert three.shape == (3, 96, 96, 3)
    assert three.dtype == np.uint8
    np.testing.assert_array_equal(three[1], muslin.imagine("tiny", 1, seed=5, size=96)[0])
    assert np.abs(three[0].astype(int) - three[1]).mean() > 8


def test_a_look_is_found_by_its_own_name_and_within_its_model() -> None:
    model, look = find("tiny:ikat")
    assert (model.name, look) == ("tiny", "ikat")
    np.testing.assert_array_equal(muslin.imagine("tiny:ikat", size=64), muslin.imagine("tiny:ikat", size=64))
    with pytest.raises(UserError, match="no look or model") as caught:
        find("velvet")
    assert caught.value.exit_code == EXIT_MODEL
    assert "ikat" in str(caught.value)
    with pytest.raises(UserError, match="knows no such look"):
        find("tiny:velvet")


@pytest.mark.parametrize("size", [(128, 128), (200, 64), (511, 130)])
def test_prints_of_any_size_have_no_seam(size: tuple[int, int]) -> None:
    (tile,) = muslin.imagine("tiny:ikat", size=size)
    assert tile.shape == (size[1], size[0], 3)
    # a line of the pattern may fall on the border: it is no stronger there than the strongest elsewhere
    elsewhere = [seam_score(np.roll(tile, (row, column), (0, 1))) for row, column in zip(
        range(5, size[1], size[1] // 24), range(5, size[0], size[0] // 24), strict=False)]  # fmt: skip
    assert seam_score(tile) < max(0.1, *elsewhere)


def test_a_larger_tile_holds_more_and_a_larger_scale_less() -> None:
    imaginer = Imaginer("tiny:stripes")
    assert imaginer._units(512, 256, 1.0) == (2, 1)
    assert imaginer._units(512, 256, 0.5) == (4, 2)
    assert imaginer._units(512, 256, 4.0) == (1, 1)
    with pytest.raises(UserError, match="do not fit"):
        imaginer._units(8192, 512, 0.5)


def test_a_mix_takes_cloth_from_both_looks_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    imaginer, rendered, render = Imaginer("tiny:ikat"), [], arrange.render
    monkeypatch.setattr(arrange, "render", lambda drawn, *more: rendered.append(drawn) or render(drawn, *more))
    stripes = {one.tobytes() for one in imaginer.bank["stripes"].exemplars}

    def drawn(mix: str, weight: float) -> arrange.Arrangement:
        list(imaginer.pictures(1, mix=mix, weight=weight, size=64))
        return rendered[-1]

    mixed = drawn("tiny:stripes", 0.25)
    share = sum(layer.share for layer in mixed.layers if layer.swatch.tobytes() in stripes)
    assert share == pytest.approx(0.25)
    code = 0.75 * imaginer.bank["ikat"].style_code + 0.25 * imaginer.bank["stripes"].style_code
    assert mixed.style_code == pytest.approx(code, abs=1e-5)
    assert {layer.swatch.tobytes() for layer in drawn("stripes", 1.0).layers} <= stripes
    assert not {layer.swatch.tobytes() for layer in drawn("stripes", 0.0).layers} & stripes


def test_steps_between_seeds_begin_and_end_with_their_cloths() -> None:
    steps = muslin.imagine("tiny:ikat", 3, between=(1, 2), size=64).astype(int)
    assert np.abs(steps[0] - steps[2]).mean() > np.abs(steps[0] - steps[1]).mean() * 0.5
    again = muslin.imagine("tiny:ikat", 5, between=(1, 2), size=64)
    np.testing.assert_array_equal(again[[0, 2, 4]], steps)


def test_the_ends_of_steps_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    imaginer, made = Imaginer("tiny:ikat"), []
    favourite = Imaginer._favourite
    monkeypatch.setattr(Imaginer, "_favourite", lambda *given: made.append(given[-1]) or favourite(*given))
    assert len(list(imaginer.pictures(5, between=(1, 2), size=64))) == 5
    assert made == [1, 2]


def test_a_model_given_as_a_folder_is_remembered_so(models: Path) -> None:
    for given, folder in ((models / "tiny", str(models / "tiny")), ("tiny:ikat", None), ("ikat", None)):
        assert next(Imaginer(given).pictures(1, size=64)).params["model"].get("folder") == folder


def test_a_contact_sheet_keeps_the_shape_of_its_pictures(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    from muslin.cli import run
    from muslin.restyle import contact_sheet

    shown, draw = [], contact_sheet.draw
    monkeypatch.setattr(contact_sheet, "draw", lambda looks, *words: shown.extend(looks) or draw(looks, *words))
    assert run(["imagine", "tiny:ikat", "-n", "2", "--size", "960x240", "-o", str(tmp_path / "long"), "-q"]) == 0
    assert [look.after.shape for look in shown] == [(120, 480, 3)] * 2


def test_designs_come_from_the_same_noise_as_dcgan_was_given(models: Path) -> None:
    made = muslin.imagine("designs", 2, seed=3)
    assert made.shape == (2, 16, 16, 3)
    imaginer = Imaginer(models / "designs")
    latent = np.random.default_rng(4).standard_normal(8).astype(np.float32)
    wanted = next(iter(imaginer.generator(latent=latent[None]).values()))[0]
    assert made[1] == pytest.approx(np.clip((wanted + 1) * 127.5, 0, 255), abs=0.51)
    assert muslin.imagine("designs", 1, size=64, tile=True).shape == (1, 64, 64, 3)
    with pytest.raises(UserError, match="Only prints") as caught:
        muslin.imagine("designs", mix="ikat")
    assert caught.value.exit_code == EXIT_USAGE


def test_latents_between_two_keep_their_length() -> None:
    first, second = (np.random.default_rng(seed).standard_normal(64) for seed in (0, 1))
    first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
    assert np.linalg.norm(spherical(first, second, 0.3)) == pytest.approx(1.0, abs=1e-6)
    assert spherical(first, second, 0.0) == pytest.approx(first, abs=1e-6)
    assert spherical(first, first, 0.5) == pytest.approx(first, abs=1e-6)


def test_a_palette_is_repainted_into_what_was_imagined() -> None:
    (plain,), (made,) = (muslin.imagine("tiny:stripes", size=64, palette=colours) for colours in (None, "navy,white"))
    np.testing.assert_array_equal(made, repaint(plain, [(0, 0, 128), (255, 255, 255)]))
    assert np.abs(made.astype(int) - plain).mean() > 10


def test_a_saved_print_carries_what_makes_it_again(tmp_path) -> None:
    picture = next(Imaginer("tiny:ikat").pictures(1, seed=6, size=(96, 64), mix="stripes", weight=0.25))
    settings = metadata.settings_from(read_image(picture.save(tmp_path / "print.png")))
    assert settings is not None
    assert settings["kind"] == "imagine"
    assert (settings["seed"], settings["size"], settings["model"]["name"]) == (6, [96, 64], "tiny")
    controls = settings["controls"]
    again = muslin.imagine(
        f"{settings['model']['name']}:{controls['look']}", seed=settings["seed"], size=tuple(settings["size"]),
        mix=controls["mix"], weight=controls["weight"], scale=controls["scale"],
    )  # fmt: skip
    np.testing.assert_array_equal(again[0], picture.image)
    assert b"trainedAlgorithmicMedia" in metadata.provenance_xmp(settings)


@pytest.mark.parametrize("wrong", [{"size": 5}, {"weight": 2.0, "mix": "stripes"}, {"scale": 0.0}, {"choose": 0}])
def test_what_cannot_be_meant_is_refused(wrong: dict) -> None:
    with pytest.raises(UserError) as caught:
        muslin.imagine("tiny:ikat", **wrong)
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize("asked", [{"mix": "ikat"}, {"between": (1, 2)}])
def test_painted_prints_do_not_claim_to_be_mixed(asked: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Imaginer, "_paints", True)
    with pytest.raises(UserError, match="painted pixel by pixel"):
        next(Imaginer("floral_print").pictures(1, **asked))


def test_the_module_and_the_function_have_one_name() -> None:
    import importlib

    module = importlib.import_module("muslin.imagine")
    assert module("tiny:ikat", 1, size=64).shape == (1, 64, 64, 3)


def test_the_command_writes_tiles_a_sheet_and_json(tmp_path, capsys) -> None:
    from muslin.cli import run

    folder = tmp_path / "out"
    assert run(["imagine", "tiny:ikat", "-n", "2", "--size", "64", "--tile", "-o", str(folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    files = sorted(path.name for path in folder.iterdir())
    assert [Path(one["output"]).name for one in document["results"]] == files[:2]
    assert document["sheet"] == str(folder / "tiny-ikat.contact-sheet.png")
    assert read_image(folder / files[0]).pixels.shape == (64, 64, 3)
    assert run(["imagine", "tiny:ikat", "-n", "2", "--size", "64", "-o", str(folder)]) == 1  # not over what exists
    assert "--overwrite" in capsys.readouterr().err
    assert run(["imagine", "tiny:ikat", "-n", "2", "-o", str(tmp_path / "one.png")]) == EXIT_USAGE
    assert run(["imagine", "tiny:ikat", "--size", "big"]) == EXIT_USAGE
    capsys.readouterr()
    assert run(["imagine", "tiny:ikat", "-n", "1", "--size", "100000", "-o", str(folder / "l.png")]) == EXIT_USAGE
    assert "64 to 8192" in capsys.readouterr().err
    assert run(["imagine", "velvet", "-o", str(tmp_path / "v")]) == EXIT_MODEL


def test_learn_refuses_before_it_loads_a_framework(tmp_path, capsys) -> None:
    from muslin.cli import run

    assert run(["learn", str(tmp_path / "none"), "--name", "mine"]) == 3
    assert run(["learn", str(tmp_path), "--name", "My Look"]) == EXIT_USAGE
    assert run(["learn", str(tmp_path), "--name", "ikat"]) == EXIT_USAGE
    assert run(["learn", str(tmp_path), "--name", "mine"]) == 3
    assert "at least 3" in capsys.readouterr().err
    assert run(["learn", str(tmp_path), "--name", "tiny"]) == 1
