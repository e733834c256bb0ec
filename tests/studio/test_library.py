"""What the studio holds: projects, garments and masks, looks and colours, results, deliveries."""

import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from muslin import Restyler
from muslin.data.truth import render
from muslin.images import encode_image, read_image, write_image
from muslin.textiles.procedural import swatch
from muslin.textiles.seamless import seam_score

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def results(server, garment, look):
    job = server.ended(server.submit(garment, look, variants=2, seed=9)["id"])
    return [server.client.get(f"/v1/results/{identity}").json() for identity in job["results"]]


def test_a_mask_is_drawn_kept_copied_and_forgotten(server, photo, rendered):
    first, second = (server.upload("garments", photo, name) for name in ("a.png", "b.png"))
    assert first["mask"]["kind"] in ("auto", "none")
    drawn = np.zeros((256, 192), np.uint8)
    drawn[100:180, 40:120] = 255
    address = f"/v1/garments/{first['id']}/mask"
    edited = server.client.put(address, content=encode_image(drawn, "PNG"), headers=PNG).json()
    assert edited["mask"]["kind"] == "edited" and edited["box"] == [40, 100, 120, 180]
    assert edited["mask"]["share"] == pytest.approx(80 * 80 / (256 * 192), abs=1e-3)
    kept = read_image(server.client.get(f"/v1/garments/{first['id']}/mask").content).pixels[..., 0]
    assert (kept == drawn).all()
    copied = server.client.post(f"/v1/garments/{first['id']}/mask/copy", json={"to": [second["id"], "0" * 16]}).json()
    assert copied["done"] == [second["id"]] and copied["failed"][0]["garment"] == "0" * 16
    assert server.client.get(f"/v1/garments/{second['id']}").json()["mask"]["picture"] == edited["mask"]["picture"]
    again = server.client.delete(f"/v1/garments/{first['id']}/mask").json()
    assert again["mask"] == first["mask"] and again["box"] == first["box"]


