"""Cloth by named part in the studio: what a garment's parts are, and requests that dress them apart."""

import io
import json
import shlex
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from muslin.data.truth import render
from muslin.garments.parts import NAMES
from muslin.images import encode_image, read_image
from muslin.studio import exchange, looks, projects, recall
from muslin.studio.api import schemas
from muslin.studio.service import Studio
from muslin.textiles.procedural import swatch


@pytest.fixture(scope="module")
def shirt(server) -> dict:
    shown = render(4, (256, 192), kind="shirt", plain=True)
    made = server.upload("garments", encode_image(shown.photo, "PNG"), "shirt.png", length_cm=70)
    grey = encode_image(np.round(shown.mask * 255).astype(np.uint8), "PNG")
    headers = {"Content-Type": "image/png"}
    return server.client.put(f"/v1/garments/{made['id']}/mask", content=grey, headers=headers).json()


@pytest.fixture(scope="module")
def dots(server) -> dict:
    return server.upload("looks", encode_image(swatch("polka dots", 1, 96), "PNG"), "dots.png")


def part(server, shirt: dict, name: str, side: int = 256) -> np.ndarray:
    answer = server.client.get(f"/v1/garments/{shirt['id']}/parts/{name}?side={side}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def test_the_names_are_those_of_the_engine() -> None:
    assert get_args(schemas.Part) == tuple(NAMES)


def test_parts_are_listed_with_pictures_to_lay_over_the_photo(server, shirt):
    items = server.client.get(f"/v1/garments/{shirt['id']}/parts").json()["items"]
    found = {item["name"]: item for item in items}
    assert {"body", "sleeves", "left-sleeve", "right-sleeve", "collar"} <= set(found)
    mask = server.pixels(shirt["mask"]["picture"])[..., 0]
    sleeve = part(server, shirt, "left-sleeve")
    assert sleeve.shape == (256, 192, 4) and (sleeve[..., :3] == 255).all()
    assert (sleeve[..., 3] <= mask).all()
    left, _, _, bottom = found["left-sleeve"]["box"]
    assert not sleeve[:, : max(0, left - 2), 3].any() and not sleeve[min(256, bottom + 2) :, :, 3].any()
    both = part(server, shirt, "left-sleeve")[..., 3] + part(server, shirt, "right-sleeve")[..., 3]
    np.testing.assert_array_equal(both, part(server, shirt, "sleeves")[..., 3])
    whole = sum(found[name]["share"] for name in found if "-" not in name)
    assert whole == pytest.approx(1, abs=0.01)
    picture = server.client.get(found["collar"]["picture"])
    assert Image.open(io.BytesIO(picture.content)).size == (192, 256)
    missing = server.client.get(f"/v1/garments/{shirt['id']}/parts/band")
    assert missing.status_code == 404 and "collar" in missing.json()["possible"]
    assert server.client.get(f"/v1/garments/{shirt['id']}/parts/colar").status_code == 422
    assert server.client.get("/v1/garments/0123456789abcdef/parts").status_code == 404


def test_a_request_dresses_parts_and_its_command_makes_the_same(
    server, shirt, look, dots, tmp_path, monkeypatch, capsys
):
    from muslin.cli import run

    controls = {"print_cm": 15, "on": {"sleeves": dots["id"], "collar": "keep", "band": dots["id"]}}
    job = server.ended(server.submit(shirt, look, variants=2, controls=controls)["id"])
    assert job["state"] == "done", job["problem"]
    results = [server.client.get(f"/v1/results/{one}").json() for one in job["results"]]
    assert results[0]["controls"]["on"] == controls["on"]
    assert results[0]["settings"]["on"]["collar"] == "keep"
    assert results[0]["settings"]["on"]["sleeves"]["sha256"] == dots["picture"]["sha256"]
    assert job["output"]["results"][0]["missing"] == ["band"] and "collar" in job["output"]["results"][0]["parts"]
    made, before = server.pixels(results[0]["picture"]), server.pixels(shirt["photo"])
    collar = part(server, shirt, "collar")[..., 3] > 0
    stays = (made == before).all(-1)
    assert stays[collar].mean() > 0.8 and stays[part(server, shirt, "body")[..., 3] == 255].mean() < 0.1

    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(job["command"])[1:]) == 0
    again = json.loads(capsys.readouterr().out)["results"]
    for one, result in zip(again, results, strict=True):
        assert (read_image(one["output"]).pixels == server.pixels(result["picture"])).all()

    body = {"garment": shirt["id"], "looks": [{"look": look["id"]}], "controls": controls, "side": 128}
    small = np.asarray(Image.fromarray(made).resize((96, 128), Image.Resampling.BOX)).astype(int)
    shown, other = (
        np.asarray(Image.open(io.BytesIO(server.client.post("/v1/preview", json=one).content)).convert("RGB"))
        for one in (body, {**body, "controls": {"print_cm": 15}})
    )
    inside = np.maximum(*(part(server, shirt, name, 128)[..., 3] for name in ("collar", "sleeves"))) > 128
    assert np.abs(shown - small)[inside].mean() < 0.5 * np.abs(other - small)[inside].mean()


