"""Other ways to the same work: keys alone, a tablet, Chinese, colours that stay, a look that a model paints."""

import time
from pathlib import Path

import httpx
import pytest
from PIL import Image

from muslin.images import write_image
from muslin.textiles.procedural import swatch


def tab_to(page, name: str, most: int = 80) -> None:
    """Press Tab until the element of that name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.locator("*:focus")
        if at.count() and name in (at.get_attribute("aria-label"), at.inner_text().strip()):
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_without_a_mouse(page, studio) -> None:
    tab_to(page, "Begin with Coat")
    page.keyboard.press("Enter")
    tab_to(page, "Use Argyle")
    page.keyboard.press("Space")
    tab_to(page, "Angle")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    cards = page.locator("[data-result]")
    before = cards.count()  # of other tests
    tab_to(page, "Four variants")
    page.keyboard.press("Enter")
    cards.nth(before + 3).wait_for()
    first = studio.items("/v1/results")[3]
    assert first["controls"]["rotation"] == 3
    tab_to(page, first["name"])
    page.keyboard.press("s")
    page.locator('[data-result] [aria-label="Remove star"]').first.wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


@pytest.mark.parametrize("page", [{"viewport": {"width": 820, "height": 1180}, "has_touch": True}], indirect=True)
def test_on_a_tablet_held_upright_everything_is_in_reach(page) -> None:
    page.get_by_role("button", name="Skirt", exact=True).tap()
    page.get_by_role("button", name="Use Denim", exact=True).tap()
    page.locator('.viewer img[src^="blob:"]').first.wait_for()
    for room in ("Restyle", "Prints", "Train a look", "Deliver"):
        page.get_by_role("button", name=room, exact=True).tap()
        page.wait_for_timeout(100)
        wide = page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{room} is {wide} px wider than the screen"


@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}], indirect=True)
def test_on_a_telephone_everything_is_in_reach(page) -> None:
    page.get_by_role("button", name="Skirt", exact=True).tap()
    for cloth in ("Denim", "Ikat"):  # the second takes the place of the first
        page.get_by_role("button", name=f"Use {cloth}", exact=True).tap()
        page.locator('.viewer img[src^="blob:"]').first.wait_for()
        assert page.locator('.swatches [aria-pressed="true"]').count() == 1
    page.get_by_role("button", name="Edit mask").tap()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    assert canvas.bounding_box()["width"] > 250
    page.get_by_role("button", name="Done").tap()
    for room in ("Prints", "Train a look", "Deliver", "Restyle"):
        page.get_by_role("button", name=room, exact=True).tap()
        page.wait_for_timeout(100)
        wide = page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{room} is {wide} px wider than the screen"


@pytest.mark.parametrize("page", [{"locale": "zh-CN"}], indirect=True)
def test_what_comes_along_has_chinese_names(page) -> None:
    page.get_by_role("button", name="连衣裙", exact=True).click()
    page.get_by_role("button", name="使用 苏格兰格纹", exact=True).wait_for()
    assert page.locator(".menu.project summary").inner_text() == "我的项目"


def made_by(button, studio) -> dict:
    """The result that pressing the button leads to; those of other tests may be there already."""
    known = {result["id"] for result in studio.items("/v1/results")}
    button.click()
    for _ in range(300):
        if new := [result for result in studio.items("/v1/results") if result["id"] not in known]:
            return new[0]
        time.sleep(0.1)
    raise AssertionError("no result after 30 s")


def test_one_colour_changes_and_the_others_stay(page, studio, tmp_path) -> None:
    """In the preview and at full size: the picture is larger than the preview's, its colours cover nearly the same."""
    cloth = swatch("stripes", 3, 900)
    page.locator('.swatches input[type="file"]').set_input_files(write_image(tmp_path / "two.png", cloth))
    page.get_by_role("button", name="Use two", exact=True).wait_for()
    page.get_by_role("button", name="Dress", exact=True).click()
    first = page.locator(".chips input[type=color]").first
    first.wait_for()
    old = first.input_value()
    first.evaluate("""input => { Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input,
        '#00ff00'); input.dispatchEvent(new Event('input', {bubbles: true})) }""")
    result = made_by(page.get_by_role("button", name="This one, full size"), studio)
    palette = result["controls"]["palette"]
    assert palette[0] == f"{old}=#00ff00" and all(word.endswith("=keep") for word in palette[1:])
    assert f"{old}=#00ff00" in result["command"]
    name = page.get_by_role("textbox", name="Name of the cloth")
    name.fill("Deckchair")
    name.press("Enter")
    page.get_by_role("button", name="Use Deckchair", exact=True).wait_for()


