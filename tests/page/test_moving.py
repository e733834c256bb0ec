"""Wherever one goes on the page, by keys, rooms, tabs and on narrow screens, nothing is lost on the way."""

import httpx
import pytest
from PIL import Image

from muslin.images import write_image
from muslin.textiles.procedural import swatch
from tests.page.test_slips import focused, restyled, upload


@pytest.mark.parametrize(
    "page", [{"viewport": size} for size in ({"width": 820, "height": 700}, {"width": 720, "height": 450})],
    indirect=True, ids=("820x700", "1440x900 at 200 %"),
)  # fmt: skip
def test_samples_lie_over_nothing_on_a_low_screen(page) -> None:
    page.locator(".begin img").first.wait_for()
    samples, tools = (page.locator(place).bounding_box() for place in (".begin", ".desk .column"))
    assert samples["y"] + samples["height"] <= tools["y"]


def test_the_focus_goes_on_beside_what_went(page, studio) -> None:
    for angle in (41.0, 42.0, 43.0):
        restyled(page, studio, controls={"rotation": angle})
    page.get_by_role("button", name="Skirt", exact=True).click()
    cards = page.locator("[data-result]")
    cards.nth(2).wait_for()
    second = cards.nth(1).get_attribute("data-result")
    first, third = (cards.nth(place).get_by_role("button").first for place in (0, 2))
    names = [button.get_attribute("aria-label") for button in (first, third)]
    cards.nth(1).get_by_role("button").first.focus()
    page.keyboard.press("x")
    page.locator(f'[data-result="{second}"]').wait_for(state="detached")
    assert focused(page) == names[1]
    page.keyboard.press("c")
    first.focus()
    page.keyboard.press("c")
    page.get_by_role("button", name="Back").focus()
    page.keyboard.press("Enter")
    page.locator(".pair").wait_for(state="detached")
    assert focused(page) == names[0]
    page.get_by_role("button", name="Edit mask").focus()
    page.keyboard.press("Enter")
    page.locator('dialog canvas[aria-busy="false"]').wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert focused(page) == "Edit mask"


def test_compare_is_taken_back_by_pressing_it_again(page, studio) -> None:
    restyled(page, studio, controls={"rotation": 44.0})
    page.get_by_role("button", name="Skirt", exact=True).click()
    compare = page.locator("[data-result]").first.get_by_role("button", name="Compare")
    compare.click()
    page.get_by_text("Choose a second one to compare").wait_for()
    compare.click()
    page.get_by_text("Choose a second one to compare").wait_for(state="detached")
    assert compare.get_attribute("aria-pressed") == "false"


def test_what_fails_again_and_again_is_said_once(page) -> None:
    problem = {"type": "urn:muslin:user-error", "title": "It cannot be shown.", "status": 422}
    page.route(
        "**/v1/preview", lambda route: route.fulfill(status=422, json=problem, content_type="application/problem+json")
    )
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    for _ in range(4):
        with page.expect_response("**/v1/preview"):
            page.get_by_role("slider", name="Angle").press("ArrowUp")
    page.wait_for_timeout(200)
    assert page.locator(".notice.problem").count() == 1


def test_a_studio_that_answers_again_is_not_said_to_be_gone(page) -> None:
    page.get_by_role("button", name="Skirt", exact=True).click()
    # Every request, not the preview alone: one of another kind that is answered would rightly take the notice away.
    page.wait_for_load_state("networkidle")
    page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    gone = page.get_by_text("The studio does not answer. Is it still running?")
    gone.wait_for()
    page.unroute("**/v1/**")
    page.get_by_role("slider", name="Angle").press("ArrowUp")
    gone.wait_for(state="detached")


def test_a_cloth_is_asked_about_before_it_is_deleted(page, studio, tmp_path) -> None:
    path = write_image(tmp_path / "Only swatch.png", swatch("tartan", 61, 96))
    page.locator('.swatches input[type="file"]').set_input_files(path)
    page.get_by_role("button", name="Use Only swatch", exact=True).wait_for()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Delete cloth").click()
    assert asked == ["Delete “Only swatch”? Pictures made with it stay."]
    assert any(item["name"] == "Only swatch" for item in studio.items("/v1/looks"))
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete cloth").click()
    studio.until(lambda: all(item["name"] != "Only swatch" for item in studio.items("/v1/looks")))