def test_what_cannot_be_worn_is_refused_at_once(server, shirt, look, dots):
    body = {"garment": shirt["id"], "looks": [{"look": look["id"]}], "side": 64}
    for controls, status in (
        ({"on": {"colar": "keep"}}, 422),
        ({"on": {"collar": "white"}}, 422),
        ({"on": {"collar": "0123456789abcdef"}}, 404),
        ({"on": {"collar": dots["id"]}, "repeat": "once"}, 422),
        ({"on": {"collar": "keep"}, "mix": "panels"}, 422),
    ):
        assert server.client.post("/v1/preview", json={**body, "controls": controls}).status_code == status, controls
        job = {"kind": "restyle", "project": server.project, "garments": [shirt["id"]], "looks": body["looks"]}
        assert server.client.post("/v1/jobs", json={**job, "controls": controls}).status_code == status, controls


def test_an_exported_picture_brings_its_parts_back(server, shirt, look, dots):
    controls = {"on": {"sleeves": dots["id"], "strip": "keep"}}
    job = server.ended(server.submit(shirt, look, variants=1, controls=controls)["id"])
    data = server.client.get(f"/v1/results/{job['results'][0]}/download?format=png").content
    found = server.client.post("/v1/settings", files={"file": ("back.png", data)}).json()
    assert found["controls"]["on"] == controls["on"] and found["notes"] == []
    body = {"garment": found["garment"], "looks": found["looks"], "controls": found["controls"], "side": 64}
    assert server.client.post("/v1/preview", json=body).status_code == 200
    plain = server.ended(server.submit(shirt, look, variants=1)["id"])["results"][0]
    told = server.client.get(f"/v1/results/{job['results'][0]}/compare/{plain}").json()["controls"]
    assert {"name": "on", "first": controls["on"], "second": {}} in told


def test_a_project_takes_its_parts_along(server, shirt, look, dots, tmp_path):
    controls = {"on": {"sleeves": dots["id"], "collar": "keep"}}
    job = server.ended(server.submit(shirt, look, variants=1, controls=controls)["id"])
    (tmp_path / "project.zip").write_bytes(server.client.get(f"/v1/projects/{server.project}/export").content)
    other = Studio(tmp_path / "other", server_limits())
    with open(tmp_path / "project.zip", "rb") as file:
        project = exchange.read(other, file)
    rows = other.database.all("SELECT * FROM results WHERE project = ?", project["id"])
    on = next(
        json.loads(row["controls"])["on"]
        for row in rows
        if json.loads(row["controls"])["on"].keys() == controls["on"].keys()
    )
    assert on["collar"] == "keep" and looks.get(other, on["sleeves"])["name"] == "dots"
    picture = server.client.get(f"/v1/results/{job['results'][0]}/download?format=png").content
    assert recall.recall(other, picture)["controls"]["on"]["collar"] == "keep"
    assert projects.get(other, project["id"])["name"]


def server_limits():
    from muslin.studio.service import Limits

    return Limits()


def test_a_lookbook_shows_the_cloth_of_parts_too(server, shirt, look, dots):
    controls = {"on": {"sleeves": dots["id"], "collar": "keep"}}
    job = server.ended(server.submit(shirt, look, variants=1, controls=controls)["id"])
    body = {"kind": "deliver", "project": server.project, "results": job["results"], "format": "lookbook_html"}
    made = server.ended(server.client.post("/v1/jobs", json=body).json()["id"])
    assert made["state"] == "done", made["problem"]
    page = server.client.get(made["files"][0]["picture"]["url"]).text
    assert "sleeves in Dots" in page and "collar kept" in page
