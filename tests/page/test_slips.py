"""What a hand types, presses or deletes, and what fails behind it, costs nothing and is said."""

import httpx
import pytest

from muslin.data.truth import render
from muslin.images import write_image


def spin(page, name: str, typed: str):
    """Select the number in a field and type another, key by key."""
    field = page.get_by_role("spinbutton", name=name)
    field.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(typed)
    return field


def upload(page, studio, tmp_path, name: str, seed: int) -> dict:
    page.locator('.strip input[type="file"]').set_input_files(
        write_image(tmp_path / f"{name}.png", render(seed, (200, 240), plain=True).photo)
    )
    page.locator(".strip").get_by_role("button", name=name, exact=True).wait_for()
    return next(item for item in studio.items("/v1/garments") if item["name"] == name)


def test_a_typed_number_is_the_one_that_is_meant(page, studio, tmp_path) -> None:
    garment = upload(page, studio, tmp_path, "Typed jumper", 12)
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    assert spin(page, "Angle", "-45").input_value() == "-45"
    page.locator("aside summary", has_text="More").first.click()
    length = spin(page, "Length of the garment", "120")
    assert length.input_value() == "120"
    page.keyboard.press("Enter")
    studio.until(lambda: httpx.get(f"{studio.url}/v1/garments/{garment['id']}").json()["length_cm"] == 120)
    width = spin(page, "Width of one repeat", "0.5")
    assert width.input_value() == "0.5"
    page.keyboard.press("Tab")
    assert width.input_value() == "1", "the nearest that there is, once it is left"
    page.goto("about:blank")  # its preview is still asking for the garment
    httpx.delete(f"{studio.url}/v1/garments/{garment['id']}").raise_for_status()


def test_a_mask_that_cannot_be_saved_stays_on_the_canvas(page) -> None:
    refused = {
        "type": "urn:muslin:user-error",
        "title": "The mask is empty: it marks no pixel as garment.",
        "status": 422,
    }
    page.get_by_role("button", name="Bag", exact=True).click()
    page.get_by_role("button", name="Edit mask").click()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    canvas.click()
    undo = page.get_by_role("button", name="Undo")
    page.route(
        "**/mask", lambda route: route.fulfill(status=422, json=refused, content_type="application/problem+json")
    )
    page.get_by_role("button", name="Done").click()
    page.locator("dialog .notice.problem").wait_for()
    assert canvas.count() == 1 and undo.is_enabled()
    page.unroute("**/mask")
    page.keyboard.press("Escape")  # leaves the notice alone and asks before it throws strokes away
    canvas.focus()
    page.keyboard.press("ControlOrMeta+z")
    page.wait_for_function(
        "() => [...document.querySelectorAll('dialog button')].some(b => b.innerText === 'Undo' && b.disabled)"
    )


def test_automatic_again_takes_strokes_back(page, studio, tmp_path) -> None:
    garment = upload(page, studio, tmp_path, "Striped scarf", 13)
    page.get_by_role("button", name="Edit mask").click()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    canvas.click(position={"x": 8, "y": 8})
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    page.get_by_role("button", name="Automatic again").click()
    page.wait_for_function("before => document.querySelector('dialog canvas').toDataURL() === before", arg=before)
    page.get_by_role("button", name="Done").click()
    httpx.delete(f"{studio.url}/v1/garments/{garment['id']}").raise_for_status()


def test_what_fails_on_the_desk_is_said(page, studio, tmp_path) -> None:
    garment = upload(page, studio, tmp_path, "Wet scarf", 14)
    kept = next((studio.folder / "data").rglob(f"{garment['photo']['sha256']}*.png"))
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    page.locator('.viewer img[src^="blob:"]').first.wait_for()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:500])
    page.get_by_role("button", name="Four variants").click()
    page.locator(".notice.problem").first.wait_for()
    kept.write_bytes(whole)
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Remove garment").click()
    assert len([item for item in studio.items("/v1/garments") if item["id"] == garment["id"]]) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove garment").click()
    studio.until(lambda: all(item["id"] != garment["id"] for item in studio.items("/v1/garments")))


