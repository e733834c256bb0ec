"""The command `muslin studio`, where it does not come as far as a server."""

import socket
import sqlite3
import subprocess
import sys

import pytest

from muslin.cli import run
from muslin.errors import UserError
from muslin.studio import locks
from muslin.studio.server import address_of, serve


def test_a_port_that_is_taken_is_named(tmp_path, capsys):
    pytest.importorskip("fastapi")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["studio", "--port", port, "--no-browser", "--data", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert port in err and "--port" in err


def test_without_its_extra_it_says_how_to_install_it(tmp_path):
    code = ("import sys\nsys.modules['fastapi'] = None\nfrom muslin.cli import run\n"
            "sys.exit(run(['studio', '--no-browser', '--data', sys.argv[1]]))")  # fmt: skip
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert told.returncode == 5 and "muslin[studio]" in told.stderr and "Traceback" not in told.stderr


def test_help_costs_no_web_framework():
    code = ("import sys\nfrom muslin.cli import run\nrun(['studio', '--help'])\n"
            "assert not {'fastapi', 'uvicorn', 'cv2'} & set(sys.modules)")  # fmt: skip
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "--port" in told.stdout


def test_chosen_again_it_shows_the_one_that_is_open(tmp_path, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("muslin.cli.studio._has_display", lambda: True)
    monkeypatch.setattr("webbrowser.open", shown.append)
    held = locks.acquire(tmp_path / "server.lock", wait=False, text="http://127.0.0.1:4711/")
    assert run(["studio", "--data", str(tmp_path)]) == 0
    assert shown == ["http://127.0.0.1:4711/"] == capsys.readouterr().out.split()
    held.close()
    assert address_of(tmp_path) is None


@pytest.mark.parametrize("hinders", ["database", "lock"])
def test_where_it_cannot_start_it_leaves_port_and_folder_free(tmp_path, hinders):
    pytest.importorskip("fastapi")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    if hinders == "database":
        (tmp_path / "studio.sqlite").write_bytes(b"no database" * 1000)
        held = None
    else:
        held = locks.acquire(tmp_path / "server.lock", wait=False, text="http://127.0.0.1:4711/")
    with pytest.raises((sqlite3.DatabaseError, UserError)) as caught:  # whose traceback keeps what is not closed
        serve(tmp_path, port=port)
    with socket.create_server(("127.0.0.1", port)):
        pass
    if held is not None:
        held.close()
    locks.acquire(tmp_path / "server.lock", wait=False).close()
    assert caught.value
