import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from muslin.cli import jobs, run
from muslin.cli.restyle import MIXES, REPEATS, SEAMS, SHOWS, look_name
from muslin.data.folder import list_files
from muslin.errors import UserError
from muslin.images import FORMATS, find_images, read_image, write_image
from muslin.restyle import metadata

PLACING = ("--offset", "0.5,-0.25", "--seamless", "no")


def test_one_photo_writes_beside_it_and_prints_the_path(studio, capsys):
    assert run(["restyle", "shirt.jpg", "--style", "tartan.png"]) == 0
    out, err = capsys.readouterr()
    assert out == "shirt.tartan.png\n" and err == ""
    assert (read_image("shirt.tartan.png").pixels == 200).all()


def test_nothing_is_overwritten_unless_asked(studio, capsys):
    line = ["restyle", "shirt.jpg", "--style", "tartan.png"]
    assert run(line) == 0 and run(line) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run([*line, "--overwrite"]) == 0


def test_a_swatch_that_is_too_small_for_its_garment_is_named_once(studio, capsys):
    write_image("large.png", np.full((400, 300, 3), 90, np.uint8))
    write_image("tiny.png", np.full((16, 12, 3), 200, np.uint8))
    assert run(["restyle", "large.png", "shirt.jpg", "-s", "tiny.png", "-o", "out"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("'tiny.png' has 16 px and is laid 8 times as large") == 1 and "--scale" in said
    assert run(["restyle", "large.png", "-s", "tiny.png", "--scale", "0.4", "-o", "b"]) == 0
    assert "times as large" not in capsys.readouterr().err


def test_what_is_transparent_in_a_style_is_told(studio, capsys):
    clear = np.zeros((300, 300), np.uint8)
    clear[100:200, 100:200] = 255
    write_image("logo.png", np.full((300, 300, 3), 70, np.uint8), alpha=clear)
    write_image("patch.png", np.full((300, 300, 3), 70, np.uint8))
    for style, more, words in (
        ("logo.png", [], "laid on white. --repeat once"),
        ("logo.png", ["--repeat", "once"], ""),
        ("patch.png", [], ""),
        ("patch.png", ["--repeat", "once"], "with all of its background"),
    ):
        assert run(["restyle", "shirt.jpg", "photos", "-s", style, *more, "-o", "out", "--overwrite"]) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert said.count("Note:") == bool(words) and words in said


def test_a_print_that_lies_on_nothing_is_named(studio, capsys, fake):
    write_image("grey.png", np.full((90, 90, 3), 90, np.uint8), alpha=np.full((90, 90), 254, np.uint8))
    write_image("also-grey.png", np.full((90, 90, 3), 91, np.uint8))
    assert run(["restyle", "also-grey.png", "shirt.jpg", "-s", "grey.png", "--repeat", "once", "-o", "out"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("lies beside the garment") == said.count("on also-grey.png the print") == 1


def test_a_folder_is_gone_on_with(studio, fake, capsys):
    line = ["restyle", "photos", "--style", "tartan.png", "-o", "out", "-n", "2", "--skip-existing"]
    assert run(line) == 0
    made = capsys.readouterr().out.split()
    first = Path(made[0]).read_bytes()
    Path(made[1]).unlink()
    assert run(line) == 0
    out, err = capsys.readouterr()
    assert out.split() == [made[1]] and f"{len(made) // 2 - 1} of {len(made) // 2} photos are done" in err
    assert Path(made[0]).read_bytes() == first
    assert run(line) == 0 and capsys.readouterr().out == ""
    assert run([*line, "--overwrite"]) == 2


def test_controls_reach_the_restyler(studio, fake):
    line = "restyle shirt.jpg -s tartan.png --scale 1.5 --rotate 30 --repeat half-drop --strength 0.8 --shading 0.5"
    more = ["--palette", "#aabbcc,navy", "--mask", "none", "--seed", "7", "--mix", "panels", *PLACING]
    assert run([*line.split(), *more]) == 0
    assert fake.calls == [
        {
            "model": "drape",
            "mask": "none",
            "seed": 7,
            "scale": 1.5,
            "rotation": 30.0,
            "repeat": "half-drop",
            "strength": 0.8,
            "shading": 0.5,
            "palette": "#aabbcc,navy",
            "mix": "panels",
            "offset": (0.5, -0.25),
            "seamless": False,
        }
    ]


def test_an_offset_is_two_finite_numbers(studio, capsys):
    for text in ("1", "1,2,3", "a,b", "nan,0"):
        assert run(["restyle", "shirt.jpg", "--style", "tartan.png", "--offset", text]) == 2
        assert "offset" in capsys.readouterr().err


def test_a_folder_becomes_a_folder(studio, capsys):
    assert run(["restyle", "photos", "--style", "tartan.png", "-o", "out"]) == 0
    assert capsys.readouterr().out.split() == ["out/one.tartan.png", "out/skirts/two.tartan.png"]
    assert run(["restyle", "photos", "--style", "tartan.png"]) == 0
    assert Path("photos.tartan/skirts/two.tartan.png").is_file()


def test_a_folder_does_not_restyle_its_own_results(studio, capsys):
    assert run(["restyle", "photos/one.png", "--style", "tartan.png"]) == 0
    capsys.readouterr()
    assert run(["restyle", "photos", "--style", "dots.png", "-o", "out"]) == 0
    assert capsys.readouterr().out.split() == ["out/one.dots.png", "out/skirts/two.dots.png"]


def test_a_bad_file_is_reported_and_the_rest_goes_on(studio, capsys):
    Path("photos/bad.jpg").write_text("no picture")
    assert run(["restyle", "photos", "--style", "tartan.png", "-o", "out", "--json"]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert len(document["results"]) == 2 and "bad.jpg" in err
    (failed,) = document["failed"]
    assert failed["source"] == "photos/bad.jpg" and failed["error"]["exit_code"] == 3
    assert document["results"][0]["settings"]["model"]["name"] == "drape"


def test_pictures_of_other_formats_in_a_folder_are_named(studio, capsys):
    Image.new("RGB", (40, 40), "navy").save("photos/scan.bmp")
    Path("photos/IMG_0001.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    Path("photos/notes.txt").write_text("no picture at all")
    assert run(["restyle", "photos", "--style", "tartan.png", "-o", "out", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(document["results"]) == 2
    assert {Path(item["source"]).name for item in document["failed"]} == {"scan.bmp", "IMG_0001.HEIC"}
    assert all("ormat" in str(item["error"]) or "read" in str(item["error"]) for item in document["failed"])


def test_variants_have_numbers_and_seeds(studio, capsys):
    assert run(["restyle", "shirt.jpg", "--style", "tartan.png", "-n", "12", "-o", "out"]) == 0
    names = capsys.readouterr().out.split()
    assert names[0] == "out/shirt.tartan.01.png" and names[-1] == "out/shirt.tartan.12.png"


def test_a_result_can_be_made_again_from_its_settings(studio, fake, capsys):
    line = ["restyle", "shirt.jpg", "-s", "tartan.png:2", "-s", "dots.png", "--scale", "0.5", "--seed", "3"]
    assert run([*line, "-o", "first.png", "--model", "silk"]) == 0
    assert run(["restyle", "--settings", "first.png", "-o", "second.png"]) == 0
    assert fake.calls[1] == {**fake.calls[0], "mask": "auto"}
    assert (read_image("first.png").pixels == read_image("second.png").pixels).all()
    assert run(["restyle", "dress.png", "--settings", "first.png", "--scale", "2", "-o", "third.png"]) == 0
    assert fake.calls[2] == {**fake.calls[1], "scale": 2.0}
    assert run(["restyle", "--settings", "shirt.jpg"]) == 3
    assert "carries no settings" in capsys.readouterr().err
    text = metadata.settings_to_text({"kind": "imagine", "seed": 1})
    write_image("print.png", np.zeros((9, 9, 3), np.uint8), text=text)
    assert run(["restyle", "--settings", "print.png"]) == 2
    assert "--style print.png" in capsys.readouterr().err


def test_standard_input_and_output(studio, monkeypatch, capfdbinary):
    monkeypatch.setattr(sys, "stdin", type("In", (), {"buffer": io.BytesIO(Path("shirt.jpg").read_bytes())}))
    assert run(["restyle", "-", "--style", "tartan.png"]) == 0
    assert (read_image(capfdbinary.readouterr().out).pixels == 200).all()


def test_masks_file_and_folder(studio, fake):
    Path("masks/skirts").mkdir(parents=True)
    write_image("masks/skirts/two.png", np.zeros((40, 30), np.uint8))
    assert run(["restyle", "photos", "--style", "tartan.png", "--mask", "masks", "-o", "out"]) == 0
    assert [call["mask"] for call in fake.calls] == [None, Path("masks/skirts/two.png")]
    assert run(["restyle", "shirt.jpg", "--style", "tartan.png", "--mask", "nowhere.png"]) == 3


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (["restyle"], 2, "Which photo"),
        (["restyle", "shirt.jpg"], 2, "--style"),
        (["restyle", "shirt.jpg", "--style", "silk.png"], 3, "no swatch 'silk.png'"),
        (["restyle", "nothing.jpg", "--style", "tartan.png"], 3, "nothing.jpg"),
        (["restyle", "shirt.jpg", "--style", "tartan.png:0"], 2, "weight"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "--strength", "much"], 2, "--strength"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "--repeat", "spiral"], 2, "half-drop"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "--model", "velvet"], 4, "velvet"),
        (["restyle", "photos", "--style", "tartan.png", "-o", "one.png"], 2, "folder"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "-n", "2", "-o", "-"], 2, "one result"),
        (["restyle", "-", "shirt.jpg", "--style", "tartan.png"], 2, "Standard input"),
        (["restyle", "shirt.jpg", "--stlye", "tartan.png"], 2, "--stlye"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "-o", "out.gif"], 2, "no format that muslin writes"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "--workers", "2"], 2, "Add --ray"),
        (["restyle", "", "--style", "tartan.png"], 2, "is empty"),
        (["restyle", "shirt.jpg", "--style", ""], 2, "is empty"),
        (["restyle", "shirt.jpg", "--style", "tartan.png", "-o", ""], 2, "is empty"),
        (["train", "dcgan", ""], 2, "is empty"),
        (["weave"], 2, "weave"),
        (["models", "show", "velvet"], 4, "velvet"),
        (["data", "check", "nowhere"], 3, "nowhere"),
    ],
)
def test_mistakes_teach(studio, capsys, line, code, words):
    assert run(line) == code
    out, err = capsys.readouterr()
    assert words in err and "Error:" in err and "Traceback" not in err and out == ""