def test_what_a_delivery_lacks_is_said_before_it_is_made(page, studio) -> None:
    restyled(page, studio, controls={"rotation": 45.0})
    page.get_by_role("button", name="Deliver", exact=True).click()
    page.get_by_text("All of this project").click()
    make = page.get_by_role("button", name="Make", exact=True)
    assert make.is_enabled()
    known = "{project} {garment} {look} {number} {date}"
    page.get_by_text("TIFF for print").click()
    for field, typed, words in (
        ("Title", " ", "A title, please."),
        ("File names", "", f"File names, please. They can hold {known}."),
        ("File names", "{nope}_{number}", f"{{nope}} is not known. File names can hold {known}."),
        ("ppi", "", "36 to 1200 ppi, please."),
    ):
        box = page.get_by_label(field, exact=True)
        before = box.input_value()
        box.fill(typed)
        page.get_by_text(words, exact=True).wait_for()
        assert make.is_disabled()
        box.fill(before)
        assert make.is_enabled()


def test_taken_settings_lie_within_the_tools(page, studio) -> None:
    (made,) = restyled(page, studio, controls={"offset": [0.8, 0.3], "rotation": 46.0})
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.locator(f'[data-result="{made["id"]}"]').get_by_role("button").first.click()
    page.get_by_role("button", name="Take these settings").click()
    page.locator("aside summary", has_text="More").first.click()
    assert page.get_by_role("spinbutton", name="Move across").input_value() == "-20"
    assert page.get_by_role("spinbutton", name="Move down").input_value() == "30"


def test_the_browsers_back_goes_to_the_room_before(page) -> None:
    for room in ("Prints", "Deliver"):
        page.get_by_role("button", name=room, exact=True).click()
    page.go_back()
    page.locator(".room.prints").wait_for()
    page.go_back()
    page.locator(".room.desk").wait_for()
    page.go_forward()
    page.locator(".room.prints").wait_for()
    page.reload()
    page.locator(".room.prints").wait_for()


@pytest.mark.parametrize("page", [{"locale": "zh-CN"}], indirect=True)
def test_a_refused_file_is_refused_in_chinese(page, tmp_path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"PK\3\4 no picture")
    page.locator('.strip input[type="file"]').set_input_files([tmp_path / "1.png", tmp_path / "2.png"])
    page.locator(".notice.problem").nth(1).wait_for()
    words = page.locator(".notices").inner_text()
    assert "每边至少 16 像素" in words and "图片不是 muslin 能读取的图片" in words and "ZIP 压缩包" in words, words


@pytest.mark.parametrize("page", [{"viewport": {"width": 700, "height": 700}}], indirect=True)
def test_the_rooms_are_reached_beside_a_long_name(page, studio, request) -> None:
    project = studio.items("/v1/projects")[0]
    url = f"{studio.url}/v1/projects/{project['id']}"
    request.addfinalizer(lambda: httpx.patch(url, json={"name": project["name"]}).raise_for_status())
    long = "Autumn and winter, the second collection for the shop in town"
    httpx.patch(url, json={"name": long}).raise_for_status()
    page.reload()
    page.locator(".menu.project summary", has_text=long).wait_for()
    head, room = page.locator(".shell"), page.locator(".desk")
    for width in (600, 700, 1000):
        page.set_viewport_size({"width": width, "height": 700})
        box = head.bounding_box()
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= room.bounding_box()["y"] + 1
        nav = head.get_by_role("navigation").bounding_box()
        assert nav["y"] + nav["height"] <= box["y"] + box["height"]
    page.get_by_role("button", name="Prints", exact=True).click()
    page.locator(".room.prints").wait_for()


def test_what_was_typed_for_a_delivery_is_there_on_coming_back(page, studio) -> None:
    restyled(page, studio, controls={"rotation": 47.0})
    room = lambda name: page.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    room("Deliver")
    page.get_by_role("textbox", name="Title").fill("For the mill")
    page.get_by_role("checkbox", name="Shirt", exact=True).check()
    room("Restyle")
    room("Deliver")
    assert page.get_by_role("textbox", name="Title").input_value() == "For the mill"
    assert page.get_by_role("checkbox", name="Shirt", exact=True).is_checked()