def test_masks_that_cannot_be_meant_are_refused(server, garment):
    address = f"/v1/garments/{garment['id']}/mask"
    for grey, problem in ((np.zeros((256, 192), np.uint8), "empty"), (np.full((99, 99), 255, np.uint8), "shape")):
        answer = server.client.put(address, content=encode_image(grey, "PNG"), headers=PNG)
        assert answer.status_code == 422 and problem in answer.json()["title"]
    assert server.client.put(address, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert server.client.get(f"/v1/garments/{garment['id']}").json()["mask"] == garment["mask"]


def test_a_transparent_photo_brings_its_mask(server, rendered):
    data = encode_image(rendered.photo, "PNG", alpha=np.round(rendered.mask * 255).astype(np.uint8))
    made = server.upload("garments", data, "cut.png")
    assert made["mask"]["kind"] == "alpha" and made["mask"]["confidence"] == 1


def test_a_mix_is_what_both_prints_give_together(server, look):
    other = server.upload("looks", encode_image(swatch("polka dots", 2, 96), "PNG"), "dots.png")
    parts = [{"look": look["id"], "weight": 3}, {"look": other["id"], "weight": 1}]
    made = server.client.post("/v1/looks/mix", json={"name": "Night", "parts": parts}).json()
    assert [part["weight"] for part in made["parts"]] == [0.75, 0.25] and made["kind"] == "mix"
    tile = server.pixels(made["picture"]).astype(float)
    sides = [np.asarray(Image.fromarray(server.pixels(one["picture"])).resize((384, 384))) for one in (look, other)]
    near, far = (np.abs(tile - side).mean() for side in sides)
    assert near < far
    assert server.client.delete(f"/v1/looks/{other['id']}").status_code == 409  # it is part of the mix
    assert server.client.delete(f"/v1/looks/{made['id']}").status_code == 204
    assert server.client.delete(f"/v1/looks/{other['id']}").status_code == 204


def test_of_a_garment_added_as_a_look_the_cloth_is_kept(server, look, tartan):
    """What is laid later is the piece; a swatch is kept byte for byte, and so is whatever is called cloth."""
    shown = next(one for seed in range(99) if (one := render(seed, 288, textile="gingham")).kind == "t-shirt")
    on_white = np.where(shown.mask[..., None] > 0, shown.photo, np.uint8(245))  # as in a catalogue
    photo = encode_image(on_white, "PNG")
    found = server.upload("looks", photo, "worn.png")
    asked = server.upload("looks", photo, "worn.png", shows="garment")
    whole = server.upload("looks", photo, "worn.png", shows="cloth")
    assert found["picture"] == asked["picture"] != whole["picture"]
    assert found["origin"] == asked["origin"] == {"cut": True, "picture": whole["picture"]["sha256"]}
    assert whole["origin"] is None
    piece = server.pixels(found["picture"])
    assert max(piece.shape[:2]) < 200 and (server.pixels(whole["picture"]) == on_white).all()
    assert server.client.get(look["picture"]["url"]).content == tartan
    answer = server.client.post("/v1/looks", files={"file": ("worn.png", photo)}, data={"shows": "everything"})
    assert answer.status_code == 422
    for one in (found, asked, whole):
        assert server.client.delete(f"/v1/looks/{one['id']}").status_code == 204


def test_a_picture_made_with_a_garment_as_its_style_finds_the_cloth_again(server, garment, photo, tmp_path):
    """Its settings name the picture; the studio has the cloth that it cut from it, and perhaps the whole as well."""
    shown = next(one for seed in range(99) if (one := render(seed, 288, textile="gingham")).kind == "t-shirt")
    worn, plain, made = tmp_path / "worn.png", tmp_path / "plain.png", tmp_path / "made.png"
    write_image(worn, np.where(shown.mask[..., None] > 0, shown.photo, np.uint8(245)))
    (tmp_path / "photo.png").write_bytes(photo)
    Restyler().restyle(tmp_path / "photo.png", worn, shows="garment").save(made)
    Restyler().restyle(tmp_path / "photo.png", worn, shows="cloth").save(plain)

    def looks(path):
        answer = server.client.post("/v1/settings", files={"file": ("x.png", path.read_bytes())}).json()
        return [entry["look"] for entry in answer["looks"]]

    assert looks(made) == looks(plain) == []
    whole = server.upload("looks", worn.read_bytes(), "worn.png", shows="cloth")
    assert looks(made) == looks(plain) == [whole["id"]]  # better than nothing
    cut = server.upload("looks", worn.read_bytes(), "worn.png", shows="garment")
    assert looks(made) == [cut["id"]] and looks(plain) == [whole["id"]]
    for one in (cut, whole):
        assert server.client.delete(f"/v1/looks/{one['id']}").status_code == 204


def test_colours_are_found_and_changed_one_by_one(server):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:], picture[:, 40:56], picture[:, 56:] = (20, 30, 80), (220, 200, 60), (200, 40, 40)
    look = server.upload("looks", encode_image(picture, "PNG"), "flag.png")
    assert look["palette"] == ["#141e50", "#dcc83c", "#c82828"]
    found = server.client.get(f"/v1/looks/{look['id']}/palette", params={"colours": 5}).json()["colours"]
    assert [colour["share"] for colour in found] == pytest.approx([0.625, 0.25, 0.125], abs=0.02)
    body = {"palette": ["keep", "#00aa55", "keep"], "name": "Green"}
    made = server.client.post(f"/v1/looks/{look['id']}/recolour", json=body).json()
    changed = server.pixels(made["picture"])
    assert (changed[:, :40] == picture[:, :40]).all()
    assert np.abs(changed[:, 41:55].astype(int) - (0, 0xAA, 0x55)).max() <= 3
    assert made["kind"] == "recoloured" and made["origin"]["look"] == look["id"]
    tile = server.client.get(f"/v1/looks/{look['id']}/tile?across=1&side=64&palette=keep,00aa55,keep&seamless=false")
    assert np.abs(read_image(tile.content).pixels[32, 48].astype(int) - (0, 0xAA, 0x55)).max() < 25


def test_a_colour_card_gives_its_colours_only(server, look):
    card = ["#101010", "#445566", "#aa3322", "#eeddcc", "#ffffff"]
    body = {"count": 4, "card": card, "colours": 3}
    offered = server.client.post(f"/v1/looks/{look['id']}/colourways", json=body).json()
    for item in offered["items"]:
        assert len(item["palette"]) == len(offered["palette"]) and set(item["palette"]) <= set(card)


@pytest.mark.parametrize("repeat, shape", [("straight", (118, 118)), ("half-drop", (118, 236)), ("mirror", (236, 236))])
def test_an_exported_tile_has_its_size_and_no_seam(server, look, repeat, shape):
    asked = {"width_cm": 2, "dpi": 150, "repeat": repeat}
    for form in ("png", "tiff"):
        answer = server.client.get(f"/v1/looks/{look['id']}/export", params={**asked, "format": form})
        assert answer.headers["content-disposition"].startswith("attachment")
        tile = read_image(answer.content)
        assert tile.pixels.shape[:2] == shape and tile.dpi == pytest.approx(150, abs=0.1)
        if repeat == "mirror":  # its rhythm turns round at the border, by intent; nothing jumps
            assert (tile.pixels[:, 0] == tile.pixels[:, -1]).all() and (tile.pixels[0] == tile.pixels[-1]).all()
        else:
            assert seam_score(tile.pixels) < 0.3
    assert Image.open(io.BytesIO(answer.content)).info["icc_profile"]
    answer = server.client.get(f"/v1/looks/{look['id']}/export", params={"width_cm": 1000, "dpi": 2400})
    assert answer.status_code == 422 and "large" in answer.json()["title"]


