"""The studio's page in a real browser: what a designer does, from the first three clicks to the lookbook."""

import io
import os
import signal
from contextlib import suppress

import httpx
import numpy as np
import pytest
from PIL import Image

from muslin.data.truth import render
from muslin.images import write_image


def choose(page, garment: str = "Dress", cloth: str = "Tartan") -> None:
    page.get_by_role("button", name=garment, exact=True).click()
    page.get_by_role("button", name=f"Use {cloth}", exact=True).click()


def cards(page):
    return page.locator("[data-result]")


def pixels(answer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))


def make(page, name: str = "This one, full size") -> None:
    before = cards(page).count()
    page.get_by_role("button", name=name).click()
    cards(page).nth(before + (3 if name == "Four variants" else 0)).wait_for()


def test_three_clicks_give_four_variants(page, studio) -> None:
    choose(page)  # two
    page.get_by_role("button", name="Four variants").click()  # three
    cards(page).nth(3).wait_for()
    results = studio.items("/v1/results")[::-1]  # newest first; the board begins with what was asked for
    assert len(results) == 4 and len({result["picture"]["sha256"] for result in results}) == 4
    cards(page).first.get_by_role("button").first.click()
    picture = page.locator(".viewer img").first
    page.locator(f'.viewer img[src="{results[0]["picture"]["url"]}"]').wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == results[0]["picture"]["width"]


def test_a_moving_tool_shows_at_once_what_it_does(page) -> None:
    choose(page, "Skirt", "Houndstooth")
    page.locator('.viewer img[src^="blob:"]').first.wait_for()
    before = page.locator(".viewer img").first.get_attribute("src")
    page.get_by_role("slider", name="Angle").press("End")
    page.wait_for_timeout(100)
    page.locator(f'.viewer img[src^="blob:"]:not([src="{before}"])').first.wait_for()


def test_keys_star_reject_and_compare(page, studio) -> None:
    choose(page, "Coat", "Paisley")
    make(page)
    make(page)
    first = cards(page).first
    first.get_by_role("button").first.focus()
    page.keyboard.press("s")
    page.locator('[data-result] [aria-label="Remove star"]').first.wait_for()
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    page.locator(".pair figure").nth(1).wait_for()
    page.get_by_role("button", name="Back").click()
    shown = cards(page).count()
    cards(page).nth(1).get_by_role("button").first.focus()
    page.keyboard.press("x")
    page.wait_for_timeout(50)
    page.locator("[data-result]").nth(shown - 1).wait_for(state="detached")
    assert sorted((item["starred"], item["rejected"]) for item in studio.items("/v1/results")[:2]) == [
        (False, True),
        (True, False),
    ]


def test_a_photo_is_dropped_masked_by_hand_and_undone(page, studio, tmp_path) -> None:
    photo = write_image(tmp_path / "My shirt.jpg", render(5, (640, 480), plain=True).photo)
    page.locator('.strip input[type="file"]').set_input_files(photo)
    page.get_by_role("button", name="My shirt", exact=False).first.wait_for()
    page.get_by_role("button", name="Edit mask").click()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    before = next(item for item in studio.items("/v1/garments") if item["name"].startswith("My shirt"))
    box = canvas.bounding_box()
    page.get_by_role("slider", name="Size").press("End")
    for stroke in range(2):
        y = box["y"] + box["height"] * (0.05 + 0.9 * stroke)
        page.mouse.move(box["x"] + 0.1 * box["width"], y)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.9 * box["width"], y, steps=5)
        page.mouse.up()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Redo").wait_for()
    page.get_by_role("button", name="Done").click()
    page.locator("dialog").wait_for(state="detached")
    after = httpx.get(f"{studio.url}/v1/garments/{before['id']}").json()
    assert after["mask"]["kind"] == "edited" and after["mask"]["share"] > before["mask"]["share"] + 0.03
    mask = pixels(httpx.get(f"{studio.url}/v1/garments/{before['id']}/mask"))
    found = pixels(httpx.get(studio.url + before["mask"]["picture"]["url"]))
    assert (mask[10, 100:-100] == 255).all(), "the stroke that was kept"
    assert np.abs(mask[-100:].astype(int) - found[-100:]).max() <= 2, "the stroke that was taken back"


