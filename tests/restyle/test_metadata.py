import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin import store
from muslin.errors import UserError
from muslin.images import Photo
from muslin.restyle import metadata
from muslin.restyle.restyler import Restyler

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def photo_with(**text: str) -> Photo:
    return Photo(pixels=np.zeros((2, 2, 3), np.uint8), alpha=None, path=None, metadata=text)


def example(folder: Path) -> dict:
    (folder / "tartan.png").write_bytes(b"tartan")
    (folder / "shirt.jpg").write_bytes(b"shirt")
    return metadata.describe(
        model={"name": "drape", "sha256": "ab" * 32},
        source=folder / "shirt.jpg",
        styles=[(folder / "tartan.png", 1.0)],
        mask={"kind": "auto", "confidence": 0.97},
        seed=3,
        size=(768, 1024),
        controls={"scale": 1.0, "rotation": 15.0, "repeat": "half-drop", "strength": 0.8, "palette": None},
    )


def test_settings_come_back_from_text_and_from_xmp(tmp_path):
    params = example(tmp_path)
    text = metadata.settings_to_text(params)
    assert metadata.settings_from(photo_with(**text)) == json.loads(json.dumps(params))
    xmp = metadata.provenance_xmp(params).decode()
    assert metadata.settings_from(photo_with(xmp=xmp)) == json.loads(json.dumps(params))
    assert metadata.settings_from(photo_with()) is None


def test_the_line_names_what_a_person_asks(tmp_path):
    line = metadata.human_line(example(tmp_path))
    assert "\n" not in line
    for part in ("shirt.jpg in tartan.png", "Rotation: 15", "Repeat: half-drop", "Strength: 0.8", "Seed: 3"):
        assert part in line
    assert "Size: 768x1024" in line and "Model: drape" in line and "Palette" not in line


def test_xmp_is_rdf_with_the_iptc_source_type(tmp_path):
    params = example(tmp_path)
    params["source"]["path"] = 'a <b> & "c" ]]>.jpg'
    packet = metadata.provenance_xmp(params)
    root = ElementTree.fromstring(packet)
    assert root.tag == "{adobe:ns:meta/}xmpmeta"
    (description,) = root.findall(f"{RDF}RDF/{RDF}Description")
    assert description.get(f"{RDF}about") == ""
    found = description.find("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    base = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert found is not None and found.text == base + "compositeWithTrainedAlgorithmicMedia"
    generated = ElementTree.fromstring(metadata.provenance_xmp({**params, "kind": "imagine"}))
    assert base + "trainedAlgorithmicMedia" in list(generated.itertext())
    assert metadata.settings_from(photo_with(xmp=packet.decode()))["source"]["path"] == 'a <b> & "c" ]]>.jpg'


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.floats(), st.integers(-(10**9), 10**9))
def test_any_name_and_number_survives(name, number, seed):
    params = {"source": {"path": name}, "controls": {"scale": number}, "seed": seed, "size": (1, 2)}
    text = metadata.settings_to_text(params)
    text["parameters"].encode("utf-8")
    assert len(text["parameters"].splitlines()) == 1
    back = metadata.settings_from(photo_with(xmp=metadata.provenance_xmp(params).decode()))
    assert back["source"]["path"] == name and back["seed"] == seed
    assert back == metadata.settings_from(photo_with(**text))


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000, "x" * 2_000_000])
def test_damaged_settings_are_no_settings(text):
    assert metadata.settings_from(photo_with(muslin=text)) is None
    assert metadata.settings_from(photo_with(xmp=text)) is None


def test_entity_bombs_are_not_expanded():
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><a xmlns:m="urn:x-muslin:settings#"><m:settings>&b;</m:settings></a>'
    assert metadata.settings_from(photo_with(xmp=bomb)) is None


