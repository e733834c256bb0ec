"""Files that come while a designer goes on working: they land where they were dropped, and disturb nothing."""

import httpx
import pytest

from muslin.data.truth import render
from muslin.images import write_image
from muslin.textiles.procedural import swatch


@pytest.fixture
def photos(tmp_path, studio):
    """Writes photos of these names; what became garments of them is deleted afterwards."""
    names = []

    def write(*wanted: str):
        names.extend(wanted)
        made = [render(20 + len(name), (200, 240), plain=True).photo for name in wanted]
        return [write_image(tmp_path / f"{name}.png", photo) for name, photo in zip(wanted, made, strict=True)]

    yield write
    for item in studio.items("/v1/garments"):
        if item["name"] in names:
            httpx.delete(f"{studio.url}/v1/garments/{item['id']}").raise_for_status()


@pytest.fixture
def projects(studio):
    """Makes projects, which are deleted afterwards with those that were imported; the first is opened again."""
    before = studio.items("/v1/projects")
    current = httpx.get(f"{studio.url}/v1/info").json()["project"]

    def make(name: str) -> str:
        made = httpx.post(f"{studio.url}/v1/projects", json={"name": name}).raise_for_status().json()["id"]
        httpx.patch(f"{studio.url}/v1/projects/{current}", json={"opened": True}).raise_for_status()
        return made

    yield make
    for item in studio.items("/v1/projects"):
        if item["id"] not in [known["id"] for known in before]:
            httpx.delete(f"{studio.url}/v1/projects/{item['id']}").raise_for_status()
    httpx.patch(f"{studio.url}/v1/projects/{current}", json={"opened": True}).raise_for_status()


class Held:
    """Files that do not reach the studio before `let_go`."""

    def __init__(self, page, address: str = "**/v1/garments") -> None:
        self.page, self.routes, self.free = page, [], False
        page.route(address, lambda route: route.continue_() if self.free else self.routes.append(route))

    def wait(self) -> None:
        for _ in range(600):
            if self.routes:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("nothing was sent")

    def let_go(self) -> None:
        self.free = True
        for route in self.routes:
            route.continue_()


def add(page, files) -> None:
    page.locator('.strip input[type="file"]').set_input_files(files)


def drop(page, files, place) -> None:
    """Files let go of over the middle of an element's head."""
    box = place.bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(12, box["height"] / 2)}
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


def named(studio, name: str) -> list[dict]:
    return [item for item in studio.items("/v1/garments") if item["name"] == name]


def test_an_upload_leaves_the_mask_that_is_being_painted(page, studio, photos) -> None:
    page.get_by_role("button", name="Bag", exact=True).click()
    held = Held(page)
    add(page, photos("Late jumper"))
    held.wait()
    page.get_by_role("button", name="Edit mask").click()
    canvas = page.locator('dialog canvas[aria-busy="false"]')
    canvas.wait_for()
    canvas.click()
    painted = canvas.evaluate("canvas => canvas.toDataURL()")
    held.let_go()
    page.locator(".strip").get_by_role("button", name="Late jumper", exact=True, include_hidden=True).wait_for(
        state="attached"
    )
    drop(page, photos("Beside"), page.get_by_role("link", name="Save mask"))
    page.wait_for_timeout(500)
    assert page.get_by_role("dialog", name="Mask: Bag").count() == 1
    assert canvas.evaluate("canvas => canvas.toDataURL()") == painted
    assert page.get_by_role("button", name="Undo").is_enabled() and not named(studio, "Beside")
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.get_by_role("button", name="Bag", exact=True).get_attribute("aria-pressed") == "true"


def test_a_saved_picture_waits_for_the_mask_and_for_no_other_project(page, studio, projects, tmp_path) -> None:
    projects("Elsewhere")
    page.reload()
    page.get_by_role("button", name="Shirt", exact=True).click()
    page.get_by_role("button", name="Use Argyle", exact=True).click()
    before = page.locator("[data-result]").count()
    page.get_by_role("button", name="This one, full size").click()
    page.locator("[data-result]").nth(before).wait_for()
    made = studio.items("/v1/results")[0]["id"]
    saved = tmp_path / "saved.png"
    saved.write_bytes(httpx.get(f"{studio.url}/v1/results/{made}/download?format=png").content)
    page.get_by_role("button", name="Bag", exact=True).click()
    held = Held(page, "**/v1/settings")
    add(page, saved)
    held.wait()
    page.get_by_role("button", name="Edit mask").click()
    page.locator('dialog canvas[aria-busy="false"]').click()
    with page.expect_response("**/v1/settings"):
        held.let_go()
    page.wait_for_timeout(500)
    assert page.get_by_role("dialog", name="Mask: Bag").get_by_role("button", name="Undo").is_enabled()
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    page.get_by_text("All settings of this picture are back.").wait_for()
    assert page.get_by_role("button", name="Shirt", exact=True).get_attribute("aria-pressed") == "true"

    page.get_by_role("button", name="Bag", exact=True).click()
    held = Held(page, "**/v1/settings")
    add(page, saved)
    held.wait()
    menu = page.locator(".menu.project")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Elsewhere", exact=True).click()
    menu.locator("summary", has_text="Elsewhere").wait_for()
    held.let_go()
    page.get_by_text("Another project was opened meanwhile").wait_for()
    assert menu.locator("summary").inner_text() == "Elsewhere"


