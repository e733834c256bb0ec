import re
import shutil
import warnings

import numpy as np
import pytest
from tiny_recipes import collection

from muslin import recipes, runs, store
from muslin.cli import run as command
from muslin.errors import UserError
from muslin.export import load_recipe
from muslin.garments.network import Network

TINY = {"size": 16, "channels": 2, "latent_size": 4, "batch_size": 4, "augmentation": "none"}


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 255, (8, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("runs") / "dcgan"
    return runs.train("dcgan", pictures, folder=folder, images=16, options=TINY, screen=False, say=lambda _: None)


def test_a_run_ends_with_a_model_that_runs(finished):
    assert finished.history.images_seen == 16 and finished.model is not None
    model = store.load(finished.folder / "model")
    model.verify()
    assert model.recipe == "dcgan" and model.card["images_seen"] == 16 and model.card["summary"]


def test_a_finished_run_is_not_trained_again(finished, pictures):
    with pytest.raises(UserError, match="finished"):
        runs.train("dcgan", pictures, folder=finished.folder, images=16, options=TINY)
    with pytest.raises(UserError, match="another recipe"):
        runs.train("mask", folder=finished.folder)


def test_the_time_decides_about_the_images(tmp_path, pictures):
    said = []
    made = runs.train(
        "dcgan", pictures, folder=tmp_path, minutes=0.001, options=TINY, screen=False, say=said.append
    )  # fmt: skip
    assert made.history.images_seen >= 10 * TINY["batch_size"]  # never fewer than ten steps
    assert any("images a second" in line for line in said)


def test_an_unfinished_run_continues_with_what_was_planned(finished, pictures, tmp_path):
    """A run stopped after its first half, continued by the same command, makes the network of the whole
    run.
    """
    from muslin.training import engine

    half = recipes.build("dcgan", {**TINY, "seed": 0})
    first = half.stream(pictures, 0)

    class Stop:
        def observe(self, record):
            from muslin.training.monitor import Verdict

            return Verdict("learning", "enough for now", ends_run=True)

    engine.train(half, first, tmp_path, images=16, report_every_images=8, monitor=Stop(), screen=False)
    with pytest.raises(UserError, match="unfinished"):
        runs.train("dcgan", pictures, folder=tmp_path, resume=False)
    for given, said in (
        ({"images": 32}, r"images 32 \(begun with 16\)"),
        ({"seed": 7}, "seed 7"),
        ({"options": {**TINY, "batch_size": 8}}, r"batch_size 8 \(begun with 4\)"),
    ):
        with pytest.raises(UserError, match="begun otherwise") as told:
            runs.train("dcgan", pictures, folder=tmp_path, resume=True, **given)
        assert re.search(said, str(told.value))
    made = runs.train("dcgan", pictures, folder=tmp_path, resume=True, screen=False, options=TINY, say=lambda _: None)
    assert made.history.images_seen == 16
    latent = np.random.default_rng(1).standard_normal((3, TINY["latent_size"])).astype(np.float32)
    (whole,) = Network(finished.model.file())(latent=latent).values()
    (again,) = Network(made.model.file())(latent=latent).values()
    assert np.array_equal(whole, again)


def test_a_run_killed_before_its_first_state_begins_again_from_its_model(finished, pictures, tmp_path, monkeypatch):
    """A run's description is written at once, its state after a minute: a kill in between must not cost the model."""
    from muslin import groups
    from muslin.training import checkpoint, engine

    def killed(*_, **__):
        raise KeyboardInterrupt

    def weights(recipe):
        return [np.asarray(weight.value) for weight in recipe.networks["generator"].trainable_variables]

    quietly = {"folder": tmp_path, "options": {"learning_rate": 1e-12}, "screen": False, "say": str}
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(engine, "_prefetch", killed)
        runs.train("dcgan", pictures, images=8, start=finished.folder, **quietly)
    assert not (tmp_path / checkpoint.STATE).exists()
    said = []
    monkeypatch.setattr(groups, "current", lambda: groups.Group(decide=lambda value: said.append(value) or value))
    made = runs.train("dcgan", pictures, resume=True, **quietly)
    model = weights(load_recipe(finished.model))
    for old, new in zip(model, weights(load_recipe(made.model)), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)

    followed = []  # a worker that follows the chief begins where the chief does
    monkeypatch.setattr(groups, "current", lambda: groups.Group(1, 2, lambda value: said[0]))
    monkeypatch.setattr(engine, "train", lambda recipe, *_, **__: followed.append(recipe))
    runs.follow("dcgan", pictures, folder=tmp_path / "follower")
    for old, new in zip(model, weights(followed[0]), strict=True):
        np.testing.assert_array_equal(new, old)


def test_a_run_begun_from_nothing_does_not_go_on_from_a_model(finished, pictures, tmp_path):
    begun = {"recipe": "dcgan", "settings": {}, "images": 8, "plan": {"start": None}}
    with pytest.raises(UserError, match="begun otherwise"):
        runs._same_as_begun(tmp_path, begun, {}, None, {"start": str(finished.folder)})


def test_a_run_goes_on_with_its_own_folder_and_with_no_other(tmp_path):
    """Left out, the data is what the run was begun with: not the embedded collection."""
    collection(tmp_path / "data", count=8)
    collection(tmp_path / "other", count=8)
    begun = {"recipe": "dcgan", "settings": {}, "images": 8, "plan": {"data": str(tmp_path / "data")}}
    nothing = {"images": None, "minutes": None}
    assert runs._same_as_begun(tmp_path, begun, {}, None, nothing) == tmp_path / "data"
    assert runs._same_as_begun(tmp_path, begun, {}, tmp_path / "data" / ".." / "data", nothing)
    with pytest.raises(UserError, match="begun otherwise") as told:
        runs._same_as_begun(tmp_path, begun, {}, tmp_path / "other", nothing)
    assert "--run" in str(told.value)


@pytest.mark.parametrize("minutes", [0, -5, float("nan"), float("inf")])
def test_no_time_is_no_run(tmp_path, minutes):
    with pytest.raises(UserError, match="no time to train"):
        runs.train("dcgan", folder=tmp_path / "run", minutes=minutes)
    assert command(["train", "dcgan", "--minutes", str(minutes), "--run", str(tmp_path / "run")]) == 2
    assert not (tmp_path / "run").exists()


def test_mistakes_are_found_before_keras_is_imported(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command(["train", "weave"]) == 2
    assert "drape" in capsys.readouterr().err
    assert command(["train", "drape", "nowhere"]) == 3
    assert command(["train", "dcgan", "--resume"]) == 2
    assert "no run to continue" in capsys.readouterr().err


def test_an_unknown_option_lists_the_options(tmp_path):
    with pytest.raises(UserError, match="batch_size"):
        runs.train("dcgan", folder=tmp_path, options={"colour": 3})


def test_a_name_is_refused_before_the_work_and_no_model_is_lost(tmp_path, monkeypatch, capsys):
    """As `learn` does: not after hours of training, and no model of one's own is replaced without a word."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    taken = tmp_path / "models" / "taken"
    taken.mkdir(parents=True)
    (taken / "generator.onnx").write_bytes(b"mine")
    store.write_card(taken, {"name": "taken", "recipe": "dcgan"})
    collection(tmp_path / "data", count=8)
    train = ["train", "dcgan", "data", "--images", "8", "-q"]
    train += [word for key, value in TINY.items() for word in ("--option", f"{key}={value}")]
    monkeypatch.setattr(runs, "train", None)
    assert command([*train, "--name", "No Name"]) == 2
    assert "cannot be the name" in capsys.readouterr().err
    assert command([*train, "--name", "taken"]) == 1
    assert "--overwrite" in capsys.readouterr().err and (taken / "generator.onnx").read_bytes() == b"mine"


def test_a_run_that_was_stopped_is_published_under_its_name_by_the_same_command(tmp_path, monkeypatch):
    from muslin.training import engine

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    collection(tmp_path / "data", count=8)
    train = ["train", "dcgan", str(tmp_path / "data"), "--images", "8", "-q", "--run", str(tmp_path / "run")]
    train += [word for key, value in TINY.items() for word in ("--option", f"{key}={value}")]
    for overwrite in ([], ["--overwrite"]):
        with monkeypatch.context() as patch:
            patch.setattr(engine, "_prefetch", stopped)
            assert command([*train, "--name", "mine", *overwrite]) != 0
        assert command([*train, "--name", "mine", *overwrite]) == 0 and store.load("mine").recipe == "dcgan"
        shutil.rmtree(tmp_path / "run")


def test_before_it_starts_a_run_says_what_it_will_do_and_how_long(tmp_path, monkeypatch):
    """Neither minutes nor images: the recipe's own length, and the time that this takes at the measured speed."""
    from muslin.recipes.dcgan import DCGAN
    from muslin.training import budget

    collection(tmp_path / "data", count=12)
    monkeypatch.setattr(DCGAN, "default_images", 24)
    monkeypatch.setattr(budget, "measure", lambda recipe, stream: budget.Speed(0.2, 60.0))
    said = []
    made = runs.train(
        "dcgan", tmp_path / "data", folder=tmp_path / "run", options=TINY, screen=False, say=said.append
    )  # fmt: skip
    assert made.history.images_seen == 24
    told = " ".join(said)
    for words in (
        "new designs from noise",
        f"24 pictures in '{tmp_path / 'data'}', 12 with a mask; garments and styles",
        "garments/dress 6, garments/shirt 6",
        "24 images, at 0.2 images a second: 3 min",  # 60 s of compiling and 24 images at 0.2 a second
        "16 px, 24 images, 4 a step",
    ):
        assert words in told, (words, told)


def test_training_goes_on_from_a_model(finished, pictures, tmp_path):
    """The first state of the new run is the model's own: with a learning rate of nothing it stays the model."""
    made = runs.train(
        "dcgan",
        pictures,
        folder=tmp_path,
        images=8,
        start=finished.folder,
        options={"learning_rate": 1e-12},
        screen=False,
        say=lambda _: None,
    )
    assert made.model.card["settings"]["latent_size"] == TINY["latent_size"]
    # Moving means of a batch move whatever the learning rate is; what is trained must not.
    models = (finished.model, made.model)
    before, after = (load_recipe(model).networks["generator"].trainable_variables for model in models)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(np.asarray(new.value), np.asarray(old.value), atol=1e-6)
    assert max(float(np.abs(np.asarray(old.value)).max()) for old in before) > 1e-3
    with pytest.raises(UserError, match="another recipe"):
        runs.train("mask", pictures, folder=tmp_path / "other", images=8, start=finished.folder)
    with warnings.catch_warnings(), pytest.raises(UserError, match="do not fit"):
        warnings.simplefilter("error")  # one sentence, not a screen of warnings before it
        wider = {"channels": 4}
        runs.train("dcgan", pictures, folder=tmp_path / "other", images=8, start=finished.folder, options=wider)