def test_numpy_values_become_json():
    params = {
        "seed": np.int64(3),
        "controls": {"scale": np.float32(0.5), "palette": np.zeros((1, 3), np.uint8)},
    }
    assert json.loads(metadata.to_json(params)) == {
        "seed": 3,
        "controls": {"scale": 0.5, "palette": [[0, 0, 0]]},
    }


def test_recall_finds_files_where_they_were_and_beside_the_picture(tmp_path):
    params = example(tmp_path)
    recalled = metadata.recall(params, tmp_path / "out" / "result.png")
    assert recalled.styles == [(tmp_path / "tartan.png", 1.0)]
    assert recalled.source == tmp_path / "shirt.jpg"
    assert recalled.controls == {"scale": 1.0, "rotation": 15.0, "strength": 0.8, "repeat": "half-drop"}
    assert (recalled.seed, recalled.model, recalled.mask, recalled.notes) == (3, "drape", "auto", [])

    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "tartan.png").rename(moved / "tartan.png")
    assert metadata.recall(params, moved / "result.png").styles == [(moved / "tartan.png", 1.0)]
    (moved / "tartan.png").write_bytes(b"another")
    assert "changed" in metadata.recall(params, moved / "result.png").notes[0]
    (moved / "tartan.png").unlink()
    with pytest.raises(UserError, match=r"tartan\.png"):
        metadata.recall(params, moved / "result.png")


def test_recall_finds_what_was_named_from_a_folder_above_the_picture(tmp_path, monkeypatch):
    """The command was given in tmp_path with short names; the picture is read again from elsewhere."""
    params = example(tmp_path)
    for entry in (params["source"], *params["styles"]):
        entry["path"] = Path(entry["path"]).name
    (tmp_path / "out" / "deeper").mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir("/")
    recalled = metadata.recall(params, tmp_path / "out" / "deeper" / "result.png")
    assert recalled.styles == [(tmp_path / "tartan.png", 1.0)] and recalled.source == tmp_path / "shirt.jpg"


def test_recall_takes_only_numbers_for_numbers(tmp_path):
    params = example(tmp_path)
    params["controls"]["scale"] = "__import__('os')"
    with pytest.raises(UserError, match="scale"):
        metadata.recall(params, tmp_path / "result.png")
    params["controls"] = {"scale": 2, "surprise": 1}
    assert metadata.recall(params, tmp_path / "result.png").controls == {"scale": 2.0}


def test_a_page_for_others_takes_only_the_very_file(tmp_path):
    """A stranger's picture may name any file of this computer; it does not know its hash."""
    (tmp_path / "passport.png").write_bytes(b"private")
    (tmp_path / "mail").mkdir()
    for entry in ({"path": str(tmp_path / "passport.png")}, {"path": "../passport.png", "sha256": "ab" * 32},
                  {"path": "passport.png", "sha256": None}):  # fmt: skip
        assert metadata.locate(entry, tmp_path / "mail", exact=True) is None
        assert metadata.locate(entry, tmp_path / "mail") is not None  # who restyles sees it alone
    known = {"path": "passport.png", "sha256": metadata.sha256_of(tmp_path / "passport.png")}
    assert metadata.locate(known, tmp_path / "mail", exact=True) == tmp_path / "passport.png"


def test_a_model_that_was_given_by_its_folder_is_recalled_from_there(tmp_path):
    model = store.load("drape")
    assert metadata.model_entry(model, "drape") == {"name": "drape", "sha256": model.sha256}
    mine = shutil.copytree(model.folder, tmp_path / "mine")
    made = Restyler(mine).restyle(np.full((40, 30, 3), 120, np.uint8), np.zeros((8, 8, 3), np.uint8), mask="none")
    settings = {**json.loads(metadata.to_json(made.params)), "styles": []}
    assert metadata.recall(settings, tmp_path / "x.png").model == str(mine)


def test_ink_of_a_drawing_comes_back():
    assert metadata.controls_from({"strength": 1, "lines": 0.9}) == {"strength": 1.0, "lines": 0.9}