def test_four_variants_pressed_again_are_four_others(page, studio) -> None:
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Terrazzo", exact=True).click()
    cards = page.locator("[data-result]")
    for _ in range(2):
        before = cards.count()
        page.get_by_role("button", name="Four variants").click()
        cards.nth(before + 3).wait_for()
    made = studio.items("/v1/results")[:8]
    assert len({result["picture"]["sha256"] for result in made}) == 8


def test_a_batch_is_of_the_project_that_is_open(page, studio) -> None:
    first = httpx.get(f"{studio.url}/v1/info").json()["project"]
    other = httpx.post(f"{studio.url}/v1/projects", json={"name": "Winter"}).raise_for_status().json()["id"]
    httpx.patch(f"{studio.url}/v1/projects/{first}", json={"opened": True}).raise_for_status()
    page.reload()
    page.get_by_role("button", name="Deliver", exact=True).click()
    page.get_by_role("checkbox", name="All garments").check()
    menu = page.locator(".menu.project")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Winter", exact=True).click()
    page.locator(".menu.project summary", has_text="Winter").wait_for()
    assert menu.get_attribute("open") is None, "a choice closes the menu"
    assert not page.get_by_role("checkbox", name="All garments").is_checked()
    assert page.get_by_role("textbox", name="Title").input_value() == "Winter"
    httpx.patch(f"{studio.url}/v1/projects/{first}", json={"opened": True}).raise_for_status()
    httpx.delete(f"{studio.url}/v1/projects/{other}").raise_for_status()


@pytest.mark.parametrize(
    "cm, words", [("20", "2,362"), ("200", "64 million pixels"), ("", "A width of 1 to 200 cm"), ("0", "A width of")]
)
def test_a_tile_that_is_too_large_or_none_is_not_offered(page, cm: str, words: str) -> None:
    fits = cm == "20"
    page.get_by_role("button", name="Prints", exact=True).click()
    page.get_by_role("spinbutton", name="Width (cm)").fill(cm)
    save = page.get_by_role("link", name="Save tile") if fits else page.get_by_text("Save tile")
    assert (save.get_attribute("href") is not None) == fits
    assert page.get_by_text(words).count() == 1


def test_what_another_tab_deleted_is_gone_on_coming_back(page, studio, tmp_path) -> None:
    lost = upload(page, studio, tmp_path, "Lost jumper", 14)
    httpx.delete(f"{studio.url}/v1/garments/{lost['id']}").raise_for_status()
    httpx.post(f"{studio.url}/v1/projects", json={"name": "Meanwhile"}).raise_for_status()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("button", name="Lost jumper", exact=True).wait_for(state="detached")
    page.locator(".menu.project").get_by_text("Meanwhile", exact=True).wait_for(state="attached")
    other = next(item for item in studio.items("/v1/projects") if item["name"] == "Meanwhile")
    httpx.delete(f"{studio.url}/v1/projects/{other['id']}").raise_for_status()


def test_colours_that_are_kept_stay_kept(page, studio) -> None:
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    kept = page.get_by_role("checkbox", name="Keep").first
    kept.check()
    page.get_by_role("button", name="Deliver", exact=True).click()
    page.get_by_role("button", name="Restyle", exact=True).click()
    assert page.get_by_role("checkbox", name="Keep").first.is_checked()


def focused(page) -> str:
    """What has the focus: its name, or its element."""
    return page.evaluate(
        "() => (at => at.getAttribute('aria-label') || at.innerText.trim() || at.tagName)(document.activeElement)"
    )


def test_a_project_is_named_in_its_menu(page, studio) -> None:
    before = studio.items("/v1/projects")
    menu = page.locator(".menu.project")
    menu.locator("summary").click()
    menu.get_by_role("button", name="New project").click()
    field = menu.get_by_role("textbox", name="Name of the project")
    field.wait_for()
    assert focused(page) == "Name of the project"
    field.press("Escape")
    menu.get_by_role("button", name="Rename").click()
    assert field.input_value() == before[0]["name"]
    field.press("Escape")
    menu.get_by_role("button", name="New project").click()
    page.keyboard.type("Named here")
    page.keyboard.press("Enter")
    menu.locator("summary", has_text="Named here").wait_for()
    assert menu.get_attribute("open") is None
    (made,) = (item for item in studio.items("/v1/projects") if item["name"] == "Named here")
    httpx.patch(f"{studio.url}/v1/projects/{before[0]['id']}", json={"opened": True}).raise_for_status()
    httpx.delete(f"{studio.url}/v1/projects/{made['id']}").raise_for_status()