def test_a_look_that_a_model_paints_is_worn_like_a_cloth(page, studio, tmp_path) -> None:
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Use Opposite", exact=True).click()
    page.locator('.viewer img[src^="blob:"]').first.wait_for()
    assert not page.get_by_role("slider", name="Angle").count(), "there is no print to turn"
    page.get_by_role("slider", name="Strength").press("Home")
    result = made_by(page.get_by_role("button", name="This one, full size"), studio)
    assert "--model opposite" in result["command"] and result["controls"]["strength"] == 0
    photo, made = (httpx.get(studio.url + url).content for url in (
        f"/v1/files/{result['settings']['source']['sha256']}", result["picture"]["url"]))  # fmt: skip
    (tmp_path / "a.png").write_bytes(photo)
    (tmp_path / "b.png").write_bytes(made)
    same = [Image.open(tmp_path / name).convert("RGB").tobytes() for name in ("a.png", "b.png")]
    assert same[0] == same[1], "strength 0 is the photo"


def test_a_placement_print_is_carried_by_hand(page, studio, tmp_path) -> None:
    """It follows the hand over the picture by as much as the hand moves; the line of before and after stays."""
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    across = page.get_by_role("slider", name="Move across")
    assert across.count() == 0  # among what is rarely wanted
    page.get_by_text("Once", exact=True).click()
    assert across.input_value() == "0"
    page.locator(".viewer.carrying").wait_for()
    picture = page.locator(".viewer .picture").bounding_box()
    garment = next(item for item in studio.items("/v1/garments") if item["name"] == "Skirt")
    left, top, right, bottom = garment["box"]
    longer = max(right - left, bottom - top) * picture["width"] / garment["photo"]["width"]
    x, y = picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * longer, y - 0.2 * longer, steps=5)
    page.mouse.up()
    page.mouse.move(x, y)  # lets go: what follows moves nothing
    assert float(across.input_value()) == pytest.approx(10, abs=1)
    assert float(page.get_by_role("slider", name="Move down").input_value()) == pytest.approx(-20, abs=1)
    with page.expect_request(lambda asked: asked.url.endswith("/v1/jobs") and asked.method == "POST") as sent:
        page.get_by_role("button", name="This one, full size").click()
    controls = sent.value.post_data_json["controls"]
    assert controls["repeat"] == "once" and controls["offset"] == pytest.approx([0.1, -0.2], abs=0.01)
    page.get_by_text("Straight", exact=True).click()
    assert page.locator(".viewer.carrying").count() == 0


def test_a_part_of_what_somebody_wears_is_one_press(page, studio) -> None:
    photo = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
    page.locator('.strip input[type="file"]').set_input_files(photo)
    page.locator(".strip").get_by_role("button", name="astronaut", exact=True).click()
    page.get_by_text("The outline is uncertain. Check the mask.").wait_for()
    page.get_by_role("button", name="Edit mask").click()
    page.locator('dialog canvas[aria-busy="false"]').wait_for()
    with page.expect_response("**/mask/part") as answer:
        page.get_by_role("button", name="Upper part").click()
    assert answer.value.json()["mask"]["kind"] == "edited"
    page.get_by_role("button", name="Done").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("The outline is uncertain. Check the mask.").wait_for(state="detached")
