import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from muslin.errors import EXIT_DATA, UserError
from muslin.images import read_image, write_image
from muslin.restyle import contact_sheet, lettering, lookbook, metadata


def picture(value, size=(60, 80)):
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    pixels[::7] = 255 - np.uint8(value)
    return pixels


def result(folder, name, source, style, controls=None, size=(60, 80)):
    """A file such as muslin restyle saves."""
    params = metadata.describe(
        model={"name": "drape", "sha256": "ab" * 32},
        source=source,
        styles=[(style, 1.0)],
        mask={"kind": "auto"},
        seed=0,
        size=size,
        controls=controls or {"scale": 1.0, "rotation": 0.0, "repeat": "straight", "strength": 1.0},
    )
    text, xmp = metadata.settings_to_text(params), metadata.provenance_xmp(params)
    return write_image(folder / name, picture(len(name), size), text=text, xmp=xmp)


@pytest.fixture
def results(tmp_path):
    shirt = write_image(tmp_path / "red_shirt.png", picture(10))
    dress = write_image(tmp_path / "dress-2.png", picture(20))
    tartan = write_image(tmp_path / "tartan.png", picture(30, (40, 30)))
    dots = write_image(tmp_path / "polka_dots.png", picture(40, (30, 40)))
    (tmp_path / "out").mkdir()
    return [
        result(tmp_path / "out", "a.png", shirt, tartan),
        result(tmp_path / "out", "b.png", shirt, dots, {"scale": 1.4, "rotation": 15.0, "repeat": "half-drop"}),
        result(tmp_path / "out", "c.png", dress, dots),
    ]


def test_one_picture_is_a_photo_and_a_swatch_alike(tmp_path):
    both = write_image(tmp_path / "both.png", picture(10, (300, 400)))
    other = write_image(tmp_path / "other.png", picture(30))
    style_first = result(tmp_path, "a.png", other, both)
    photo_after = result(tmp_path, "b.png", both, other, size=(300, 400))
    for order in ([style_first, photo_after], [photo_after, style_first]):
        looks = {look.name: look for look in lookbook.gather(order)[0]}
        assert looks["Other"].before is not None and looks["Other"].before.shape == (400, 300, 3)
        (swatch,) = looks["Both"].swatches
        assert swatch.shape[0] == swatch.shape[1] < 300