def test_each_tab_keeps_its_project(page, studio) -> None:
    first = httpx.get(f"{studio.url}/v1/info").json()["project"]
    name = page.locator(".menu.project summary").inner_text()
    other = httpx.post(f"{studio.url}/v1/projects", json={"name": "Other tab"}).raise_for_status().json()["id"]
    page.reload()  # the service would open the other one
    page.locator(".menu.project summary").wait_for()
    assert page.locator(".menu.project summary").inner_text() == name
    httpx.delete(f"{studio.url}/v1/projects/{other}").raise_for_status()
    httpx.patch(f"{studio.url}/v1/projects/{first}", json={"opened": True}).raise_for_status()


def restyled(page, studio, kind: str = "restyle", **asked) -> list[dict]:
    """Results of the skirt in the cloth on the desk, asked for behind the page's back."""
    project = httpx.get(f"{studio.url}/v1/info").json()["project"]
    garment = next(item["id"] for item in studio.items("/v1/garments") if item["name"] == "Skirt")
    look = next(item["id"] for item in studio.items("/v1/looks") if item["name"] == "Terrazzo")
    body = {"kind": kind, "project": project, "looks": [{"look": look}], **asked}
    body |= {"garments": [garment], "variants": 1} if kind == "restyle" else {"garment": garment}
    job = httpx.post(f"{studio.url}/v1/jobs", json=body).raise_for_status().json()["id"]
    studio.until(lambda: httpx.get(f"{studio.url}/v1/jobs/{job}").json()["state"] == "done")
    return studio.items(f"/v1/results?job={job}")


def new_results(page, studio, press, count: int = 4) -> list[dict]:
    before = {item["id"] for item in studio.items("/v1/results?limit=200")}
    press()
    for _ in range(1200):
        made = [item for item in studio.items("/v1/results?limit=200") if item["id"] not in before]
        if len(made) >= count:
            return made
        page.wait_for_timeout(100)  # unlike sleep it lets what the test has routed go on
    raise AssertionError(f"{len(made)} results of {count}")


def test_four_more_of_a_colourway_keep_its_cloth_and_colours(page, studio) -> None:
    (way,) = restyled(page, studio, "colourways", palettes=[["#204060", "#c0d0e0", "#803020"]])
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()  # something else is on the desk
    card = page.locator(f'[data-result="{way["id"]}"]')
    again = card.get_by_role("button", name="Re-roll")
    first = new_results(page, studio, again.click)
    more = new_results(page, studio, again.click)
    for item in [*first, *more]:
        assert item["looks"] == way["looks"] and item["controls"]["palette"] == way["controls"]["palette"]
    assert len({item["picture"]["sha256"] for item in [way, *first, *more]}) == 9


def test_variants_go_on_where_the_page_knows_few_jobs(page, studio) -> None:
    """A project of more jobs than come with a page of the list."""
    controls = {"rotation": 7.0}
    page.get_by_role("button", name="Skirt", exact=True).click()
    page.get_by_role("button", name="Use Terrazzo", exact=True).click()
    spin(page, "Angle", "7")
    four = page.get_by_role("button", name="Four variants")
    first = new_results(page, studio, four.click)
    restyled(page, studio, controls=controls)  # a job later
    page.route("**/v1/jobs?project=*", lambda route: route.continue_(url=route.request.url + "&limit=1"))
    page.reload()
    page.locator(".desk").wait_for()
    more = new_results(page, studio, four.click)
    assert len({item["picture"]["sha256"] for item in [*first, *more]}) == 8
    oldest = min(first, key=lambda item: item["number"])
    card = page.locator(f'[data-result="{oldest["id"]}"]')
    rolled = new_results(page, studio, card.get_by_role("button", name="Re-roll").click)
    assert len({item["picture"]["sha256"] for item in [*first, *more, *rolled]}) == 12
