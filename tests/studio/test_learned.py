"""Looks that a model paints, in the studio: they appear, are worn, come back from a file, leave with their model."""

import shutil

import numpy as np
import onnx
import pytest

from muslin import store
from muslin.errors import UserError
from muslin.images import at_most, read_image
from muslin.restyle.opening import restyler_for
from muslin.studio import garments, jobs, learned, looks, parts, projects, recall, results
from muslin.studio.errors import StudioError
from muslin.studio.service import Studio
from muslin.studio.submitting import prepare
from muslin.studio.work import painting, restyling


@pytest.fixture(scope="module")
def studio(tmp_path_factory, photo, mask):
    """One model of two looks: Neg turns every colour into its opposite, Identity leaves it."""
    folder = tmp_path_factory.mktemp("learned")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSLIN_MODELS", str(folder / "models"))
        network(folder / "models" / "opposite", generator="Neg", generator_back="Identity")
        made = Studio(folder / "studio")
        garments.add(made, photo, None, "Shirt", 70, mask=mask)
        learned.refresh(made)
        yield made


def network(folder, **operations):
    folder.mkdir(parents=True)
    shape = ["batch", "height", "width", 3]
    image, made = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("image", "out"))
    for name, operation in operations.items():
        node = onnx.helper.make_node(operation, ["image"], ["out"])
        graph = onnx.helper.make_graph([node], "painter", [image], [made])
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    card = {"name": folder.name, "recipe": "cyclegan", "size": 32, "domains": ["plain", "dark_side"]}
    return store.write_card(folder, card)


def listed(studio):
    return {row["name"]: row for row in looks.listed(studio, None, 100)[0]}


def restyled(studio, look, **more):
    garment = studio.database.one("SELECT * FROM garments")
    request = {"kind": "restyle", "project": projects.current(studio)["id"], "garments": [garment["id"]],
               "looks": [{"look": look["id"], "weight": 1.0}], "controls": {"strength": 0.8}, "variants": 4, "seed": 2,
               "start": 0, "vary": ["print"], **more}  # fmt: skip
    jobs.submit(studio, request, prepare(studio, request), None)
    own = jobs.claim(studio.database, "work", "w")
    restyling.run(studio, own)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    return job, [results.get(studio, identity) for identity in job["results"]]


def test_looks_of_one_name_are_told_apart_by_their_models(studio):
    folder = store.user_folder() / "evening-wear"
    network(folder, generator="Identity", generator_back="Neg")
    learned.refresh(studio)
    try:
        names = {"Dark side", "Plain", "Dark side (evening wear)", "Plain (evening wear)"}
        assert set(listed(studio)) == names
    finally:
        shutil.rmtree(folder)
        learned.refresh(studio)


def test_its_looks_are_there_with_a_picture_of_what_they_do(studio):
    assert set(listed(studio)) == {"Dark side", "Plain"} and not learned.stale(studio)
    shown = {name: studio.engine.photo(row["picture"]).pixels for name, row in listed(studio).items()}
    assert shown["Plain"].shape == shown["Dark side"].shape and (shown["Plain"] != shown["Dark side"]).any()
    with pytest.raises(StudioError, match="belongs to a model"):
        looks.delete(studio, listed(studio)["Plain"]["id"])


def test_a_job_makes_what_the_command_makes(studio):
    look = listed(studio)["Dark side"]
    job, made = restyled(studio, look)
    assert job["state"] == "done"
    assert [row["seed"] for row in made] == [2] * 4
    strengths = [results.view(studio, row)["controls"]["strength"] for row in made]
    assert strengths == [0.8, 0.6, 0.4, 0.2]
    assert len({row["picture"] for row in made}) == 4
    row = studio.database.one("SELECT * FROM garments")
    files = [studio.files.path(row[column]) for column in ("photo", "mask")]
    for result, strength in zip(made, strengths, strict=True):
        alone = restyler_for("opposite").restyle(files[0], str(files[1]), strength=strength, look="dark_side")
        np.testing.assert_array_equal(studio.engine.photo(result["picture"]).pixels, alone.image)
        words = result["command"].split()
        assert words[:2] == ["muslin", "restyle"] and words[words.index("--model") + 1] == "opposite"
        assert words[words.index("--look") + 1] == "dark_side" and words[words.index("--strength") + 1] == str(strength)
    assert [line.split(" --output")[0] for line in job["command"].splitlines()] == [
        row["command"].split(" --output")[0] for row in made
    ]