def test_an_upload_lands_in_the_project_that_it_was_dropped_in(page, studio, photos, projects, tmp_path) -> None:
    first = httpx.get(f"{studio.url}/v1/info").json()["project"]
    winter = projects("Winter")
    exported = tmp_path / "SPRING.ZIP"  # a project, whatever its letters
    exported.write_bytes(httpx.get(f"{studio.url}/v1/projects/{winter}/export").content)
    page.reload()
    menu = page.locator(".menu.project")
    held = Held(page)
    add(page, [exported, *photos("First photo", "Second photo")])
    held.wait()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Winter", exact=True).click()
    menu.locator("summary", has_text="Winter").wait_for()
    held.let_go()
    page.get_by_text("in the menu of projects").wait_for()
    for name in ("First photo", "Second photo"):
        assert [item["project"] for item in named(studio, name)] == [first]
        assert not page.locator(".strip").get_by_role("button", name=name, exact=True).count()
    assert menu.locator("summary").inner_text() == "Winter" and page.locator(".stage.empty").count() == 1


def test_an_upload_takes_the_desk_once_and_only_if_nothing_was_chosen(page, photos) -> None:
    page.get_by_role("button", name="Skirt", exact=True).click()
    strip = page.locator(".strip")
    add(page, photos("One", "Two"))
    for name in ("One", "Two"):
        strip.get_by_role("button", name=name, exact=True).wait_for()
    assert strip.get_by_role("button", name="One", exact=True).get_attribute("aria-pressed") == "true"
    held = Held(page)
    add(page, photos("Three"))
    held.wait()
    page.get_by_role("button", name="Coat", exact=True).click()
    held.let_go()
    strip.get_by_role("button", name="Three", exact=True).wait_for()
    assert page.get_by_role("button", name="Coat", exact=True).get_attribute("aria-pressed") == "true"


def test_what_is_dropped_beside_a_small_target_is_what_the_panel_takes(page, studio, tmp_path) -> None:
    cloth = write_image(tmp_path / "beside cloth.png", swatch("tartan", 40, 96))
    drop(page, [cloth], page.get_by_role("region", name="Cloth").get_by_role("heading"))
    page.get_by_role("button", name="Use beside cloth", exact=True).wait_for()
    page.get_by_role("button", name="Train a look", exact=True).click()
    page.get_by_role("button", name="New set").or_(page.get_by_text("Drop pictures here")).first.wait_for()
    pictures = [write_image(tmp_path / f"hand {n}.png", swatch("floral", n, 96)) for n in (50, 51)]
    drop(page, pictures, page.locator(".train h1"))
    page.locator(".train .swatches li").nth(1).wait_for()
    assert not named(studio, "beside cloth") and not named(studio, "hand 50")
    look = next(item for item in studio.items("/v1/looks") if item["name"] == "beside cloth")
    httpx.delete(f"{studio.url}/v1/looks/{look['id']}").raise_for_status()
    httpx.delete(f"{studio.url}/v1/sets/{studio.items('/v1/sets')[0]['id']}").raise_for_status()


@pytest.fixture
def cloths(tmp_path, studio):
    """Writes swatches, plain and therefore cloth; what became looks of any upload is deleted afterwards."""
    before = {item["id"] for item in studio.items("/v1/looks?limit=200")}

    def write(*names: str):
        return [write_image(tmp_path / f"{name}.png", swatch("tartan", 70 + n, 96)) for n, name in enumerate(names)]

    yield write
    for item in studio.items("/v1/looks?limit=200"):
        if item["id"] not in before:
            httpx.delete(f"{studio.url}/v1/looks/{item['id']}").raise_for_status()


def test_a_swatch_takes_the_desk_once_and_only_if_nothing_was_chosen(page, cloths) -> None:
    page.get_by_role("button", name="Skirt", exact=True).click()
    field = page.locator('.swatches input[type="file"]')
    use = lambda name: page.get_by_role("button", name=f"Use {name}", exact=True)  # noqa: E731
    field.set_input_files(cloths("First cloth", "Second cloth"))
    use("Second cloth").wait_for()
    assert use("First cloth").get_attribute("aria-pressed") == "true"
    held = Held(page, "**/v1/looks")
    field.set_input_files(cloths("Third cloth"))
    held.wait()
    use("Argyle").click()
    held.let_go()
    use("Third cloth").wait_for()
    page.wait_for_timeout(300)
    assert use("Argyle").get_attribute("aria-pressed") == "true"


