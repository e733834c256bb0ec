"""Cloth by part on the page: chips, the picture that follows them, and what stays after a reload."""

import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image


def choose(page, garment: str, cloth: str) -> None:
    page.get_by_role("button", name=garment, exact=True).click()
    page.get_by_role("button", name=f"Use {cloth}", exact=True).click()


def pixels(data) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGBA")).astype(int)


def chip(page, name: str, worn: str = "As the rest"):
    return page.get_by_role("button", name=f"{name}: {worn}", exact=True)


def lay_open(page) -> None:
    if not page.locator(".by-part").evaluate("details => details.open"):
        page.locator(".by-part summary").click()
    page.locator(".pieces").first.wait_for()


SEEN = """async image => {
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
    canvas.drawImage(image, 0, 0);
    return [image.naturalHeight, Array.from(canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data)];
}"""


def preview(page, act) -> tuple[dict, np.ndarray]:
    """What the preview is asked by what `act` does, and what the page shows then."""
    live = page.locator('.viewer img[src^="blob:"]')
    before = live.first.get_attribute("src") if live.count() else ""
    with page.expect_request(lambda sent: sent.url.endswith("/v1/preview")) as asked:
        act()
    page.locator(f'.viewer img[src^="blob:"]:not([src="{before}"])').first.wait_for()
    height, seen = live.first.evaluate(SEEN)
    return json.loads(asked.value.post_data)["controls"], np.array(seen).reshape(height, -1, 4)[..., :3]


def shirt_part(studio, name: str, side: int) -> np.ndarray:
    shirt = next(item for item in studio.items("/v1/garments") if item["name"] == "Shirt")
    return pixels(httpx.get(f"{studio.url}/v1/garments/{shirt['id']}/parts/{name}?side={side}").content)[..., 3]


def test_a_cloth_for_the_collar_is_seen_on_the_collar_and_stays(page, studio) -> None:
    _, plain = preview(page, lambda: choose(page, "Shirt", "Denim"))
    lay_open(page)
    chip(page, "Collar").hover()
    page.locator(".part-veil").wait_for()
    chip(page, "Collar").click()
    page.locator(".part-line").wait_for()
    _, made = preview(page, lambda: page.get_by_role("button", name="Use Leopard: Collar", exact=True).click())
    collar = shirt_part(studio, "collar", 384)
    apart = np.abs(made - plain).max(-1)
    assert np.median(apart[collar > 200]) > 20 and np.mean(apart[collar == 0] > 20) < 0.01

    chip(page, "Sleeves").click()
    preview(page, lambda: page.get_by_role("button", name="As in the photo", exact=True).click())
    chip(page, "Left sleeve", "As the sleeves").wait_for()
    page.get_by_role("button", name="Whole garment").click()
    page.get_by_role("button", name="This one, full size").click()
    page.locator("[data-result]").wait_for()
    result = studio.items("/v1/results")[0]
    looks = {look["name"]: look["id"] for look in studio.items("/v1/looks")}
    assert result["controls"]["on"] == {"collar": looks["Leopard"], "sleeves": "keep"}
    page.get_by_text("· Collar, Sleeves").wait_for()
    photo = next(item for item in studio.items("/v1/garments") if item["name"] == "Shirt")["photo"]
    same = (
        pixels(httpx.get(studio.url + result["picture"]["url"]).content)
        == pixels(httpx.get(studio.url + photo["url"]).content)
    ).all(-1)
    sleeves, body = (shirt_part(studio, name, 960) for name in ("sleeves", "left-front"))
    assert same[sleeves > 200].mean() > 0.9 and same[body > 200].mean() < 0.1

    page.reload()
    page.locator(".desk").wait_for()
    chip(page, "Collar", "Leopard").wait_for()
    page.locator("[data-result]").get_by_role("button").first.click()
    page.get_by_role("button", name="All alike").click()
    chip(page, "Collar").wait_for()
    page.locator("[data-result]").get_by_role("button").first.click()
    page.get_by_role("button", name="Take these settings").click()
    chip(page, "Sleeves", "As in the photo").wait_for()


def test_one_part_of_a_garment_without_cloth_leaves_the_rest_as_it_is(page, studio) -> None:
    page.get_by_role("button", name="Coat", exact=True).click()
    lay_open(page)
    chip(page, "Collar").focus()
    page.keyboard.press("Enter")
    preview(page, lambda: page.get_by_role("button", name="Use Tartan: Collar", exact=True).press("Enter"))
    chip(page, "Body", "As in the photo").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Cloth", exact=True).wait_for()
    preview(page, lambda: page.get_by_role("button", name="Use Denim", exact=True).click())
    chip(page, "Collar", "Tartan").wait_for()
    chip(page, "Body").wait_for()


def test_what_leaves_no_room_for_parts_says_so_and_asks_for_none(page) -> None:
    preview(page, lambda: choose(page, "Shirt", "Denim"))
    lay_open(page)
    chip(page, "Collar").click()
    asked, _ = preview(page, lambda: page.get_by_role("button", name="As in the photo", exact=True).click())
    assert asked["on"] == {"collar": "keep"}
    asked, _ = preview(page, lambda: page.get_by_role("radio", name="Once").check(force=True))
    assert asked["on"] == {} and page.locator(".pieces").count() == 0
    page.get_by_text("Parts are dressed again when it repeats").first.wait_for()
    asked, _ = preview(page, lambda: page.get_by_role("radio", name="Straight").check(force=True))
    assert asked["on"] == {"collar": "keep"}
    page.get_by_role("button", name="Skirt", exact=True).click()
    chip(page, "Collar", "As in the photo (Not seen on this garment)").wait_for()
    page.get_by_role("button", name="Add Tartan to the mix").click()
    page.get_by_role("radio", name="One for each panel").check(force=True)
    page.get_by_role("button", name="Choose part by part").click()
    chip(page, "Collar", "As in the photo (Not seen on this garment)").wait_for()
    chip(page, "Band", "Tartan").wait_for()


@pytest.mark.parametrize("page", [{"locale": "zh-CN", "viewport": {"width": 390, "height": 844}}], indirect=True)
def test_parts_on_a_narrow_page_in_chinese(page) -> None:
    page.get_by_role("button", name="衬衫", exact=True).click()
    page.get_by_role("button", name="使用 波点", exact=True).click()
    lay_open(page)
    page.get_by_role("button", name="领子：与其余相同").click()
    preview(page, lambda: page.get_by_role("button", name="领子使用 豹纹", exact=True).click())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator(".by-part").inner_text().isascii()
