"""What a designer must not lose or guess: variants that say what they are, pictures that wait, refused files."""

import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from muslin.data.truth import render
from muslin.images import read_image, write_image
from muslin.textiles.procedural import swatch


def shown_in(page, room: str) -> None:
    page.get_by_role("button", name=room, exact=True).click()


def captions(page) -> list[str]:
    return page.locator(".card .caption").all_inner_texts()


def test_four_variants_of_a_painted_look_differ_and_say_how(page, studio, tmp_path) -> None:
    """The network takes no noise, so they are strengths; the command of each makes that very picture."""
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Opposite", exact=True).click()
    page.locator('.viewer img[src^="blob:"]').first.wait_for()
    assert not page.get_by_text("Vary colours too").count()
    page.get_by_role("button", name="Four variants").click()
    page.locator('.caption[title="Strength 25 %"]').wait_for()
    assert captions(page)[:4] == ["Strength 100 %", "Strength 75 %", "Strength 50 %", "Strength 25 %"]
    made = studio.items("/v1/results")[:4]
    assert len({result["picture"]["sha256"] for result in made}) == 4
    for number, result in enumerate(made):
        words = shlex.split(result["command"])
        words[words.index("--output") + 1] = str(tmp_path / f"{number}.png")
        subprocess.run([sys.executable, "-m", "muslin.cli", *words[1:]], check=True, capture_output=True)
        kept = read_image(httpx.get(studio.url + result["picture"]["url"]).content).pixels
        np.testing.assert_array_equal(read_image(tmp_path / f"{number}.png").pixels, kept)
    page.get_by_role("combobox", name="Language").select_option("zh")
    page.locator('.caption[title="强度 25 %"]').wait_for()


def test_two_variants_are_compared_in_a_designers_words(page, studio) -> None:
    page.get_by_role("button", name="Coat", exact=True).click()
    page.get_by_role("button", name="Use Shibori", exact=True).click()
    page.get_by_role("spinbutton", name="Width of one repeat").fill("14")
    page.get_by_role("button", name="This one, full size").click()
    page.locator('.caption[title="14 cm"]').wait_for()
    page.get_by_role("spinbutton", name="Angle").fill("30")
    page.get_by_role("button", name="This one, full size").click()
    page.locator('.caption[title="14 cm · 30°"]').wait_for()
    for card in ("14 cm", "14 cm · 30°"):
        page.locator(".card").filter(has=page.locator(f'.caption[title="{card}"]')).first.get_by_role(
            "button", name="Compare"
        ).click()
    page.locator(".said").filter(has_text="Angle: 0° → 30°").wait_for()
    assert page.locator("figcaption").all_inner_texts() == ["Shibori · 14 cm", "Shibori · 14 cm · 30°"]


@pytest.fixture
def prints(tmp_path) -> list[str]:
    return [str(write_image(tmp_path / f"print {n}.png", swatch("tartan", n, 128))) for n in range(6)]


def test_pictures_that_wait_for_their_training_are_kept(page, studio, prints) -> None:
    """A reload, a restart of the studio, another set begun: none makes the designer drop them again."""
    shown_in(page, "Train a look")
    page.locator('.train input[type="file"]').set_input_files(prints)
    pictures = page.locator(".train .swatches li")
    pictures.nth(5).wait_for()
    name = page.get_by_role("textbox", name="Name of the look")
    name.fill("高地")
    page.get_by_text("Small letters of the Latin alphabet").wait_for()
    assert page.get_by_role("button", name="Train", exact=True).is_disabled()
    name.fill("Old Highlands")
    page.reload()
    pictures.nth(5).wait_for()
    assert name.input_value() == "old-highlands"
    studio.stop()
    studio.start()
    page.reload()
    pictures.nth(5).wait_for()
    assert page.get_by_role("button", name="Train", exact=True).is_enabled()
    page.get_by_role("button", name="New set").click()
    pictures.first.wait_for(state="detached")
    page.get_by_role("button", name="Take up the set of 6 pictures").click()
    pictures.nth(5).wait_for()


def test_a_file_that_is_no_picture_is_named(page, tmp_path) -> None:
    (tmp_path / "order form.jpg").write_bytes(b"no picture")
    page.locator('.strip input[type="file"]').set_input_files(tmp_path / "order form.jpg")
    words = page.locator(".notice.problem").inner_text()
    assert "order form.jpg" in words and "JPEG, PNG, WebP, TIFF" in words


def test_of_a_close_up_the_cloth_is_cut_and_the_whole_can_be_had(page, studio) -> None:
    picture = Path(__file__).parent.parent / "pictures" / "jeans.jpg"
    have = {look["id"] for look in studio.items("/v1/looks")}
    page.locator('.swatches input[type="file"]').set_input_files(picture)
    page.get_by_text("Its cloth was cut out").wait_for()
    cut = next(look for look in studio.items("/v1/looks") if look["id"] not in have)
    assert cut["picture"]["height"] < 120
    width = page.get_by_role("spinbutton", name="Width of one repeat")
    assert float(width.input_value()) == pytest.approx(cut["repeat_cm"], abs=0.5) and cut["repeat_cm"] < 15
    page.get_by_role("button", name="Use the whole picture").click()
    page.get_by_text("Its cloth was cut out").wait_for(state="detached")
    page.locator(f'[src*="{cut["picture"]["thumbnail"]}"]').first.wait_for(state="detached")
    (whole,) = (look for look in studio.items("/v1/looks") if look["id"] not in have)
    assert whole["picture"]["height"] == 166 and whole["origin"] is None
    assert float(width.input_value()) > 15  # the usual width again
    assert page.get_by_role("button", name=f"Use {whole['name']}", exact=True).get_attribute("aria-pressed") == "true"


