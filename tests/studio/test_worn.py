"""A photo of somebody in a garment: what is worn is dressed, or a part of it."""

from pathlib import Path

import numpy as np

from muslin.images import read_image

PERSON = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
FACE = np.s_[60:130, 145:205]


def test_a_part_of_what_is_worn_becomes_the_mask(server, look):
    worn = server.upload("garments", PERSON.read_bytes(), "Astronaut.jpg")
    whole = server.pixels(worn["mask"]["picture"])[..., 0]
    assert whole[FACE].max() == 0 and worn["mask"]["confidence"] < 0.8
    made = server.client.post(f"/v1/garments/{worn['id']}/mask/part", json={"part": "upper"}).json()
    upper = server.pixels(made["mask"]["picture"])[..., 0]
    assert made["mask"]["kind"] == "edited" and 0.02 < (upper > 127).mean() <= (whole > 127).mean()
    assert not ((upper > 127) & (whole < 64)).any()
    job = server.ended(server.submit(made, look, variants=1)["id"])
    result = server.client.get(f"/v1/results/{job['results'][0]}").json()
    assert (server.pixels(result["picture"])[FACE] == read_image(PERSON).pixels[FACE]).all()
    again = server.client.delete(f"/v1/garments/{worn['id']}/mask").json()
    assert again["mask"]["picture"] == worn["mask"]["picture"]


def test_nobody_wears_a_part_of_a_sample(server, garment):
    answer = server.client.post(f"/v1/garments/{garment['id']}/mask/part", json={"part": "lower"})
    assert answer.status_code == 422 and "Nobody is seen to wear" in answer.json()["title"]
    assert server.client.post(f"/v1/garments/{garment['id']}/mask/part", json={"part": "left"}).status_code == 422
    assert server.client.post("/v1/garments/0000000000000000/mask/part", json={"part": "upper"}).status_code == 404
