"""A placement print in the studio: kept with what is transparent in it, shown before it is made, made once."""

import io
import json
import shlex

import numpy as np
from PIL import Image

from muslin.images import read_image


def logo(side: int) -> bytes:
    """A blue ring on transparent white."""
    y, x = np.mgrid[:side, :side] / (side - 1) - 0.5
    ring = np.abs(np.hypot(x, y) - 0.3) < 0.1
    picture = np.full((side, side, 4), 255, np.uint8)
    picture[ring, :3] = (20, 40, 200)
    picture[..., 3] = np.where(ring, 255, 0)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def test_a_placement_print_lies_once_on_the_garments_own_cloth(server, garment, tmp_path, monkeypatch, capsys):
    from muslin.cli import run

    look = server.upload("looks", logo(1700), "Ring.png")  # larger than what is kept
    assert look["palette"] == ["#1428c8"]  # its ink: neither the paper under it nor the half-tones of its outline
    controls = {"repeat": "once", "print_cm": 40, "offset": [0.02, 0.1]}
    job = server.ended(server.submit(garment, look, variants=1, controls=controls)["id"])
    result = server.client.get(f"/v1/results/{job['results'][0]}").json()
    made, before = server.pixels(result["picture"]).astype(int), server.pixels(garment["photo"])
    share = (made != before).any(-1).mean()
    assert 0.005 < share < 0.2  # the ring alone: the square around it would be a white patch
    blue = (made[..., 2] - made[..., 0] > 60) & (made != before).any(-1)
    assert blue.sum() > 0.5 * (made != before).any(-1).sum()

    body = {"garment": garment["id"], "looks": [{"look": look["id"]}], "controls": controls, "side": 128}
    preview = Image.open(io.BytesIO(server.client.post("/v1/preview", json=body).content)).convert("RGB")
    small = Image.fromarray(made.astype(np.uint8)).resize(preview.size, Image.Resampling.BOX)
    elsewhere = {**body, "controls": {**controls, "offset": [0.02, -0.1]}}
    moved = Image.open(io.BytesIO(server.client.post("/v1/preview", json=elsewhere).content)).convert("RGB")
    near, far = (np.abs(np.asarray(one).astype(int) - np.asarray(small)).mean() for one in (preview, moved))
    assert near < 0.5 * far

    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(job["command"])[1:]) == 0
    (again,) = json.loads(capsys.readouterr().out)["results"]
    assert (read_image(again["output"]).pixels == made).all()


def test_two_pictures_cannot_be_one_placement_print(server, garment, look):
    other = server.upload("looks", logo(200), "Small ring.png")
    body = {"garment": garment["id"], "looks": [{"look": look["id"]}, {"look": other["id"]}],
            "controls": {"repeat": "once"}, "side": 128}  # fmt: skip
    answer = server.client.post("/v1/preview", json=body)
    assert answer.status_code == 422 and "one picture" in answer.json()["title"]