def test_a_reload_in_the_middle_of_a_job_loses_nothing(page, studio) -> None:
    choose(page, "Bag", "Ikat")
    worker = int((studio.folder / "data" / "worker-work.lock").read_text())
    os.kill(worker, signal.SIGSTOP)  # or it may have made all four before anybody looks
    try:
        page.get_by_role("button", name="Four variants").click()
        page.locator(".card.waiting").wait_for()
        page.reload()
        page.locator(".desk").wait_for()
        page.locator(".card.waiting").wait_for()
    finally:
        os.kill(worker, signal.SIGCONT)
    cards(page).nth(3).wait_for()
    assert page.get_by_role("button", name="Bag", exact=True).get_attribute("aria-pressed") == "true"


def test_cancel_stops_the_work(page, studio) -> None:
    choose(page, "Dress", "Leopard")
    worker = int((studio.folder / "data" / "worker-work.lock").read_text())
    os.kill(worker, signal.SIGSTOP)  # or it may have made all four before the click
    try:
        page.get_by_role("button", name="Four variants").click()
        page.locator(".card.waiting").get_by_role("button", name="Cancel").click()
        page.locator(".card.waiting").wait_for(state="detached")
    finally:
        with suppress(ProcessLookupError):  # it was ended, as the work that it had in hand
            os.kill(worker, signal.SIGCONT)
    assert studio.items("/v1/jobs")[0]["state"] == "cancelled"


def test_a_saved_picture_brings_its_settings_back(page, studio, tmp_path) -> None:
    choose(page, "Shirt", "Floral")
    page.get_by_role("spinbutton", name="Angle").fill("37")
    page.get_by_text("Half-drop", exact=True).first.click()
    make(page)
    result = studio.items("/v1/results")[0]
    saved = tmp_path / "saved.png"
    saved.write_bytes(httpx.get(f"{studio.url}/v1/results/{result['id']}/download?format=png").content)
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_role("spinbutton", name="Angle").input_value() == "0"
    page.locator('.strip input[type="file"]').set_input_files(saved)
    page.get_by_text("All settings of this picture are back.").wait_for()
    assert page.get_by_role("spinbutton", name="Angle").input_value() == "37"
    assert page.get_by_role("radio", name="Half-drop").first.is_checked()
    assert page.get_by_role("button", name="Shirt", exact=True).get_attribute("aria-pressed") == "true"


def test_the_language_is_remembered(page) -> None:
    page.get_by_role("combobox", name="Language").select_option("zh")
    page.get_by_role("button", name="换面料").wait_for()
    page.reload()
    page.get_by_role("button", name="换面料").wait_for()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_a_restart_of_the_studio_keeps_everything(page, studio) -> None:
    choose(page, "Skirt", "Polka dots")
    make(page)
    count = cards(page).count()
    studio.stop()
    studio.start()
    page.reload()
    page.locator(".desk").wait_for()
    cards(page).nth(count - 1).wait_for()
    make(page)  # and it goes on working


def test_delivery_of_what_is_starred(page, studio) -> None:
    choose(page, "Dress", "Terrazzo")
    make(page)
    cards(page).first.get_by_role("button", name="Star").click()
    page.get_by_role("button", name="Deliver").click()
    page.get_by_text("Contact sheet", exact=True).click()
    page.get_by_role("button", name="Make", exact=True).click()
    link = page.locator(".files a").first
    link.wait_for()
    sheet = httpx.get(f"{studio.url}{link.get_attribute('href')}")
    assert Image.open(io.BytesIO(sheet.content)).size[0] > 300


ROOMS = ("Restyle", "Prints", "Train a look", "Deliver")


@pytest.mark.parametrize("page", [{"color_scheme": scheme, "bypass_csp": True} for scheme in ("light", "dark")],
                         indirect=True, ids=("light", "dark"))  # fmt: skip
def test_nobody_is_kept_out(page) -> None:
    """axe (WCAG 2 A and AA) finds nothing serious in any room; its script needs the policy out of its way."""
    from axe_playwright_python.sync_playwright import Axe

    choose(page)
    page.get_by_text("Parts", exact=True).click()
    page.locator(".pieces").wait_for()
    found = []
    for room in ROOMS:
        page.get_by_role("button", name=room, exact=True).click()
        page.wait_for_timeout(300)
        violations = Axe().run(page).response["violations"]
        found += [(room, item["id"], [node["html"][:120] for node in item["nodes"]][:2])
                  for item in violations if item["impact"] in ("serious", "critical")]  # fmt: skip
    assert not found, found