class Page(HTMLParser):
    """Counts the tags, keeps the attributes, and fails on unbalanced nesting."""

    VOID = ("meta", "img", "input", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_results_are_gathered_with_their_before_and_swatch(results):
    looks, skipped = lookbook.gather(results)
    assert skipped == []
    assert [(look.garment, look.name) for look in looks] == [
        ("Red shirt", "Tartan"),
        ("Red shirt", "Polka dots"),
        ("Dress 2", "Polka dots"),
    ]
    assert looks[0].before is looks[1].before  # read once
    assert np.array_equal(looks[0].before, picture(10)) and len(looks[0].swatches) == 1
    assert looks[1].how == "scale 1.4, half-drop, 15°" and looks[0].how == ""
    assert [len(group) for group in lookbook.groups(looks)] == [2, 1]


def test_restyled_objects_need_no_files():
    garment = SimpleNamespace(photo=SimpleNamespace(pixels=picture(10, (3000, 2000))))
    params = {"controls": {}, "styles": [], "source": {"path": None}}
    several = [SimpleNamespace(image=picture(v, (3000, 2000)), params=params, garment=garment) for v in (1, 2)]
    looks, _ = lookbook.gather(several)
    assert looks[0].before is looks[1].before and looks[0].group == looks[1].group
    assert looks[0].after.shape == looks[0].before.shape == (800, 1200, 3)


def test_a_picture_without_settings_is_shown_and_a_bad_file_is_skipped(tmp_path):
    plain = write_image(tmp_path / "plain.png", picture(1))
    (tmp_path / "bad.png").write_text("no picture")
    looks, skipped = lookbook.gather([plain, tmp_path / "bad.png"])
    assert len(looks) == 1 and looks[0].before is None and len(skipped) == 1 and "bad.png" in skipped[0]
    assert "range" not in lookbook.page(looks).split("<main>")[1].split("</main>")[0]


def test_photos_among_results_are_left_out(tmp_path, results):
    looks, skipped = lookbook.gather([tmp_path / "red_shirt.png", *results])
    assert len(looks) == 3 and len(skipped) == 1 and "red_shirt.png" in skipped[0]


def test_the_before_is_dropped_when_it_is_gone_or_of_another_shape(tmp_path, results):
    write_image(tmp_path / "red_shirt.png", picture(10, (90, 50)), overwrite=True)
    (tmp_path / "dress-2.png").unlink()
    looks, _ = lookbook.gather(results)
    assert [look.before for look in looks] == [None, None, None]
    lookbook.page(looks)
    contact_sheet.draw(looks)


def test_controls_are_said_as_a_designer_says_them():
    moved = {"controls": {"scale": 1.4, "repeat": "half-drop", "rotation": 15.0, "strength": 0.8, "shading": 1.5}}
    assert lookbook.controls_in_words(moved) == "scale 1.4, half-drop, 15°, strength 80 %, shading 150 %"
    assert lookbook.controls_in_words(moved, 21.0).startswith("print 21 cm, half-drop")
    assert lookbook.controls_in_words({"controls": {"scale": 1.0, "shading": 1.0}}) == ""
    assert lookbook.controls_in_words({"controls": {"strength": 1.0}}, 21.0) == "", "what a model paints has no print"


@pytest.mark.parametrize(
    "palette, words",
    [
        ("#865f5c=#606989,#101010=keep,#eeeeee=#a098ea", "in #606989, #a098ea"),
        ("navy,#e8c1a0", "in navy, #e8c1a0"),
        ("#111111,#222222,#333333,#444444", "in #111111, #222222, #333333…"),
        ("#865f5c=keep", "recoloured"),
    ],
)
def test_colours_are_said_without_code(palette, words):
    assert lookbook.controls_in_words({"controls": {"palette": palette}}) == words


def test_on_paper_a_heading_stays_with_what_it_heads(results):
    looks, _ = lookbook.gather(results)
    printed = lookbook.page(looks).split("@media print {")[1].split("</style>")[0]
    assert "h2 { break-after: avoid; }" in printed


def test_the_page_is_whole_and_asks_nothing_from_outside(results):
    looks, _ = lookbook.gather(results)
    text = lookbook.page(looks, "Autumn")
    page = Page(text)
    assert len(page.all("figure")) == 3 and len(page.all("h2")) == 2
    ranges = page.all("input")
    assert len(ranges) == 3 and all(attributes["type"] == "range" and attributes["aria-label"] for attributes in ranges)
    images = page.all("img")
    assert all(image.get("src", "data:image/").startswith("data:image/") for image in images)
    assert sum("data-copy" in image for image in images) == 1  # the shirt's photo is embedded once for two looks
    assert page.all("link") == [] and all("src" not in script for script in page.all("script"))
    outside = [address for address in re.findall(r"https?://[^\"' )]+", text) if "www.w3.org/2000/svg" not in address]
    assert outside == [] and "@import" not in text
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert "default-src 'none'" in policy


def test_every_text_is_escaped(tmp_path):
    evil = '<img src=x onerror="alert(1)">&$title'
    look = lookbook.Look(picture(1), picture(2), (), garment=evil, name=evil, how=evil, group="g")
    text = lookbook.page([look, look], evil)
    page = Page(text)
    assert "<img src=x" not in text and all("onerror" not in attributes for _, attributes in page.tags)
    assert "&amp;$title" in text
    contact_sheet.draw([look], evil)


def test_both_files_are_written_and_not_overwritten(tmp_path, results):
    looks, _ = lookbook.gather(results)
    page, sheet = lookbook.write(looks, tmp_path / "book")
    assert page.name == "lookbook.html" and read_image(sheet).pixels.shape[1] == contact_sheet.WIDTH
    with pytest.raises(UserError, match="exists"):
        lookbook.write(looks, tmp_path / "book")
    lookbook.write(looks, tmp_path / "book", overwrite=True)
    assert lookbook.write(looks, tmp_path / "only.html") == [tmp_path / "only.html"]
    with pytest.raises(UserError) as caught:
        lookbook.write([], tmp_path / "none.html")
    assert caught.value.exit_code == EXIT_DATA


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 12, 40])
def test_the_sheet_has_every_look_once_and_stays_white_around(count):
    looks = [lookbook.Look(picture(100 + i), picture(9) if i % 3 else None, group=str(i // 3)) for i in range(count)]
    rows = contact_sheet.arrange(looks)
    shown = [cell.picture for row in rows for cell in row]
    assert all(sum(look.after is picture for picture in shown) == 1 for look in looks)
    assert len({len(row) for row in rows[:-1]} | {6}) and max(len(row) for row in rows) <= 6
    sheet = contact_sheet.draw(looks, "A title that is far too long for one line " * 9)
    assert sheet.shape[1] == contact_sheet.WIDTH and sheet.shape[0] < contact_sheet.LARGEST_HEIGHT
    margin = 100
    for edge in (sheet[:margin], sheet[-margin:], sheet[:, :margin], sheet[:, -margin:]):
        assert (edge == 255).all()


def test_a_folder_in_one_cloth_is_a_grid_though_one_garment_has_two_looks():
    looks = [lookbook.Look(picture(k), picture(9), name="Dots", group=str(k // 2 if k < 2 else k)) for k in range(8)]
    assert Page(lookbook.page(looks, "Spring")).all("h2") == []


@pytest.mark.parametrize("singles", [8, 20, 70])
def test_garments_with_one_look_share_rows_beside_one_with_many(singles):
    lengths = [4, *[1] * singles]
    looks = [
        lookbook.Look(picture(9), picture(8), group=str(group))
        for group, length in enumerate(lengths)
        for _ in range(length)
    ]
    rows = contact_sheet.arrange(looks)
    columns = max(map(len, rows))
    assert sum(map(len, rows)) > 0.8 * columns * len(rows), "a sheet with a fifth of its places empty"
    assert len(rows) <= 3 * columns


def test_words_are_drawn_without_boxes(monkeypatch):
    monkeypatch.setattr(lettering, "KNOWN", ("no-such-font.ttf",))
    lettering._has.cache_clear()
    assert lettering.chosen("Crêpe № 3 …", 20)[1] == "Crêpe No 3 …"  # NFKD of a sign that Latin fonts lack
    assert lettering.chosen("Žluťoučký", 20)[1] == "Zlutoucký"
    assert lettering.chosen("衬衫 red", 20)[1] == "- red"
    font, words = lettering.chosen("Plain words", 20)
    assert words == "Plain words" and "Inter" in font.getname()


def test_a_font_of_the_computer_is_taken_where_it_has_the_letters(monkeypatch):
    other = ImageFont.load_default(20)
    monkeypatch.setattr(lettering, "KNOWN", ("other",))
    monkeypatch.setattr(lettering, "_font", lambda name, size: other if name == "other" else None)
    monkeypatch.setattr(lettering, "_has", lambda name, letter: name == "other")
    assert lettering.chosen("衬衫", 20) == (other, "衬衫")


def test_a_line_stays_in_its_room():
    page = Image.new("RGB", (400, 40), "white")
    lettering.line(ImageDraw.Draw(page), (10, 5), "A name much longer than its place " * 4, 20, (0, 0, 0), room=200)
    ink = np.flatnonzero((np.asarray(page) < 128).any(axis=(0, 2)))
    assert 150 < ink.max() <= 210


@pytest.mark.parametrize("count, swatches", [(1, 1), (4, 3), (60, 1), (60, 3)])
def test_a_caption_names_all_its_colours(count, swatches, monkeypatch):
    how = "print 12.5 cm, half-drop, 45.5°, strength 80 %, in #606989, #a098ea, #1c2a3f…"
    chips = tuple(picture(n) for n in range(swatches))
    looks = [lookbook.Look(picture(9), None, chips, how=how, group=str(n // 4)) for n in range(count)]
    drawn = []
    write = lettering.line
    monkeypatch.setattr(lettering, "line", lambda pen, place, text, size, *rest: drawn.append((text, size, rest[1])))
    height = contact_sheet.draw(looks).shape[0]
    words = [(text, size, room) for text, size, room in drawn if "#" in text]
    assert sum(text.count("#") for text, _, _ in words) == 3 * count
    assert all(lettering._length(text, size) <= room for text, size, room in words)
    monkeypatch.setattr(lettering, "line", write)
    assert height < contact_sheet.LARGEST_HEIGHT


def test_a_long_title_of_a_pdf_stays_left_of_the_page_number(monkeypatch):
    pdf = pytest.importorskip("muslin.studio.work.pdf")
    pages = []
    monkeypatch.setattr(pdf, "_fit", lambda pixels, room: Image.new("RGB", (8, 8), "white"))
    for title in ("", "A title that is far too long for one line " * 5):
        pages.append(np.asarray(pdf._page(lookbook.Look(picture(9)), title, 3, 12)).min(axis=2))
    right = pdf.PAGE[0] - pdf.MARGIN - pdf.NUMBER
    assert (pages[0][:120, :right] > 250).all() and (pages[1][:120, :right] < 200).any()
    assert (pages[0][:120, right:] == pages[1][:120, right:]).all()


def test_a_long_title_takes_a_second_line() -> None:
    """Two names of cloth do not fit beside each other; the words below move down, the sheet grows by a line."""
    shirt = np.full((200, 150, 3), 120, np.uint8)
    one, two = (
        lookbook.Look(after=shirt, name=name, how="scale 2", group="a")
        for name in ("Tartan", "Watercolour peonies over a windowpane check in charcoal and moss")
    )
    short, long = (contact_sheet.draw([look] * 3) for look in (one, two))
    assert 20 < len(long) - len(short) < 50
    cell = contact_sheet._caption(contact_sheet.Cell(shirt, two.name, two.how), 600, 10)
    assert len(cell.titles) == 2 and " ".join(cell.titles) == two.name
