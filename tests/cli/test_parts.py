"""The option --on: what it takes, what it refuses before a photo is read, and what it says of photos."""

import json
from pathlib import Path

import pytest

from muslin.cli import run
from muslin.cli.parts import NAMES, parse_on
from muslin.data.truth import render
from muslin.distributed import worker
from muslin.distributed.order import Order, Record, Task
from muslin.garments import parts
from muslin.images import read_image, write_image
from muslin.textiles.procedural import swatch


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A shirt and trousers in a folder, and three swatches."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for kind, seed in (("shirt", 4), ("trousers", 2)):
        write_image(tmp_path / "photos" / f"{kind}.png", render(seed, 192, kind=kind, plain=True).photo)
    for name in ("tartan", "polka dots", "stripes"):
        write_image(tmp_path / f"{name.split()[-1]}.png", swatch(name, 1, 64))
    return tmp_path


def test_names_in_the_help_are_the_names() -> None:
    assert tuple(NAMES.split(", ")) == tuple(parts.NAMES)


def test_a_folder_is_done_and_what_a_photo_lacks_is_told(folder, capsys):
    line = ["restyle", "photos", "-s", "tartan.png", "--on", "collar=dots.png", "--on", "legs=keep", "-o", "out"]
    assert run([*line, "--json"]) == 0
    out, err = capsys.readouterr()
    said = " ".join(err.split())
    assert "on trousers.png no collar was found. It has: legs, band." in said and "shirt.png no" not in said
    results = {Path(result["source"]).stem: result for result in json.loads(out)["results"]}
    assert results["trousers"]["missing"] == ["collar"] and results["shirt"]["missing"] == []
    assert {"body", "collar", "sleeves"} <= set(results["shirt"]["parts"])
    assert results["shirt"]["output"] == "out/shirt.tartan+dots.png"
    assert results["shirt"]["settings"]["on"]["sleeves"] == "keep"
    assert run([*line, "--quiet", "--overwrite"]) == 0
    assert "collar" not in capsys.readouterr().err


def test_the_settings_of_a_result_make_the_same_bytes(folder, capsys):
    first = ["restyle", "photos/shirt.png", "-s", "tartan.png", "--on", "collar=dots.png", "--on", "sleeves=keep"]
    assert run([*first, "-o", "a.png"]) == 0
    assert run(["restyle", "--settings", "a.png", "-o", "b.png"]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert run(["restyle", "--settings", "a.png", "--on", "sleeves=stripes.png", "-o", "c.png", "--json"]) == 0
    on = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))["results"][0]["settings"]["on"]
    assert Path(on["collar"]["path"]).name == "dots.png" and Path(on["sleeves"]["path"]).name == "stripes.png"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--on", "colar=dots.png"], 2, "possible: body, left-front"),
        (["--on", "collar"], 2, "a part and its cloth"),
        (["--on", "collar="], 2, "a part and its cloth"),
        (["--on", "legs=keep", "--on", "sleeves=dots.png"], 2, "one cloth"),
        (["--on", "collar=dot.png"], 3, "There is no swatch 'dot.png'"),
        (["--on", "collar=keep", "--mix", "panels"], 2, "two ways"),
        (["--on", "collar=keep", "--repeat", "once"], 2, "placement print"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_photo_is_read(folder, capsys, words, code, said):
    assert run(["restyle", "nowhere.jpg", "-s", "tartan.png", *words]) == code
    assert said in capsys.readouterr().err


def test_a_damaged_swatch_of_a_part_is_said_as_one_of_the_style_is(folder, capsys):
    Path("broken.png").write_bytes(b"no picture")
    problems = []
    for words in (["-s", "broken.png"], ["-s", "tartan.png", "--on", "collar=broken.png"]):
        assert run(["restyle", "photos", *words, "-o", "out"]) == 3
        problems.append(capsys.readouterr().err)
    assert problems[0] == problems[1]


def test_a_word_is_no_file_and_a_path_is(folder):
    Path("keep").write_bytes(b"")
    assert parse_on(["strip=keep", "collar=./keep"]) == {"strip": "keep", "collar": Path("keep")}


def test_a_worker_of_a_cluster_dresses_parts_too(folder):
    styles = [(read_image("tartan.png"), 1.0)]
    order = Order("drape", styles, {}, look="cloth", on={"collar": read_image("dots.png"), "pocket": "keep"})
    task = Task("shirt.png", "photos/shirt.png", ("made.png",))
    row = {"task": task.as_json(), "data": b"", "record": ""}
    record = Record.from_json(worker.Worker(order, {})(row)["record"])
    assert record.error is None and record.missing == ("pocket",) and "collar" in record.parts
    assert Record.from_json(record.as_json()) == record
    assert order.fingerprint != Order("drape", styles, {}, look="cloth").fingerprint
    assert run(["restyle", "photos/shirt.png", "-s", "tartan.png", "--on", "collar=dots.png", "--on", "pocket=keep",
                "-o", "here.png"]) == 0  # fmt: skip
    assert (read_image("made.png").pixels == read_image("here.png").pixels).all()
