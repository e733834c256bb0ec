"""Photos whose garment was hard to find are named when the work is done, the worst first, ten at most."""

import json

import pytest

from muslin import cli
from muslin.cli.unsure import Unsure
from muslin.data.truth import render
from muslin.distributed import worker
from muslin.distributed.order import Order, Record, Task
from muslin.images import read_image, write_image
from muslin.textiles.procedural import swatch


def test_ten_of_the_worst_are_named_and_the_rest_counted(capsys: pytest.CaptureFixture[str]) -> None:
    unsure = Unsure()
    for number in range(60):
        unsure.add(f"folder/{number:02}.jpg", (50 + number) / 100)
    unsure.add("given.jpg", None)
    unsure.say()
    said = " ".join(capsys.readouterr().err.split())
    assert unsure.count == 43  # 0.50 to 0.92
    assert "of 00.jpg (50% sure), 01.jpg (51% sure)" in said and "09.jpg (59% sure) and 33 more" in said
    assert "10.jpg" not in said and "folder" not in said


def test_nothing_is_said_where_all_is_sure(capsys: pytest.CaptureFixture[str]) -> None:
    unsure = Unsure()
    unsure.add("a.jpg", 0.93)
    unsure.say()
    assert not capsys.readouterr().err


@pytest.fixture
def doubtful(tmp_path, monkeypatch):
    """A photo, a swatch, and a network that is in doubt."""
    write_image(tmp_path / "shirt.jpg", render(3, 128).photo)
    write_image(tmp_path / "cloth.png", swatch("gingham", 1, 64))
    monkeypatch.setattr("muslin.garments.masks.confidence", lambda probability: 0.62)
    return tmp_path


def test_the_command_names_each_photo_once(doubtful, capsys) -> None:
    asked = ["restyle", "shirt.jpg", "--style", "cloth.png", "-n", "2", "-o", "out"]
    asked = [str(doubtful / word) if "." in word or word == "out" else word for word in asked]
    assert cli.run(asked) == 0
    assert capsys.readouterr().err.count("shirt.jpg (62% sure)") == 1
    assert cli.run([*asked, "--overwrite", "--quiet"]) == 0
    assert "sure" not in capsys.readouterr().err


def test_a_worker_of_a_cluster_records_it_and_the_record_keeps_it(doubtful) -> None:
    order = Order("luminance", [(read_image(doubtful / "cloth.png"), 1.0)], {}, look="cloth")
    task = Task("shirt.jpg", str(doubtful / "shirt.jpg"), (str(doubtful / "made.png"),))
    row = {"task": task.as_json(), "data": b"", "record": ""}
    record = Record.from_json(worker.Worker(order, {})(row)["record"])
    assert record.error is None and record.confidence == pytest.approx(0.62)
    assert json.loads(record.as_json())["confidence"] == pytest.approx(0.62)
    given = Record.from_json(worker.Worker(order, {})({**row, "task": Task(
        "shirt.jpg", task.place, (str(doubtful / "whole.png"),), "none").as_json()})["record"])  # fmt: skip
    assert given.error is None and given.confidence is None
