"""The way of a designer: photo, swatch, variants; and a command line that makes the very same."""

import io
import json
import shlex

import numpy as np
import pytest
from PIL import Image

from muslin.images import read_image
from muslin.restyle import metadata

from .conftest import until


@pytest.fixture(scope="module")
def job(server, garment, look):
    return server.ended(server.submit(garment, look, variants=4, seed=3, controls={"print_cm": 12})["id"])


@pytest.fixture(scope="module")
def results(server, job):
    return [server.client.get(f"/v1/results/{identity}").json() for identity in job["results"]]


def test_four_variants_differ_inside_the_mask_and_nowhere_else(server, garment, job, results):
    assert job["state"] == "done" and job["progress"] == 1 and len(results) == 4
    before = server.pixels(garment["photo"])
    outside = server.pixels(garment["mask"]["picture"])[..., 0] == 0
    made = [server.pixels(result["picture"]) for result in results]
    for index, image in enumerate(made):
        assert (image[outside] == before[outside]).all()
        for other in made[:index]:
            assert np.abs(image.astype(int) - other)[~outside].mean() > 4


def test_centimetres_are_those_of_the_garment(garment, results):
    # one swatch spans 12 cm of a garment of 100 cm: 12 / (0.3 * 100) of what scale 1 spans
    assert results[0]["controls"]["scale"] == pytest.approx(0.4)
    assert results[0]["print_cm"] == pytest.approx(12)
    longer = max(garment["box"][2] - garment["box"][0], garment["box"][3] - garment["box"][1])
    assert garment["cm_per_pixel"] == pytest.approx(100 / longer)


def test_the_command_makes_the_same_pictures_and_the_same_json(server, job, results, tmp_path, monkeypatch, capsys):
    from muslin.cli import run

    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(job["command"])[1:]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == job["output"].keys()
    for ours, theirs, result in zip(job["output"]["results"], document["results"], results, strict=True):
        assert ours.keys() == theirs.keys()
        assert (ours["width"], ours["height"]) == (theirs["width"], theirs["height"])
        for key in ("model", "seed", "size", "controls", "kind", "format"):
            assert ours["settings"][key] == theirs["settings"][key], key
        hashes = [[style["sha256"] for style in side["settings"]["styles"]] for side in (ours, theirs)]
        assert hashes[0] == hashes[1]
        assert (read_image(theirs["output"]).pixels == server.pixels(result["picture"])).all()


def test_each_result_has_a_command_of_its_own(server, results, tmp_path, monkeypatch, capsys):
    from muslin.cli import run

    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(results[2]["command"])[1:]) == 0
    capsys.readouterr()
    assert (read_image(results[2]["name"]).pixels == server.pixels(results[2]["picture"])).all()


def test_an_exported_picture_brings_everything_back(server, garment, look, results):
    third = results[2]
    data = server.client.get(f"/v1/results/{third['id']}/download").content
    found = server.client.post("/v1/settings", files={"file": ("x.png", data)}).json()
    assert found["garment"] == garment["id"] and found["result"] == third["id"] and found["notes"] == []
    assert found["looks"] == [{"look": look["id"], "weight": 1.0}]
    assert found["mask"] == garment["mask"]["picture"]["sha256"] == third["mask"]
    asked = {name: value for name, value in found["controls"].items() if value is not None}
    again = server.ended(server.submit(garment, look, variants=1, seed=found["seed"], controls=asked)["id"])
    made = server.client.get(f"/v1/results/{again['results'][0]}").json()
    assert (server.pixels(made["picture"]) == server.pixels(third["picture"])).all()


def test_the_picture_names_no_path_of_this_computer(server, results):
    settings = metadata.settings_from(read_image(server.client.get(results[0]["picture"]["url"]).content))
    assert settings["source"]["path"] == "linen-dress.png" and settings["styles"][0]["path"] == "red-tartan.png"
    assert str(server.data) not in json.dumps(settings)


def test_a_family_goes_on_where_it_ended_and_begins_anew_with_another_seed(server, garment, look, results):
    def controls(**more):
        made = server.ended(server.submit(garment, look, controls={"print_cm": 12}, **more)["id"])
        return [server.client.get(f"/v1/results/{identity}").json()["controls"] for identity in made["results"]]

    known = [result["controls"] for result in results]
    assert controls(variants=2, start=2, seed=3) == known[2:]
    other = controls(variants=2, seed=4)
    assert other[0] == known[0] and other[1] not in known
    coloured = controls(variants=2, start=1, seed=3, vary=["palette"])
    assert coloured[0]["palette"] != coloured[1]["palette"] and coloured[0]["scale"] == known[0]["scale"]
    own = [colour["hex"] for colour in server.client.get(f"/v1/looks/{look['id']}/palette").json()["colours"]]
    for colour in own:  # each alone, by its name, whatever its place among the colours that are measured elsewhere
        (way,) = controls(variants=1, start=1, seed=3, vary=["palette"], lock=[colour])
        new = dict(word.split("=") for word in way["palette"])
        assert list(new) == own and new.pop(colour) == "keep" and "keep" not in new.values()
    changed = {"palette": [f"{own[0]}=#123456", *(f"{one}=keep" for one in own[1:])], "print_cm": 12}
    made = server.ended(
        server.submit(garment, look, variants=1, start=1, vary=["palette"], lock=own[:1], controls=changed)["id"]
    )
    (only,) = made["results"]
    assert f"{own[0]}=#123456" in server.client.get(f"/v1/results/{only}").json()["controls"]["palette"]