def test_garments_added_as_cloth_are_told_in_one_notice(page, cloths, photos) -> None:
    shown = photos("Cut one", "Cut two", "Cut three!", "Cut four!!")
    page.locator('.swatches input[type="file"]').set_input_files(shown)
    page.get_by_role("button", name="Use the whole pictures").wait_for()
    words = page.locator(".notice").inner_text()
    assert "Cut one.png" in words and "+1" in words


def come_back(page) -> None:
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_garment_that_comes_while_the_tab_comes_back_stays(page, photos) -> None:
    held = []
    page.route("**/v1/garments?project=*", lambda route: held.append((route, route.fetch())))
    come_back(page)
    for _ in range(600):
        if held:
            break
        page.wait_for_timeout(100)
    add(page, photos("Meanwhile"))
    mine = page.locator(".strip").get_by_role("button", name="Meanwhile", exact=True)
    mine.wait_for()
    with page.expect_response("**/v1/events?*"):  # the page listens anew once it has its lists
        for route, answer in held:
            route.fulfill(response=answer)
    page.wait_for_timeout(300)
    assert mine.count() == 1 and mine.get_attribute("aria-pressed") == "true"


def test_photos_dropped_in_another_room_are_told_of(page, studio, photos) -> None:
    page.get_by_role("button", name="Prints", exact=True).click()
    drop(page, photos("Into prints"), page.locator(".room.prints"))
    page.get_by_text("Among the garments of the desk now.").wait_for()
    assert len(named(studio, "Into prints")) == 1


def test_pictures_on_the_head_go_into_the_set_that_is_trained(page, studio, tmp_path) -> None:
    page.get_by_role("button", name="Train a look", exact=True).click()
    page.get_by_role("button", name="New set").or_(page.get_by_text("Drop pictures here")).first.wait_for()
    before = studio.items("/v1/sets")
    pictures = [write_image(tmp_path / f"head {n}.png", swatch("floral", n, 96)) for n in (52, 53)]
    drop(page, pictures, page.locator(".wordmark"))
    page.locator(".train .swatches li").nth(1).wait_for()
    assert not named(studio, "head 52")
    for made in studio.items("/v1/sets"):
        if made not in before:
            httpx.delete(f"{studio.url}/v1/sets/{made['id']}").raise_for_status()


def test_what_is_read_is_said_in_its_own_project(page, photos, projects) -> None:
    projects("Quiet")
    page.reload()
    held = Held(page)
    add(page, photos("Slow jumper"))
    held.wait()
    page.get_by_text("Reading one photo").wait_for()
    menu = page.locator(".menu.project")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Quiet", exact=True).click()
    menu.locator("summary", has_text="Quiet").wait_for()
    assert not page.get_by_text("Reading one photo").count()
    held.let_go()
    page.get_by_text("Among the garments of the project that was open before.").wait_for()


def test_saved_pictures_of_one_other_project_are_all_put_back(page, studio, projects, tmp_path) -> None:
    other = projects("Origin of both")
    sample = next(item for item in studio.items("/v1/garments") if item["name"] == "Skirt")
    photo = httpx.get(f"{studio.url}{sample['photo']['url']}").content
    form = {"project": other, "name": "Own skirt"}
    files = {"file": ("skirt.png", photo)}
    own = httpx.post(f"{studio.url}/v1/garments", files=files, data=form, timeout=60).raise_for_status().json()
    look = next(item["id"] for item in studio.items("/v1/looks") if item["name"] == "Terrazzo")
    saved = []
    for rotation in (5.0, 15.0):
        body = {"kind": "restyle", "project": other, "garments": [own["id"]], "looks": [{"look": look}],
                "controls": {"rotation": rotation}, "variants": 1}  # fmt: skip
        job = httpx.post(f"{studio.url}/v1/jobs", json=body).raise_for_status().json()["id"]
        studio.until(lambda job=job: httpx.get(f"{studio.url}/v1/jobs/{job}").json()["state"] == "done")
        (made,) = studio.items(f"/v1/results?job={job}")
        saved.append(tmp_path / f"turned {rotation:g}.png")
        saved[-1].write_bytes(httpx.get(f"{studio.url}/v1/results/{made['id']}/download?format=png").content)
    page.reload()
    page.locator(".desk").wait_for()
    asked = []  # the second is read when the first has led to its project
    page.route("**/v1/settings", lambda route: asked.append(route) if asked else (asked.append(1), route.continue_()))
    add(page, saved)
    page.locator(".menu.project summary", has_text="Origin of both").wait_for()
    for _ in range(600):
        if len(asked) > 1:
            break
        page.wait_for_timeout(100)
    asked[1].continue_()
    page.wait_for_function(
        "() => [...document.querySelectorAll('aside input[type=number]')].some(field => field.value === '15')"
    )
    page.get_by_text("All settings of this picture are back.").wait_for()
    assert not page.get_by_text("Another project was opened meanwhile").count()
