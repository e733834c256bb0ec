import json
import os
from pathlib import Path

import pytest

from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty store: no user models, no shipped ones."""
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(store, "shipped_folder", lambda: tmp_path / "shipped")
    return tmp_path


def make(folder, name="drape", network=b"onnx bytes"):
    folder.mkdir(parents=True)
    (folder / "generator.onnx").write_bytes(network)
    (folder / "previews").mkdir()
    (folder / "previews" / "one.png").write_bytes(b"png")
    return store.write_card(folder, {"name": name, "recipe": "drape", "metrics": {"psnr": 27.0}})


def test_a_written_card_is_read_back_and_its_files_are_checked(home):
    made = make(home / "run" / "model")
    model = store.load(home / "run" / "model")
    assert model.card == made.card and model.name == "drape" and model.recipe == "drape"
    # sha256 of b"onnx bytes", as `sha256sum` prints it
    assert model.sha256 == __import__("hashlib").sha256(b"onnx bytes").hexdigest()
    assert set(model.card["files"]) == {"generator.onnx", "previews/one.png"}
    assert model.file().read_bytes() == b"onnx bytes" and model.size == len(b"onnx bytes") + 3
    assert store.find(home / "run" / "model" / "model.json") == home / "run" / "model"


def test_an_altered_file_is_refused(home):
    model = make(home / "m")
    (home / "m" / "generator.onnx").write_bytes(b"other bytes")
    with pytest.raises(UserError, match="hash") as caught:
        model.file()
    assert caught.value.exit_code == EXIT_MODEL
    (home / "m" / "generator.onnx").unlink()
    with pytest.raises(UserError, match="cannot be read"):
        model.verify()
    with pytest.raises(UserError, match="lists no file"):
        model.file("missing.onnx")


def test_publish_is_found_by_name_before_the_shipped_model(home):
    make(home / "shipped" / "drape", network=b"shipped")
    assert store.load("drape").file().read_bytes() == b"shipped"
    make(home / "run")
    published = store.publish(home / "run")
    assert published.folder == home / "models" / "drape"
    assert store.load("drape").file().read_bytes() == b"onnx bytes"
    assert [model.name for model in store.models()] == ["drape"]
    with pytest.raises(UserError, match="already"):
        store.publish(home / "run")
    (home / "run" / "generator.onnx").write_bytes(b"newer")
    store.write_card(home / "run", {"name": "drape", "recipe": "drape"})
    store.publish(home / "run", overwrite=True)
    assert store.load("drape").file().read_bytes() == b"newer"
    assert store.publish(home / "run", "silk").name == "silk" == store.load("silk").name
    assert sorted(path.name for path in (home / "models").iterdir()) == ["drape", "silk"]  # no staging left


def test_a_model_copied_by_hand_is_found_by_the_name_it_is_listed_under(home):
    make(home / "models" / "coats-2026", name="cut", network=b"coats")
    make(home / "models" / "Autumn prints", name="print", network=b"prints")
    make(home / "models" / "cut", name="cut", network=b"first")
    assert [model.name for model in store.models()] == ["print", "coats-2026", "cut"]
    for model in store.models():
        assert store.load(model.name).file().read_bytes() == model.file().read_bytes()
    assert store.load("print").file().read_bytes() == b"prints"


def test_a_failed_publish_leaves_nothing(home, monkeypatch):
    make(home / "run")
    store.publish(home / "run")
    monkeypatch.setattr(store, "write_card", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        store.publish(home / "run", overwrite=True)
    assert [path.name for path in (home / "models").iterdir()] == ["drape"]
    assert store.load("drape").file().read_bytes() == b"onnx bytes"


def test_a_publish_that_fails_at_its_last_step_gives_the_old_model_back(home, monkeypatch):
    make(home / "run")
    store.publish(home / "run")
    replace = os.replace

    def full(source, target):
        if Path(source).name == "new":
            raise OSError("no such luck")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="luck"):
        store.publish(home / "run", overwrite=True)
    assert [path.name for path in (home / "models").iterdir()] == ["drape"]
    assert store.load("drape").file().read_bytes() == b"onnx bytes"


def test_an_unknown_name_says_what_exists(home):
    with pytest.raises(UserError, match="no model is installed") as caught:
        store.find("velvet")
    assert caught.value.exit_code == EXIT_MODEL
    make(home / "models" / "drape")
    for name in ("velvet", "../drape", "", "a/b", "x" * 300, "nul\0"):
        with pytest.raises(UserError, match="Possible: drape"):
            store.find(name)


@pytest.mark.parametrize(
    "card",
    [
        "not json",
        "[]",
        "{}",
        "[" * 200_000,
        json.dumps({"format": 2, "name": "a", "recipe": "b", "files": {}}),
        json.dumps({"format": 1, "recipe": "b", "files": {}}),
        json.dumps({"format": 1, "name": "a", "recipe": "b", "files": {"../../etc/passwd": {"sha256": ""}}}),
        json.dumps({"format": 1, "name": "a", "recipe": "b", "files": {"/etc/passwd": {"sha256": ""}}}),
    ],
)
def test_a_broken_card_is_a_user_error_and_is_listed_as_broken(home, card):
    folder = home / "models" / "bad"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(card)
    with pytest.raises(UserError, match="cannot be used") as caught:
        store.load("bad")
    assert caught.value.exit_code == EXIT_MODEL
    assert list(store.entries()) == [(None, folder)] and store.models() == []


def test_publish_refuses_names_that_are_paths(home):
    make(home / "run")
    with pytest.raises(UserError, match="name of a model"):
        store.publish(home / "run", "../elsewhere")


def test_a_runs_folder_stands_for_its_model(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    with pytest.raises(UserError, match="no model"):
        store.load(tmp_path / "run")  # not finished
    make(tmp_path / "run" / "model")
    assert store.find(tmp_path / "run") == store.find(str(tmp_path / "run")) == tmp_path / "run" / "model"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").rename(tmp_path / "print")
    assert store.find("print") == store.shipped_folder() / "print"  # a run of that name is not what it means
    assert store.find("./print") == Path("print") / "model"


def test_a_shipped_model_is_not_hidden_by_other_work(tmp_path, monkeypatch):
    home = tmp_path
    monkeypatch.setenv("MUSLIN_MODELS", str(home / "models"))
    made = make(home / "run")  # a drape: it may stand in for the shipped one
    assert store.publish(home / "run", "drape").folder == home / "models" / "drape"
    with pytest.raises(UserError, match="comes with muslin") as caught:
        store.publish(home / "run", "mask")
    assert caught.value.exit_code == EXIT_USAGE and not (home / "models" / "mask").exists()
    assert made.recipe == "drape"
    for name, recipe in (("drape", None), ("print", "drape")):
        with pytest.raises(UserError, match="comes with muslin"):
            store.refuse_shipped(name, recipe)
    store.refuse_shipped("garden")
    store.refuse_shipped("../x")