def test_a_painted_look_is_worn_by_the_whole_garment(studio):
    look = listed(studio)["Plain"]
    with pytest.raises(UserError, match="whole garment"):
        restyled(studio, look, controls={"strength": 0.8, "on": {"collar": "keep"}})
    with pytest.raises(UserError, match="no cloth of it"):
        parts.worn(studio, {"on": {"collar": look["id"]}})


def test_the_picture_brings_look_and_strength_back(studio):
    look = listed(studio)["Plain"]
    _, made = restyled(studio, look, variants=1)
    back = recall.recall(studio, studio.files.path(made[0]["picture"]).read_bytes())
    assert back["looks"] == [{"look": look["id"], "weight": 1.0}] and back["controls"]["strength"] == 0.8
    assert back["garment"] == made[0]["garment"] and back["notes"] == []


def test_the_preview_is_the_result_seen_small(studio):
    row, look = studio.database.one("SELECT * FROM garments"), listed(studio)["Dark side"]
    parts = [(look, 1.0)]
    small = read_image(painting.preview(studio.engine, row, parts, painting.arguments(parts, {}), 96)).pixels
    _, made = restyled(studio, look, variants=1, controls={})
    full = studio.engine.photo(made[0]["picture"]).pixels
    assert np.abs(at_most(full, 96).astype(int) - small).mean() < 6


def test_it_is_no_cloth(studio, tartan):
    look, cloth = listed(studio)["Plain"], looks.add(studio, tartan, "Tartan")
    both = [{"look": look["id"], "weight": 1.0}, {"look": cloth["id"], "weight": 1.0}]
    with pytest.raises(UserError, match="no cloth"):
        looks.mix(studio, "Both", both, "overprint")
    with pytest.raises(UserError, match="does not mix"):
        restyled(studio, look, looks=both)


def test_it_leaves_and_returns_with_its_model(studio, tmp_path):
    before = listed(studio)["Plain"]["id"]
    folder = store.user_folder() / "opposite"
    shutil.move(folder, tmp_path / "away")
    assert learned.stale(studio)
    learned.refresh(studio)
    assert "Plain" not in listed(studio) and looks.get(studio, before)["name"] == "Plain"  # results still name it
    shutil.move(tmp_path / "away", folder)
    learned.refresh(studio)
    assert listed(studio)["Plain"]["id"] == before and not learned.stale(studio)


@pytest.mark.parametrize("wrong", [{"model": "/etc"}, {"recipe": "drape"}, {"look": 3}, {"drawing": "no"}])
def test_an_imported_look_names_a_model_and_no_path(studio, wrong):
    entry = {**learned.origin(listed(studio)["Plain"]), **wrong}
    with pytest.raises(UserError, match="names no model"):
        learned.same(None, entry)


def test_a_drawing_takes_colours_and_no_mask():
    row = {"kind": "learned", "name": "Sketch",
           "origin": '{"model": "ink", "look": null, "recipe": "pix2pix", "sha256": "0", "drawing": true}'}  # fmt: skip
    parts = [(row, 1.0)]
    own = painting.arguments(parts, {"strength": 1.0, "scale": 2.0})
    assert [number["number"] for _, number in painting.family(parts, own, 5, 2, 3)] == [2, 3, 4]
    assert painting.one_family(parts, own)
    asked = painting.arguments(parts, {"strength": 1.0, "palette": ["#112233"], "scale": 2.0})
    assert asked == {"strength": 1.0, "palette": "#112233"}
    shades = [given["palette"] for _, given in painting.family(parts, asked, 5, 0, 8)]
    assert shades[0] == "#112233" and len(set(shades)) == 8 and not painting.one_family(parts, asked)
    line = painting.command("a.png", "m.png", parts, asked, "out", 4, 5)
    assert line == ("muslin restyle a.png --model ink --palette '#112233' --strength 1.0 --number 4 --seed 5 "
                    "--output out --json")  # fmt: skip


def test_the_strengths_of_a_long_family_stay_apart():
    row = {"kind": "learned", "name": "Dark",
           "origin": '{"model": "dark", "look": null, "recipe": "cut", "sha256": "0", "drawing": false}'}  # fmt: skip
    found = [given["strength"] for _, given in painting.family([(row, 1.0)], {"strength": 1.0}, 0, 0, 16)]
    assert found[:8] == [1, 0.75, 0.5, 0.25, 0.875, 0.625, 0.375, 0.125]
    assert len(set(found)) == 16 and min(found) > 0
