"""Names, folders and disks that do not do as they are told: nothing hangs, nothing is lost, nothing is left half."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import corpus
import pytest

from muslin.data.folder import scan
from muslin.errors import UserError
from muslin.images import read_image

LIBC = ctypes.CDLL(None)
PR_CAPBSET_DROP = 24  # linux/prctl.h
NAMES = [
    'it\'s a "photo".jpg', "new\nline.jpg", "東京 сорочка قميص.jpg", "-dash.jpg", "a:0.5.jpg", "\x1b[2Jred.jpg",
    "%s{}.jpg",
    os.fsdecode(b"latin\xe9.jpg"), "..jpg", "a.b.c.JPG", " .jpg", "$HOME`id`;rm.jpg", "\U0001f455.jpg",
    "x" * 251 + ".jpg",
]  # fmt: skip


def test_names_of_any_letters(muslin) -> None:
    """A folder of them is done in one go, each under its own name; what is printed steers no terminal."""
    Path("photos").mkdir()
    for name in NAMES:
        (Path("photos") / name).write_bytes(corpus.good("JPEG", 24, 18))
    outcome = muslin(
        "restyle", "photos", "-s", "cloth.png", "--mask", "none", "--model", "luminance", "-o", "made", "--json", "-v"
    )
    report = json.loads(outcome.out)
    done = {entry["source"] for entry in report["results"]}
    expected = {os.path.join("photos", name) for name in NAMES if not name.startswith(".")}
    assert outcome.code == 0 and done == expected and not report["failed"]
    assert len(list(Path("made").iterdir())) == len(expected)
    assert "\x1b" not in outcome.err


def test_names_that_do_not_fit(muslin) -> None:
    line = ("restyle", "good.jpg", "-s", "cloth.png", "--mask", "none", "--model", "luminance", "-o")
    for output in (
        "x" * 300 + ".png",
        "y" * 300 + "/a.png",
        "made/" + "z" * 300,
        "good.jpg/x.png",
        "/dev/null",
        "a\0b",
    ):
        assert muslin(*line, output).code == 1
    assert not list(Path().rglob(".muslin-*"))


def test_links(muslin) -> None:
    """Links that lead nowhere or in a circle are bad files; a folder that holds itself is gone through once."""
    photos = Path("photos")
    photos.mkdir()
    (photos / "good.jpg").write_bytes(corpus.good())
    (photos / "nowhere.jpg").symlink_to("gone.jpg")
    (photos / "circle.jpg").symlink_to("circle.jpg")
    (photos / "again").symlink_to(photos.resolve(), target_is_directory=True)
    outcome = muslin("restyle", photos, "-s", "cloth.png", "--mask", "none", "-o", "made", "--json")
    report = json.loads(outcome.out)
    assert outcome.code == 1 and [Path(entry["source"]).name for entry in report["results"]] == ["good.jpg"]
    assert {Path(entry["source"]).name for entry in report["failed"]} == {"nowhere.jpg", "circle.jpg"}
    assert muslin("data", "check", photos).code == 3  # two files cannot be read


def test_pipes_never_hang(muslin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes into is given up; one with a picture in it is a picture, as of `<(command)`."""
    monkeypatch.setattr("muslin.images.reading.PIPE_SECONDS", 0.3)
    photos = Path("photos")
    photos.mkdir()
    for name in ("pipe.jpg", "made.cloth.png"):
        os.mkfifo(photos / name)
    (photos / "good.jpg").write_bytes(corpus.good())
    outcome = muslin("restyle", photos, "-s", "cloth.png", "--mask", "none", "-o", "made", "--json")
    report = json.loads(outcome.out)
    assert [Path(entry["source"]).name for entry in report["results"]] == ["good.jpg"]
    assert all("nothing comes out" in entry["error"]["problem"] for entry in report["failed"])
    assert len(report["failed"]) == 2 and muslin("data", "check", photos).code == 3
    assert muslin("restyle", "good.jpg", "-s", photos / "pipe.jpg").code == 3
    assert [problem.path.name for problem in scan(photos).problems] == ["made.cloth.png", "pipe.jpg"]


def test_a_pipe_with_a_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    data = corpus.good("PNG", 600, 500)  # more than a pipe holds at once

    def write() -> None:
        time.sleep(0.1)
        (tmp_path / "pipe").write_bytes(data)

    writer = threading.Thread(target=write)
    writer.start()
    assert (read_image(tmp_path / "pipe").pixels == read_image(data).pixels).all()
    writer.join()
    shell = f"exec {sys.executable} -c 'import sys, muslin.images as i; i.read_image(sys.argv[1])' <(cat $0)"
    (tmp_path / "p.png").write_bytes(data)
    assert subprocess.run(["bash", "-c", shell, str(tmp_path / "p.png")], timeout=60).returncode == 0