def test_errors_as_json(studio, capsys):
    assert run(["restyle", "nothing.jpg", "--style", "tartan.png", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 3
    for mistyped in (["--stlye", "x"], ["-n", "0"]):
        assert run(["restyle", "shirt.jpg", "--style", "tartan.png", "--json", *mistyped]) == 2
        told = json.loads(capsys.readouterr().out)["error"]
        assert told["exit_code"] == 2 and mistyped[0] in told["problem"] and "--help" in told["advice"]


def test_photos_whose_garment_was_hard_to_find_are_named_the_worst_first(studio, fake, monkeypatch, capsys):
    sure = {"one": 0.8, "two": 0.3, "shirt": 0.93}
    made = fake.variants

    def doubtful(self, photo, *arguments, **controls):
        for result in made(self, photo, *arguments, **controls):
            result.params["mask"] = {"kind": "auto", "confidence": sure[photo.stem]}
            yield result

    monkeypatch.setattr(fake, "variants", doubtful)
    line = ["restyle", "photos", "shirt.jpg", "--style", "tartan.png", "-o", "out"]
    assert run(line) == 0
    err = capsys.readouterr().err
    assert err.index("two.png (30% sure)") < err.index("one.png (80% sure)") and "shirt" not in err and "--mask" in err
    assert run([*line, "--overwrite", "--quiet"]) == 0 and capsys.readouterr().err == ""


def test_contact_sheets_are_no_photos(studio, capsys):
    for name in ("contact-sheet.png", "tartan.contact-sheet.png", "bed-sheet.png"):
        write_image(Path("photos") / name, np.zeros((9, 9, 3), np.uint8))
    assert [path.name for path in find_images(["photos"])] == ["bed-sheet.png", "one.png", "two.png"]
    assert {place.path.name for place, _ in list_files("photos")[1]} == {"bed-sheet.png", "one.png", "two.png"}
    assert run(["restyle", "photos", "--style", "tartan.png", "-o", "out"]) == 0
    assert "3 of 3" in capsys.readouterr().err


def test_a_fault_of_muslin_is_one_line(studio, capsys, monkeypatch, fake):
    def broken(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(fake, "variants", broken)
    line = ["restyle", "shirt.jpg", "--style", "tartan.png"]
    assert run(line) == 1
    err = capsys.readouterr().err
    assert "boom" in err and "MUSLIN_DEBUG=1" in err and "Traceback" not in err
    monkeypatch.setenv("MUSLIN_DEBUG", "1")
    assert run(line) == 1 and "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130_and_tells_what_was_done(studio, monkeypatch, fake, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    whole = fake.variants
    monkeypatch.setattr(fake, "variants", interrupted)
    assert run(["restyle", "shirt.jpg", "--style", "tartan.png"]) == 130
    capsys.readouterr()
    monkeypatch.setattr(
        fake,
        "variants",
        lambda self, photo, *rest, **more: (interrupted if "dress" in str(photo) else whole)(
            self, photo, *rest, **more
        ),
    )
    assert run(["restyle", "shirt.jpg", "dress.png", "--style", "tartan.png", "-o", "out", "--json"]) == 130
    said = json.loads(capsys.readouterr().out)
    assert said["interrupted"] and [result["source"] for result in said["results"]] == ["shirt.jpg"]


def test_only_a_number_after_the_last_colon_is_a_weight(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("tartan.png", "look:2", "C:\\cloth.png", "a:b.png"):
        Path(name).write_bytes(b"")
    assert jobs.parse_style("tartan.png") == (Path("tartan.png"), 1.0)
    assert jobs.parse_style("tartan.png:0.7") == (Path("tartan.png"), 0.7)
    assert jobs.parse_style("look:2") == (Path("look:2"), 1.0)
    assert jobs.parse_style("look:2:0.5") == (Path("look:2"), 0.5)
    assert jobs.parse_style("C:\\cloth.png") == (Path("C:\\cloth.png"), 1.0)
    assert jobs.parse_style("C:\\cloth.png:3") == (Path("C:\\cloth.png"), 3.0)
    assert jobs.parse_style("a:b.png") == (Path("a:b.png"), 1.0)
    for wrong in ("tartan.png:-1", "tartan.png:nan", "tartan.png:inf", "tartan.png:x", "missing.png:0.5"):
        with pytest.raises(UserError):
            jobs.parse_style(wrong)


def test_photos_of_one_stem_do_not_share_a_target(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("p/a.jpg", "p/a.png", "p/a.webp", "q/a.jpg"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"")
    made = [target for job in jobs.plan(["p", "q"], "out", "look", 2) for target in job.targets]
    assert len(set(made)) == len(made) == 8


def test_names_repeated_for_speed_are_the_same():
    from muslin.garments import references
    from muslin.restyle import controls

    assert REPEATS == controls.LAID and set(MIXES) == set(controls.MIXES)
    assert set(SEAMS) == set(controls.SEAMS)
    assert SHOWS == references.SHOWS
    assert set(jobs.SUFFIXES) == set(FORMATS)
    assert look_name([Path("a b.png"), Path("c.jpg")]) == "a-b+c"