def test_origin_is_left_out_only_of_files_that_carry_it(page) -> None:
    page.get_by_role("button", name="Deliver", exact=True).click()
    strip = page.get_by_role("checkbox", name="Leave settings and origin out")
    for words, carries in (("Contact sheet", 0), ("TIFF for print", 1), ("Lookbook, web page", 0), ("Cut out", 1)):
        page.get_by_text(words).click()
        page.get_by_role("radio", name=words, checked=True).wait_for(state="attached")
        assert strip.count() == carries, words


def test_each_tab_keeps_its_desk(page, studio) -> None:
    page.get_by_role("button", name="Skirt", exact=True).click()
    other = page.context.new_page()
    other.goto(studio.url)
    pressed = 'button[aria-pressed="true"]'
    other.locator(".strip").locator(pressed).wait_for()
    assert "Skirt" in other.locator(".strip").locator(pressed).inner_text(), "a new tab begins with the last desk"
    other.get_by_role("button", name="Bag", exact=True).click()
    page.reload()
    page.locator(".strip").locator(pressed).wait_for()
    assert "Skirt" in page.locator(".strip").locator(pressed).inner_text()
    other.close()


def test_the_browsers_back_leaves_an_open_mask(page) -> None:
    page.get_by_role("button", name="Prints", exact=True).click()
    page.get_by_role("button", name="Restyle", exact=True).click()
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Edit mask").click()
    page.locator('dialog canvas[aria-busy="false"]').wait_for()
    page.go_back()
    page.wait_for_timeout(300)
    assert page.locator(".room.desk").count() == 1 and page.get_by_role("dialog").count() == 1
    assert page.url.endswith("#restyle")


def lose_focus_no_more(page) -> None:
    page.wait_for_function("() => document.activeElement && document.activeElement !== document.body")


def test_the_focus_stays_on_the_desk_where_its_button_goes(page, studio, tmp_path) -> None:
    (made,) = restyled(page, studio, controls={"rotation": 48.0})
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.locator(f'[data-result="{made["id"]}"]').get_by_role("button").first.click()
    page.get_by_role("button", name="Take these settings").press("Enter")
    page.get_by_role("button", name="Take these settings").wait_for(state="detached")
    lose_focus_no_more(page)
    assert focused(page) == "Four variants"
    path = write_image(tmp_path / "Short swatch.png", swatch("tartan", 62, 96))
    page.locator('.swatches input[type="file"]').set_input_files(path)
    page.get_by_role("button", name="Use Short swatch", exact=True).wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete cloth").press("Enter")
    page.get_by_role("button", name="Use Short swatch", exact=True).wait_for(state="detached")
    lose_focus_no_more(page)
    assert focused(page).startswith("Use ")
    upload(page, studio, tmp_path, "Short jumper", 15)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove garment").press("Enter")
    page.locator(".strip").get_by_role("button", name="Short jumper", exact=True).wait_for(state="detached")
    lose_focus_no_more(page)
    assert page.evaluate("() => Boolean(document.activeElement.closest('.strip'))")


def test_marks_are_as_quick_as_the_keys(page, studio) -> None:
    for angle in (51.0, 52.0, 53.0, 54.0):
        (newest,) = restyled(page, studio, controls={"rotation": angle})
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.locator(f'[data-result="{newest["id"]}"]').wait_for()
    cards = page.locator("[data-result]")
    ids = [cards.nth(place).get_attribute("data-result") for place in range(4)]
    held, free = [], []
    page.route("**/v1/results/*", lambda route: route.continue_() if free else held.append(route))
    page.locator(f'[data-result="{ids[3]}"]').get_by_role("button").first.focus()
    page.keyboard.press("s")
    page.keyboard.press("s")
    cards.first.get_by_role("button").first.focus()
    for _ in range(3):
        page.keyboard.press("x")
    page.wait_for_timeout(200)
    assert page.evaluate("() => document.activeElement.closest('[data-result]')?.dataset.result") == ids[3]
    free.append(True)
    for route in held:
        route.continue_()
    told = lambda id: httpx.get(f"{studio.url}/v1/results/{id}").json()  # noqa: E731
    studio.until(lambda: all(told(id)["rejected"] for id in ids[:3]))
    page.wait_for_timeout(500)
    assert not told(ids[3])["starred"] and not told(ids[3])["rejected"]
    for id in ids[:3]:
        httpx.patch(f"{studio.url}/v1/results/{id}", json={"rejected": False}).raise_for_status()
