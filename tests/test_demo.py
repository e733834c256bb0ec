import re
from types import SimpleNamespace

import pytest

from muslin import demo, runs, store
from muslin.errors import UserError
from muslin.images import read_image
from muslin.restyle import metadata, restyler


def test_the_demo_leaves_a_lookbook(tmp_path, monkeypatch):
    """With the classical baseline in the place of the trained network, and no time for a second one."""

    def train(recipe, data=None, *, folder, **_):
        folder.mkdir(parents=True)
        (folder / "generator.onnx").write_bytes(b"network")
        return SimpleNamespace(model=store.write_card(folder, {"name": recipe, "recipe": recipe}))

    baseline = restyler.Restyler
    monkeypatch.setattr(runs, "train", train)
    monkeypatch.setattr(restyler, "Restyler", lambda *_, **__: baseline(None, mask_model=None))
    monkeypatch.setattr(demo, "SIZE", (120, 90))
    monkeypatch.setattr(demo, "PIECES", demo.PIECES[:2])
    said: list[str] = []
    for _ in range(2):  # the second time replaces the first
        page, sheet = demo.run(tmp_path / "demo", minutes=0.5, say=said.append)
    # Two garments: four looks each by the network just trained, and the first of them by the shipped one too.
    (told,) = {line for line in said if line.startswith("Folds and light")}
    numbers = re.findall(r"0\.\d\d|-0\.\d\d", told)
    assert len(numbers) == 3 and len(set(numbers)) == 1 and float(numbers[0]) < 0.5, (
        "brightness is no light under a print"
    )
    assert page.read_text("utf-8").count("<figure") == 10 and read_image(sheet).pixels.ndim == 3
    looks = sorted((tmp_path / "demo" / "looks").iterdir())
    assert len(looks) == 10 and "lookbook.html" in said[-1]
    settings = metadata.settings_from(read_image(looks[0]))
    recalled = metadata.recall(settings, looks[0])
    assert recalled.source.is_file() and recalled.mask.is_file() and recalled.notes == []


def test_prints_designed_from_noise_are_swatches(tmp_path, monkeypatch):
    """A real run of the second GAN, of two steps: what is asked of it, and what it leaves to be worn."""
    asked, train = [], runs.train

    def quickly(recipe, data, *, folder, minutes, until_converged, say):
        asked.append((recipe, data, minutes, until_converged))
        options = {"size": 16, "latent_size": 8, "channels": 4, "batch_size": 8}
        return train(recipe, data, folder=folder, images=16, options=options, screen=False, say=say)

    monkeypatch.setattr(runs, "train", quickly)
    (tmp_path / "swatches").mkdir()  # as demo._clear does
    said: list[str] = []
    designs = demo._design(tmp_path, 3.0, said.append)
    assert asked == [("dcgan", "textiles", 3.0, False)] and any(line.startswith("dcgan: ") for line in said)
    assert [path.relative_to(tmp_path).as_posix() for path in designs] == [
        f"swatches/from_noise_{number}.png" for number in range(1, demo.DESIGNS + 1)
    ]
    pictures = [read_image(path) for path in designs]
    assert [picture.pixels.shape for picture in pictures] == [(16, 16, 3)] * demo.DESIGNS
    made = [metadata.settings_from(picture) for picture in pictures]
    assert [(one["kind"], one["seed"]) for one in made] == [("imagine", 1), ("imagine", 2)]


def test_a_design_run_that_was_stopped_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "train", lambda *_, **__: SimpleNamespace(model=None))
    assert demo._design(tmp_path, 3.0, print) == []


def test_a_folder_that_no_demonstration_made_keeps_what_is_in_it(tmp_path):
    photo = tmp_path / "garments" / "mine.png"
    photo.parent.mkdir()
    photo.write_bytes(b"irreplaceable")
    with pytest.raises(UserError, match="did not make it"):
        demo.run(tmp_path, minutes=0.5, say=lambda _: None)
    assert photo.read_bytes() == b"irreplaceable"
