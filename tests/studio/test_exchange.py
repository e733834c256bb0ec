"""A project as a file: what leaves one studio comes into another, and nothing else does."""

import json

import numpy as np
import pytest

from muslin.images import encode_image
from muslin.restyle import metadata
from muslin.studio import collecting, exchange, garments, jobs, looks, projects, recall, results
from muslin.studio.service import Limits, Studio
from muslin.studio.work import delivering


@pytest.fixture
def studio(tmp_path, photo, mask, tartan):
    """With one result, kept in a PNG larger than any upload."""
    studio = Studio(tmp_path / "first", Limits(upload_bytes=100_000))
    project = projects.current(studio)["id"]
    garment = garments.add(studio, photo, project, "Dress", mask=mask)
    look = looks.add(studio, tartan, "Tartan")
    picture = {"path": "dress.png", "sha256": garment["photo"]}
    settings = metadata.describe(
        model={"name": "drape"}, source=None, styles=[], mask={"kind": "file"}, seed=0, size=(192, 256), controls={}
    ) | {"source": picture, "styles": [{"path": "tartan.png", "sha256": look["picture"], "weight": 1.0}]}
    noise = np.random.default_rng(0).integers(0, 256, (256, 192, 3), np.uint8)
    data = encode_image(noise, "PNG", text=metadata.settings_to_text(settings))
    assert len(data) > studio.limits.upload_bytes
    kept = studio.files.add(data, "image/png", 192, 256)
    with studio.database.writing() as connection:
        results.insert_result(
            connection, project=project, job="0" * 16, garment=garment["id"], number=0, name="dress.tartan.0001.png",
            looks=[{"look": look["id"], "weight": 1.0}], picture=kept,
            mask=garment["mask"], command="", seed=0, controls={}, print_cm=None, settings=settings, record={},
        )  # fmt: skip
    return studio


def travelled(studio, tmp_path):
    """(another studio, the project that it has read)."""
    exchange.write(studio, projects.current(studio)["id"], tmp_path / "project.zip")
    other = Studio(tmp_path / "second", studio.limits)
    with open(tmp_path / "project.zip", "rb") as file:
        return other, exchange.read(other, file)["id"]


def test_results_larger_than_an_upload_travel_and_bring_their_settings(studio, tmp_path):
    other, project = travelled(studio, tmp_path)
    (row,) = results.listed(other, {"project": project}, None, 10)[0]
    data = studio.files.data(row["picture"])
    assert other.files.data(row["picture"]) == data
    found = recall.recall(other, data)
    assert found["result"] == row["id"] and found["garment"] == row["garment"] and found["notes"] == []


def test_what_a_result_shows_travels_without_its_garment_and_look(studio, tmp_path):
    garments.delete(studio, studio.database.value("SELECT id FROM garments"))
    looks.delete(studio, studio.database.value("SELECT id FROM looks"))
    other, project = travelled(studio, tmp_path)
    assert collecting.collect(other, older_than=-1) == 0
    rows = results.listed(other, {"project": project}, None, 10)[0]
    request = {"kind": "deliver", "project": project, "results": [row["id"] for row in rows], "format": "lookbook_html",
               "title": "Spring"}  # fmt: skip
    jobs.submit(other, request, "", None)
    own = jobs.claim(other.database, "work", "w")
    delivering.run(other, own)
    assert jobs.get(other, own.identity)["state"] == "done"


@pytest.mark.parametrize("shown", [{"source": 3, "styles": 5}, {"source": {"sha256": "../x"}, "styles": [None, {}]}])
def test_settings_of_any_shape_are_no_reason_to_fail(studio, tmp_path, shown):
    """They come from anybody's file, and later every start of the studio looks through them."""
    with studio.database.writing() as connection:
        connection.execute("UPDATE results SET settings = ?", (json.dumps(shown),))
    other, _ = travelled(studio, tmp_path)
    assert collecting.collect(other, older_than=-1) == 0
