"""A studio of its own in a process of its own, asked over real HTTP."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")

START = """
import sys, pathlib
from muslin.studio.server import serve
from muslin.studio.service import Limits
limits = Limits(upload_bytes=3_000_000, upload_pixels=4_000_000, queue=6)
serve(pathlib.Path(sys.argv[1]), port=0, token=sys.argv[2] or None, with_samples=False, limits=limits,
      on_ready=lambda address: print(address, flush=True))
"""


class Server:
    """A running studio. `client` asks it; `kill` ends it as a power cut would."""

    def __init__(self, data: Path, token: str = "") -> None:
        self.data, self.token = data, token
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(self.data), self.token], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:")
        self.client = httpx.Client(base_url=self.address.split("?")[0], timeout=120)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(20)

    def worker(self) -> int:
        """Its process id, once it has one."""
        return until(lambda: _read_pid(self.data / "worker-work.lock"))

    def kill_worker(self) -> None:
        os.kill(self.worker(), signal.SIGKILL)

    # ----------------------------------------------------------------------------------------------- in few words

    @property
    def project(self) -> str:
        return self.client.get("/v1/info").json()["project"]

    def upload(self, kind: str, data: bytes, name: str = "photo.png", **form: object) -> dict:
        if kind == "garments":
            form = {"project": self.project, **form}
        answer = self.client.post(f"/v1/{kind}", files={"file": (name, data)}, data=form)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def submit(self, garment: dict, look: dict, **more: object) -> dict:
        body = {"kind": "restyle", "project": self.project, "garments": [garment["id"]],
                "looks": [{"look": look["id"]}], **more}  # fmt: skip
        answer = self.client.post("/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
        return answer.json()

    def job(self, identity: str) -> dict:
        return self.client.get(f"/v1/jobs/{identity}").json()

    def ended(self, identity: str, seconds: float = 120) -> dict:
        def look() -> dict | None:
            job = self.job(identity)
            return job if job["state"] in ("done", "failed", "cancelled") else None

        return until(look, seconds)

    def pixels(self, picture: dict):
        from muslin.images import read_image

        return read_image(self.client.get(picture["url"]).content).pixels


def until(ask, seconds: float = 60):
    """The first true answer, asked twenty times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s")


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text() or 0)
    except (OSError, ValueError):
        return None


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("studio"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def rendered():
    """A garment of the truth world, small: photo, mask and all that is known."""
    from muslin.data.truth import render

    return render(5, (256, 192), kind="dress", plain=True)


@pytest.fixture(scope="session")
def photo(rendered) -> bytes:
    from muslin.images import encode_image

    return encode_image(rendered.photo, "PNG")


@pytest.fixture(scope="session")
def mask(rendered) -> bytes:
    import numpy as np

    from muslin.images import encode_image

    return encode_image(np.round(rendered.mask * 255).astype(np.uint8), "PNG")


@pytest.fixture(scope="session")
def tartan() -> bytes:
    from muslin.images import encode_image
    from muslin.textiles.procedural import swatch

    return encode_image(swatch("tartan", 1, 96), "PNG")


@pytest.fixture(scope="session")
def garment(server, photo, mask) -> dict:
    made = server.upload("garments", photo, "linen_dress.png", length_cm=100)
    headers = {"Content-Type": "image/png"}
    return server.client.put(f"/v1/garments/{made['id']}/mask", content=mask, headers=headers).json()


@pytest.fixture(scope="session")
def look(server, tartan) -> dict:
    return server.upload("looks", tartan, "red_tartan.png")
