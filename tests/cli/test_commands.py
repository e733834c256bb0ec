import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import muslin
from muslin import store
from muslin.cli import run, terminal
from muslin.images import write_image


def test_version_and_help(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"muslin {muslin.__version__}\n"
    for command in ([], ["restyle"], ["train"], ["data", "check"], ["models"], ["info"], ["lookbook"], ["demo"]):
        assert run([*command, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_the_version_is_that_of_the_package():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{muslin.__version__}"' in project


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from muslin.cli import run; run(['--help']);"
        "heavy = {'numpy', 'cv2', 'PIL', 'onnxruntime', 'keras', 'tensorflow', 'pydantic'} & set(sys.modules);"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - start < 5  # 0.3 s on a quiet machine; a busy one must not fail the test


def test_info(capsys):
    assert run(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["muslin"] == muslin.__version__ and "numpy" in facts["runtime"]
    assert run(["info"]) == 0
    assert "backend" in capsys.readouterr().out


def test_a_share_of_nothing_is_refused(capsys):
    assert run(["imagine", "print", "--weight", "0.3"]) == 2
    assert "--mix LOOK2" in capsys.readouterr().err


def test_models(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path))
    monkeypatch.setattr(store, "shipped_folder", lambda: tmp_path / "none")
    assert run(["models", "list"]) == 0 and capsys.readouterr().out == ""
    folder = tmp_path / "silk"
    folder.mkdir()
    (folder / "generator.onnx").write_bytes(b"x" * 100)
    store.write_card(folder, {"name": "silk", "recipe": "drape", "summary": "soft", "metrics": {"psnr": 27.5}})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.json").write_text("{")
    assert run(["models", "list"]) == 0
    out = capsys.readouterr().out
    assert "silk" in out and "soft" in out and "BROKEN" in out
    assert run(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["models"]
    assert [(row["name"], row["usable"]) for row in rows] == [("broken", False), ("silk", True)]
    assert run(["models", "show", "silk"]) == 0 and "psnr: 27.5" in capsys.readouterr().out
    assert run(["models", "show", "silk", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "drape"
    (folder / "generator.onnx").write_bytes(b"y")
    assert run(["models", "show", "silk"]) == 4


def test_data_check(tmp_path, capsys):
    random = np.random.default_rng(0)
    for index in range(3):
        write_image(tmp_path / f"{index}.png", random.integers(0, 255, (140, 140, 3), dtype=np.uint8))
    assert run(["data", "check", str(tmp_path)]) == 0
    assert "Only 3 pictures" in capsys.readouterr().out
    (tmp_path / "bad.png").write_text("no picture")
    assert run(["data", "check", str(tmp_path), "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert not report["usable"] and report["findings"][0]["files"] == ["bad.png"]
    assert run(["data", "check", str(tmp_path)]) == 3
    assert "UNUSABLE" in capsys.readouterr().out


def test_lookbook(tmp_path, capsys):
    write_image(tmp_path / "a.png", np.zeros((40, 30, 3), np.uint8))
    assert run(["lookbook", str(tmp_path / "a.png"), "-o", str(tmp_path / "book")]) == 0
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "book" / "lookbook.html"),
        str(tmp_path / "book" / "contact-sheet.png"),
    ]
    assert run(["lookbook", str(tmp_path / "a.png"), "-o", str(tmp_path / "book")]) == 1


def test_a_lookbook_says_whose_photo_it_could_not_find(tmp_path, capsys):
    from muslin.data.truth import render

    photo = write_image(tmp_path / "red jumper.png", render(3, (64, 64), plain=True).photo)
    cloth = write_image(tmp_path / "cloth.png", render(4, (64, 64)).photo)
    made = tmp_path / "made.png"
    assert run(["restyle", str(photo), "--style", str(cloth), "--mask", "none", "-o", str(made)]) == 0
    assert run(["lookbook", str(made), "-o", str(tmp_path / "one.html")]) == 0
    assert "Without their photo" not in capsys.readouterr().err
    photo.unlink()
    assert run(["lookbook", str(made), "-o", str(tmp_path / "two.html")]) == 0
    assert "Without their photo" in (said := capsys.readouterr().err) and "Red jumper" in said


def test_colour_only_for_a_terminal_that_wants_it(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.paint("x", terminal.RED, Terminal()) == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.paint("x", terminal.RED, Terminal()) == "x"


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_a_reader_that_leaves_early_sees_no_traceback():
    line = f"{sys.executable} -m muslin.cli info --json | head -c 1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