def test_a_picture_taken_for_cloth_can_be_called_a_garment(page, studio, tmp_path) -> None:
    """What was not seen to be one is one if the designer says so; where none can be found nothing is lost."""
    garment = next(item for item in studio.items("/v1/garments") if item["sample"])
    photo = httpx.get(studio.url + garment["photo"]["url"]).content
    made = httpx.post(f"{studio.url}/v1/looks", files={"file": ("worn.png", photo)}, data={"shows": "cloth"})
    whole = made.raise_for_status().json()
    assert whole["origin"] is None
    page.reload()
    page.get_by_role("button", name=f"Use {whole['name']}", exact=True).click()
    page.get_by_role("button", name="It shows a garment").click()
    page.get_by_role("button", name="It shows a garment").wait_for(state="detached")  # the cloth is chosen now
    cut = studio.items("/v1/looks")[0]
    assert cut["origin"]["picture"] == whole["picture"]["sha256"] and cut["name"] == f"{whole['name']}, its cloth"
    assert cut["picture"]["width"] < whole["picture"]["width"] and cut["picture"]["height"] < whole["picture"]["height"]

    nothing = tmp_path / "nothing.png"
    write_image(nothing, np.full((64, 64, 3), 200, np.uint8))
    httpx.post(f"{studio.url}/v1/looks", files={"file": ("nothing.png", nothing.read_bytes())}).raise_for_status()
    page.reload()
    page.get_by_role("button", name="Use nothing", exact=True).click()
    page.get_by_role("button", name="It shows a garment").click()
    assert "garment" in page.locator(".notice.problem").inner_text()
    assert page.get_by_role("button", name="Use nothing", exact=True).get_attribute("aria-pressed") == "true"


def test_strokes_are_not_thrown_away_by_a_slip(page) -> None:
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Edit mask").click()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    canvas.click()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Close").click()
    assert asked == ["Close without keeping what you painted?"] and canvas.count() == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    canvas.wait_for(state="detached")


def test_a_batch_says_how_far_it_is_and_how_it_went(page, studio) -> None:
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    shown_in(page, "Deliver")
    page.get_by_role("checkbox", name="All garments").check()
    count = len(studio.items(f"/v1/garments?project={httpx.get(studio.url + '/v1/info').json()['project']}"))
    page.get_by_role("button", name=f"Restyle {count} garments").click()
    page.get_by_text(f"{count} of {count} garments restyled").wait_for()
    made = studio.items("/v1/results")[:count]
    assert len({(result["print_cm"], result["controls"]["rotation"]) for result in made}) == 1
    page.locator(f'.wall img[src^="{made[0]["picture"]["thumbnail"]}"]').wait_for()


def test_a_garment_whose_photo_is_damaged_stops_no_batch(page, studio, tmp_path) -> None:
    photo = write_image(tmp_path / "Wet jumper.png", render(8, (200, 240), plain=True).photo)
    page.locator('.strip input[type="file"]').set_input_files(photo)
    page.locator(".strip").get_by_role("button", name="Wet jumper", exact=True).wait_for()
    jumper = next(item for item in studio.items("/v1/garments") if item["name"] == "Wet jumper")
    kept = next((studio.folder / "data").rglob(f"{jumper['photo']['sha256']}*.png"))
    kept.write_bytes(kept.read_bytes()[:500])
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    shown_in(page, "Deliver")
    for garment in ("Wet jumper", "Bag", "Skirt"):
        page.locator(".pick").get_by_role("checkbox", name=garment, exact=True).check()
    page.get_by_role("button", name="Restyle 3 garments").click()
    page.get_by_text("2 of 3 garments restyled").wait_for()
    assert page.locator(".findings .warn").inner_text() == "Wet-jumper.png: The image is damaged or incomplete."
    httpx.delete(f"{studio.url}/v1/garments/{jumper['id']}").raise_for_status()


def test_a_folder_of_photos_is_dropped(page, studio, tmp_path) -> None:
    folder = tmp_path / "spring"
    (folder / "coats").mkdir(parents=True)
    for name in ("b.png", "a.png", "coats/c.png"):
        Image.effect_noise((160, 200), 60).convert("RGB").save(folder / name)
    (folder / "notes.txt").write_text("not for the studio")
    devtools = page.context.new_cdp_session(page)
    place = {"x": 60, "y": 500, "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1}}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **place})
    for name in "abc":
        page.locator(".strip li").filter(has_text=name).first.wait_for()
        page.locator(".strip").get_by_role("button", name=name, exact=True).wait_for()
    assert not page.locator(".notice").count()