def test_a_file_can_be_asked_about_without_its_bytes(server, look):
    address = look["picture"]["url"]
    asked, whole = server.client.head(address), server.client.get(address)
    assert asked.status_code == 200 and asked.content == b""
    assert asked.headers["content-length"] == whole.headers["content-length"] == str(look["picture"]["bytes"])
    assert server.client.head(f"/v1/files/{'0' * 64}").status_code == 404


def test_a_star_takes_the_rejection_away(server, results):
    address = f"/v1/results/{results[0]['id']}"
    assert server.client.patch(address, json={"rejected": True}).json()["rejected"] is True
    starred = server.client.patch(address, json={"starred": True, "note": "for the cover"}).json()
    assert (starred["starred"], starred["rejected"], starred["note"]) == (True, False, "for the cover")
    listed = [item["id"] for item in server.client.get("/v1/results", params={"starred": True}).json()["items"]]
    assert results[0]["id"] in listed and results[1]["id"] not in listed
    assert server.client.patch(address, json={"starred": True, "rejected": True}).status_code == 422


def test_two_results_are_compared(server, results):
    address = f"/v1/results/{results[0]['id']}/compare/"
    found = server.client.get(address + results[1]["id"]).json()
    assert found["same"] == {"garment": True, "looks": True} and found["difference"] > 1
    assert {"scale", "offset"} <= {entry["name"] for entry in found["controls"]}
    assert server.client.get(address + results[0]["id"]).json()["difference"] == 0


def test_downloads_are_what_they_say(server, garment, results):
    address = f"/v1/results/{results[0]['id']}/download"
    made = server.pixels(results[0]["picture"])
    mask = server.pixels(garment["mask"]["picture"])[..., 0]
    tiff = Image.open(io.BytesIO(server.client.get(address, params={"format": "tiff", "ppi": 300}).content))
    assert tiff.info["dpi"] == (300, 300) and tiff.info["icc_profile"] and (np.asarray(tiff) == made).all()
    cut = read_image(server.client.get(address, params={"format": "cutout"}).content)
    assert (cut.alpha == mask).all() and (cut.pixels[mask == 255] == made[mask == 255]).all()
    bare = read_image(server.client.get(address, params={"strip_metadata": True}).content)
    assert bare.metadata == {} and (bare.pixels == made).all()
    answer = server.client.post("/v1/settings", files={"file": ("x.png", encode_image(made, "PNG"))})
    assert answer.status_code == 422 and "no settings" in answer.json()["title"]


def deliver(server, results, **more):
    body = {"kind": "deliver", "project": server.project, "results": [one["id"] for one in results], **more}
    job = server.ended(server.client.post("/v1/jobs", json=body).json()["id"])
    assert job["state"] == "done", job["problem"]
    (file,) = job["files"]
    return file["name"], server.client.get(file["picture"]["url"])


def test_a_zip_holds_the_pictures_by_the_template_and_a_manifest(server, results):
    name, answer = deliver(server, results, format="zip", title="SS 27", template="{date}_{look}_{number}/../x")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    manifest = json.loads(archive.read("manifest.json"))
    assert name == "SS-27.zip" and len(archive.namelist()) == 3
    for entry, result in zip(manifest["results"], results, strict=True):
        assert "/" not in entry["file"] and ".." not in entry["file"] and "red-tartan" in entry["file"]
        assert archive.read(entry["file"]) == server.client.get(result["picture"]["url"]).content
        assert entry["settings"]["seed"] == result["seed"]


def test_a_delivery_without_settings_has_none_in_its_manifest(server, results):
    server.client.patch(f"/v1/results/{results[0]['id']}", json={"note": "for the cover"}).raise_for_status()
    _, answer = deliver(server, results, format="zip", strip_metadata=True)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    manifest = json.loads(archive.read("manifest.json"))
    assert set(manifest) == {"format", "title", "project", "results"}
    assert all(set(entry) == {"file", "garment", "look"} for entry in manifest["results"])
    assert [entry["file"] for entry in manifest["results"]] == archive.namelist()[:-1]


def test_file_names_that_nothing_fills_are_refused(server, results):
    body = {"kind": "deliver", "project": server.project, "results": [results[0]["id"]], "format": "zip"}
    answer = server.client.post("/v1/jobs", json={**body, "template": "{garment}_{nope}"})
    assert (
        answer.status_code == 422
        and "{nope}" in answer.json()["received"]
        and "{look}" in str(answer.json()["possible"])
    )


