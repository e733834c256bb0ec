"""A studio of one's own for each module of tests, and a browser that reports everything it should not do."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import httpx
import pytest

from muslin import store

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120  # seconds for the slowest answer on two busy cores


class Studio:
    """`muslin studio` as a process of its own, with its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "muslin.cli", "studio", "--no-browser", "--port", str(self.port)]
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen([*command, "--data", str(self.folder / "data")], stdout=log, stderr=log)
        self.until(lambda: httpx.get(f"{self.url}/v1/info").json()["samples"])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def until(self, condition) -> None:
        """Wait until `condition()` is true; requests that are not answered yet count as false."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (httpx.HTTPError, KeyError):
                pass
            time.sleep(0.2)
        raise AssertionError(f"never happened: {(self.folder / 'log.txt').read_text()[-2000:]}")

    def items(self, path: str) -> list[dict]:
        return httpx.get(f"{self.url}{path}").raise_for_status().json()["items"]


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Iterator[Studio]:
    if CHROMIUM is None:
        pytest.skip("the page is tested in Chromium, and there is none on this machine")
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSLIN_MODELS", str(folder / "models"))
        opposite(folder / "models" / "opposite")
        studio = Studio(folder)
        studio.start()
        yield studio
        studio.stop()


def opposite(folder: Path) -> None:
    """A model that paints every colour as its opposite: a learned look of the simplest kind."""
    import onnx

    folder.mkdir(parents=True)
    shape = ["batch", "height", "width", 3]
    image, made = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("image", "out"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Neg", ["image"], ["out"])], "painter", [image], [made])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    (folder / "generator.onnx").write_bytes(model.SerializeToString())
    store.write_card(folder, {"name": "opposite", "recipe": "cut", "size": 32})


@pytest.fixture(scope="session")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture
def page(studio: Studio, browser, request) -> Iterator:
    """A fresh page. No request may leave this computer, no script may fail, no answer may be a fault of the server."""
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **getattr(request, "param", {})}
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    wrong: list[str] = []
    page.on("request", lambda sent: urlparse(sent.url).hostname in ("127.0.0.1", None) or wrong.append(sent.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # A refused picture (422) and a studio that is being restarted are the tests' own doing.
    meant = ("422", "net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_EMPTY_RESPONSE")
    page.on("console", lambda said: said.type == "error" and not any(word in said.text for word in meant)
            and wrong.append(said.text))  # fmt: skip
    page.on("response", lambda answer: answer.status >= 500 and wrong.append(f"{answer.status} {answer.url}"))
    page.goto(studio.url)
    page.locator(".desk").wait_for()
    yield page
    context.close()
    assert not wrong, wrong