def test_devices_and_sockets_are_no_pictures() -> None:
    for path in ("/dev/zero", "/dev/null", "/dev/full", "/proc/self/mem", "/"):
        with pytest.raises(UserError):
            read_image(path)


def test_a_full_disk(muslin_process, tmp_path: Path) -> None:
    """Files may not grow beyond 60 kB: large results fail in words, small ones are whole, nothing half is left."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, side in enumerate((24, 600, 30)):
        (photos / f"{number}.jpg").write_bytes(corpus.good("JPEG", side, side))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # noqa: E731
    line = ("restyle", photos, "-s", "cloth.png", "--mask", "none", "--model", "luminance", "-o", "made", "--json")
    outcome = muslin_process(*line, before=limit)
    report = json.loads(outcome.out)
    assert outcome.code == 1 and [Path(entry["source"]).name for entry in report["results"]] == ["0.jpg", "2.jpg"]
    assert "disk is full" in report["failed"][0]["error"]["problem"]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["0.cloth.png", "2.cloth.png"]


def test_a_disk_that_stays_full_ends_a_batch(muslin_process, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(6):
        (photos / f"{number}.jpg").write_bytes(corpus.good("JPEG", 600, 600) if number else corpus.good("JPEG", 24, 24))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # noqa: E731
    line = ("restyle", photos, "-s", "cloth.png", "--mask", "none", "--model", "luminance", "-o", "made", "--json")
    outcome = muslin_process(*line, before=limit)
    report = json.loads(outcome.out)
    assert outcome.code == 1 and [Path(entry["source"]).name for entry in report["results"]] == ["0.jpg"]
    said = [(Path(entry["source"]).name, entry["error"]["problem"][:9]) for entry in report["failed"]]
    assert said == [(f"{n}.jpg", "The disk ") for n in (1, 2, 3)] + [(f"{n}.jpg", "Not tried") for n in (4, 5)]
    assert "2 more photos were not tried" in outcome.err and "--skip-existing" in outcome.err


def test_standard_output_that_is_full(muslin_process, tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "muslin.cli", "restyle", "good.jpg", "-s", "cloth.png", "--mask", "none"]
        done = subprocess.run([*command, "-o", "-"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "No space left" in done.stderr and "Traceback" not in done.stderr


def without_rights() -> None:
    """Before a command starts: root may no longer pass over permissions (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    if os.geteuid() == 0:
        for right in (1, 2):
            if LIBC.prctl(PR_CAPBSET_DROP, right, 0, 0, 0):
                raise PermissionError


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that may not be entered; skips where this user cannot be kept out of anything."""
    folder = tmp_path / "photos" / "closed"
    folder.mkdir(parents=True)
    (folder / "in.jpg").write_bytes(corpus.good("JPEG", 24, 18))
    folder.chmod(0o000)
    try:
        done = subprocess.run(["ls", folder], preexec_fn=without_rights, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        done = None
    if done is None or not done.returncode:
        folder.chmod(0o755)
        pytest.skip("this user cannot give up the right to read everything")
    return folder


def test_no_permission(muslin_process, tmp_path: Path, closed: Path) -> None:
    """A photo that may not be read, a folder that may not be entered or written to."""
    photos, made = tmp_path / "photos", tmp_path / "made"
    for name in ("open.jpg", "shut.jpg"):
        (photos / name).write_bytes(corpus.good("JPEG", 24, 18))
    (photos / "shut.jpg").chmod(0o000)
    line = ("restyle", photos, "-s", "cloth.png", "--mask", "none", "--model", "luminance", "--json", "-o")
    outcome = muslin_process(*line, made, before=without_rights)
    report = json.loads(outcome.out)
    assert outcome.code == 1 and [Path(entry["source"]).name for entry in report["results"]] == ["open.jpg"]
    assert "may not be read" in report["failed"][0]["error"]["problem"]
    (tmp_path / "locked").mkdir(mode=0o555)
    for output in (tmp_path / "locked", tmp_path / "locked" / "new"):
        outcome = muslin_process(*line, output, before=without_rights)
        report = json.loads(outcome.out)
        assert outcome.code == 1 and not report["results"] and len(report["failed"]) == 2
        assert "may not be written to" in report["failed"][0]["error"]["problem"]
    assert not list((tmp_path / "locked").iterdir())
    closed.chmod(0o755)