def test_a_preview_shows_what_the_full_size_will(server, garment, look):
    job = server.ended(server.submit(garment, look, variants=1, controls={"print_cm": 30})["id"])
    made = server.client.get(f"/v1/results/{job['results'][0]}").json()
    full = Image.fromarray(server.pixels(made["picture"])).resize((96, 128), Image.Resampling.BOX)

    def difference(**controls):
        controls = {"print_cm": 30, **controls}
        body = {"garment": garment["id"], "looks": [{"look": look["id"]}], "controls": controls, "side": 128}
        answer = server.client.post("/v1/preview", json=body)
        assert answer.headers["content-type"] == "image/jpeg" and "render" in answer.headers["server-timing"]
        preview = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
        assert preview.shape == (128, 96, 3)
        return np.abs(preview - np.asarray(full)).mean()

    assert difference() < 0.5 * min(difference(offset=[0.5, 0.5]), difference(rotation=45), difference(print_cm=40))


def test_a_batch_has_exactly_the_settings_of_the_card(server, garment, look, photo):
    other = server.upload("garments", photo, "second.png", length_cm=50)
    controls = {"rotation": 30, "repeat": "half-drop", "strength": 0.9}
    body = {"garments": [garment["id"], other["id"]], "variants": 1, "controls": controls}
    made = server.ended(server.submit(garment, look, **body)["id"])
    shown = [server.client.get(f"/v1/results/{identity}").json() for identity in made["results"]]
    assert [result["garment"] for result in shown] == [garment["id"], other["id"]]
    for name in ("scale", "rotation", "repeat", "strength", "shading", "palette", "offset"):
        assert shown[0]["controls"][name] == shown[1]["controls"][name]
    assert made["command"].count("\n") == 1


def test_five_colourways_at_once(server, garment, look):
    offered = server.client.post(f"/v1/looks/{look['id']}/colourways", json={"count": 5, "lock": [look["palette"][0]]})
    items = offered.json()["items"]
    assert len({json.dumps(item["palette"]) for item in items}) == 5
    assert all(item["palette"][0] == "keep" and "keep" not in item["palette"][1:] for item in items)
    body = {"kind": "colourways", "project": server.project, "garment": garment["id"], "looks": [{"look": look["id"]}],
            "palettes": [item["palette"] for item in items]}  # fmt: skip
    made = server.ended(server.client.post("/v1/jobs", json=body).json()["id"])
    pictures = [server.client.get(f"/v1/results/{one}").json()["picture"]["sha256"] for one in made["results"]]
    assert len(set(pictures)) == 5


def test_a_page_that_asks_since_a_revision_hears_of_a_job_that_ended_meanwhile(server, garment, look):
    revision = server.client.get("/v1/info").json()["revision"]
    job = server.ended(server.submit(garment, look, variants=1)["id"])
    told = []
    with server.client.stream("GET", f"/v1/events?since={revision}", timeout=30) as stream:
        for line in stream.iter_lines():
            told += [json.loads(line[6:])] if line.startswith("data: ") else []
            if told and told[-1]["id"] == job["id"]:
                break
    assert told[-1]["state"] == "done" and job["results"][0] in {item["id"] for item in told}
    assert all(item["revision"] > revision for item in told)
    assert server.client.get("/v1/events?since=-1").status_code == 422


def test_events_tell_the_story_of_a_job_in_order(server, garment, look):
    job = server.submit(garment, look, variants=2)
    told = []
    with server.client.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():  # ends by itself with the job
            if line.startswith("event: "):
                told.append(line[7:])
            elif line.startswith("data: "):
                last = json.loads(line[6:])
    assert told.count("result") >= 2 and told[-1] == "job" and last["state"] == "done"
    # who comes back hears only what is new to him
    headers = {"Last-Event-ID": str(last["revision"])}
    with server.client.stream("GET", "/v1/events", headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        server.client.patch(f"/v1/results/{last['results'][0]}", json={"starred": True})
        event = until(lambda: next(lines))
        while not event.startswith("event:"):
            event = next(lines)
        assert event == "event: result"
        assert json.loads(next(lines)[6:])["starred"] is True