def test_what_was_deleted_keeps_its_name_in_a_delivery(server, results, photo, look):
    lost = server.upload("garments", photo, "lost coat.png")
    made = server.ended(server.submit(lost, look, variants=1)["id"])["results"]
    server.client.delete(f"/v1/garments/{lost['id']}").raise_for_status()
    _, answer = deliver(server, [{"id": identity} for identity in made], format="zip")
    (entry,) = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("manifest.json"))["results"]
    assert entry["garment"] == "Lost coat" and entry["look"] == look["name"]


def test_sheet_and_lookbooks(server, results):
    name, sheet = deliver(server, results, format="contact_sheet", title="SS27")
    assert read_image(sheet.content).pixels.shape[1] == 2400 and name == "SS27.contact-sheet.png"
    _, page = deliver(server, results, format="lookbook_html")
    assert page.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.text.count("<figure") == 2
    widths = [f"print {result['print_cm']:.1f}".removesuffix(".0") + " cm" for result in results]
    assert (
        all(width in page.text for width in widths) and "scale" not in page.text.split("<main>")[1].split("</main>")[0]
    )
    assert not re.search(r"""(src|href)=["']https?:|url\(["']?https?:|@import""", page.text)
    _, pdf = deliver(server, results, format="lookbook_pdf")
    assert pdf.content.startswith(b"%PDF") and pdf.content.count(b"/Type /Page\n") == 2
    _, cut = deliver(server, results, format="cutouts")
    first = zipfile.ZipFile(io.BytesIO(cut.content)).infolist()[0]
    assert first.filename.endswith(".cutout.png")


def test_a_project_travels_as_one_file(server, garment, look, results):
    data = server.client.get(f"/v1/projects/{server.project}/export").content
    answer = server.client.post("/v1/projects/import", files={"file": ("p.zip", data)})
    assert answer.status_code == 201, answer.text
    new = answer.json()["id"]
    try:
        assert server.project == new  # the one opened last
        copies = server.client.get("/v1/results", params={"project": new}).json()["items"]
        by_picture = {copy["picture"]["sha256"]: copy for copy in copies}
        for result in results:
            copy = by_picture[result["picture"]["sha256"]]
            assert copy["id"] != result["id"] and copy["controls"] == result["controls"]
            own = server.client.get(f"/v1/garments/{copy['garment']}").json()
            assert own["project"] == new and own["mask"] == garment["mask"] and own["length_cm"] == 100
        altered = data.replace(b'"format": 1', b'"format": 7', 1)
        assert server.client.post("/v1/projects/import", files={"file": ("p.zip", altered)}).status_code == 422
    finally:
        assert server.client.delete(f"/v1/projects/{new}").status_code == 204
    assert server.project == results[0]["project"]
    assert server.client.get("/v1/results", params={"project": new}).json()["items"] == []


def test_a_set_is_looked_through_before_training(server, tartan):
    same = [("files", (f"{index}.png", tartan)) for index in range(3)]
    made = server.client.post("/v1/sets", files=[*same, ("files", ("x.txt", b"words"))]).json()
    assert len(made["pictures"]) == 1 and made["ready"] is False
    found = {finding["kind"]: finding for finding in made["check"]}
    assert {"amount", "unreadable", "known"} <= found.keys()
    assert found["known"]["problem"] == "'1' and 1 more were in the set already."
    assert made["check"][-1] == found["known"]  # the worst first
    more = [("files", (f"{seed}.png", encode_image(swatch("tartan", seed, 160), "PNG"))) for seed in range(2, 7)]
    grown = server.client.post(f"/v1/sets/{made['id']}/pictures", files=more).json()
    assert len(grown["pictures"]) == 6 and grown["ready"] is True
    fewer = server.client.delete(f"/v1/sets/{made['id']}/pictures/{made['pictures'][0]['sha256']}").json()
    assert len(fewer["pictures"]) == 5
    assert server.client.delete(f"/v1/sets/{made['id']}").status_code == 204


def test_lists_come_in_pages(server, garment, look, results):
    first = server.client.get("/v1/results", params={"limit": 1}).json()
    second = server.client.get("/v1/results", params={"limit": 1, "cursor": first["next"]}).json()
    newer, older = first["items"][0], second["items"][0]
    assert newer["id"] != older["id"] and newer["created"] >= older["created"]


def test_a_page_that_the_own_garments_fill_is_followed_by_the_samples(server, photo):
    before = server.project
    project = server.client.post("/v1/projects", json={"name": "Full page"}).json()["id"]
    try:
        made = [server.upload("garments", photo, project=project)["id"] for _ in range(2)]
        first = server.client.get("/v1/garments", params={"project": project, "limit": 2}).json()
        assert [row["id"] for row in first["items"]] == made[::-1]
        asked = {"project": project, "limit": 2, "cursor": first["next"]}
        rest = server.client.get("/v1/garments", params=asked)
        assert rest.status_code == 200 and rest.json() == {"items": [], "next": None}, rest.text
    finally:
        server.client.delete(f"/v1/projects/{project}")
    assert server.project == before
