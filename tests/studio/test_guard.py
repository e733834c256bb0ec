"""What stands before the routes: hosts, origins, tokens, sizes, contents, paths."""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

from muslin import cli
from muslin.studio.api import security

from .conftest import Server, httpx

POLICY = {"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:",
          "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"}  # fmt: skip


def test_every_answer_carries_a_strict_policy(server):
    for path in ("/", "/v1/info", "/nothing", "/v1/openapi.json"):
        answer = server.client.get(path)
        policy = set(answer.headers["content-security-policy"].split("; "))
        assert policy >= POLICY and not any("unsafe" in part or "*" in part or "http" in part for part in policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers and "server" not in answer.headers


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"Host": ""}, {"Origin": "http://evil.example"},
    {"Origin": "null"}, {"Origin": "https://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
])  # fmt: skip
def test_pages_of_others_are_refused(server, headers):
    for method in ("GET", "POST"):
        answer = server.client.request(method, "/v1/projects", headers=headers, json={"name": "x"})
        assert answer.status_code == 403 and answer.json()["type"] == "urn:muslin:origin"


def test_the_own_page_and_programs_are_not(server):
    origin = str(server.client.base_url).rstrip("/")
    for headers in ({"Origin": origin, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}):
        assert server.client.get("/v1/info", headers=headers).status_code == 200
    # a link on another page may open the studio, as it may open any page; it cannot read it
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert server.client.get("/", headers=opened).status_code == 200
    assert server.client.get("/v1/info", headers=opened).status_code == 403


def test_a_token_is_asked_for_where_one_is_set(tmp_path):
    server = Server(tmp_path / "data", token="secret-word")
    try:
        assert server.address.endswith("/?token=secret-word")
        asked = server.client.get("/v1/info")
        assert asked.status_code == 401 and asked.headers["www-authenticate"] == "Bearer"
        for wrong in ("Bearer secret", "Basic secret-word", "Bearer x"):
            assert server.client.get("/v1/info", headers={"Authorization": wrong}).status_code == 401
        assert server.client.get("/?token=wrong").status_code == 401
        assert server.client.get("/v1/info", headers={"Authorization": "Bearer secret-word"}).status_code == 200
        opened = server.client.get("/", params={"token": "secret-word"})
        cookie = opened.headers["set-cookie"].lower()
        assert opened.status_code == 303 and "httponly" in cookie and "samesite=strict" in cookie
        assert server.client.get("/v1/info").status_code == 200  # by the cookie
        assert server.client.get("/healthz", cookies={}).status_code == 200
    finally:
        server.close()


def test_beyond_loopback_a_token_is_made(tmp_path):
    code = ("import sys, pathlib, os\nfrom muslin.studio.server import serve\n"
            "serve(pathlib.Path(sys.argv[1]), host='0.0.0.0', port=0, with_samples=False,\n"
            "      on_ready=lambda address: (print(address, flush=True), os._exit(0)))")  # fmt: skip
    made = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120)
    address, _, token = made.stdout.strip().partition("?token=")
    assert address.startswith("http://0.0.0.0:") and len(token) >= 24


@pytest.mark.parametrize("path", [
    "/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/assets/../../../etc/passwd",
    "//etc/passwd", "/index.html%00.png", "/v1/files/..%2f..%2fstudio.sqlite", "/v1/files/" + "0" * 64,
    "/v1/files/" + "A" * 64, "/v1/files/%00", "/v1/files/" + "0" * 64 + "/thumbnail", "/.env", "/studio.sqlite",
])  # fmt: skip
def test_no_path_leads_out(server, path):
    url = httpx.URL(str(server.client.base_url)).copy_with(raw_path=path.encode())
    answer = server.client.get(url)
    assert answer.status_code in (404, 422) and answer.headers["content-type"] == "application/problem+json"
    assert "root:" not in answer.text


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that claims 3.6 billion pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


HOSTILE = {
    "empty": b"", "text": b"hello", "html": b"<html><script>alert(1)</script>", "svg": b"<svg onload='alert(1)'/>",
    "zip": b"PK\3\4" + b"\0" * 100, "gif": b"GIF89a" + b"\0" * 40, "bomb": bomb(), "png head": b"\x89PNG\r\n\x1a\n",
    "jpeg head": b"\xff\xd8\xff\xe0" + b"\0" * 50, "webp head": b"RIFF\x10\0\0\0WEBPVP8 ",
    "tiff head": b"II*\0\x08\0\0\0",
    "url": b"http://127.0.0.1:1/x.png", "pdf": b"%PDF-1.7 ", "nul": b"\0" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_uploads_are_refused_by_content(server, name):
    for address in ("/v1/garments", "/v1/looks", "/v1/settings"):
        form = {"project": server.project} if "garments" in address else {}
        file = ("../../etc/cron.d/x.png", HOSTILE[name], "image/png")
        answer = server.client.post(address, files={"file": file}, data=form)
        assert answer.status_code == 422, (address, answer.text)
        assert answer.json()["type"] in ("urn:muslin:user-error", "urn:muslin:invalid")
    assert server.client.get("/healthz").status_code == 200


def test_sizes_are_bounded_before_they_are_read(server, tartan):
    big = b"\x89PNG\r\n\x1a\n" + b"\0" * 3_000_001
    assert server.client.post("/v1/looks", files={"file": ("x.png", big)}).status_code == 413
    own = server.client.post("/v1/settings", files={"file": ("x.png", big + b"\0" * 200_000)})
    assert own.status_code == 422  # no picture; but one that the studio made may be so large

    def endless():
        for _ in range(60):
            yield b" " * 100_000

    answer = server.client.post("/v1/projects", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413 and answer.json()["type"] == "urn:muslin:too-large"


def test_names_become_harmless(server, tartan):
    look = server.upload("looks", tartan, "..\\..\\évil\u202egnp.exe\r\nSet-Cookie: x=1.png")
    assert "\n" not in look["name"] and "\u202e" not in look["name"] and "\\" not in look["name"]
    named = server.client.get(look["picture"]["url"], params={"download": 'a"b\r\nX: y/../ü.png'})
    assert named.status_code == 200 and "x" not in named.headers
    assert "\n" not in named.headers["content-disposition"]


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def test_hostile_projects_are_refused(server):
    garment = {"id": "0" * 16, "name": "x", "created": 1.0, "photo": "a" * 64, "mask": "b" * 64, "mask_kind": "auto",
               "mask_source": "file", "confidence": 1.0, "share": 0.5, "box": [0, 0, 1, 1], "length_cm": 70.0,
               "auto": {"mask": "b" * 64}}  # fmt: skip
    whole = {"format": 1, "project": "x", "garments": [garment], "looks": [], "results": []}
    for data in (
        b"PK\3\4", archive(), archive(**{"manifest.json": b"{}"}), archive(**{"manifest.json": b"[" * 100_000}),
        archive(**{"manifest.json": json.dumps(whole).encode()}),
        archive(**{"manifest.json": json.dumps(whole).encode(), f"files__{'a' * 64}.png": b"x"}),
        archive(**{"manifest.json": json.dumps({**whole, "garments": [{**garment, "photo": "../../x"}]}).encode()}),
        archive(**{"manifest.json": b" " * 60_000_000}),
    ):  # fmt: skip
        answer = server.client.post("/v1/projects/import", files={"file": ("p.zip", data)})
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "urn:muslin:user-error"


def test_other_methods_are_answered_with_those_there_are(server):
    answer = server.client.put("/v1/projects")
    assert answer.status_code == 405 and set(answer.headers["allow"].split(", ")) == {"GET", "POST"}
    assert server.client.request("TRACE", "/v1/projects").status_code == 405


def test_garbled_json_is_no_fault(server):
    for body in (
        b"{", b"\xff\xfe", b'{"name": "\\ud800"}', b'{"name": NaN}', b"[" * 50_000, b'{"name": "a"} x', b"null",
    ):  # fmt: skip
        answer = server.client.post("/v1/projects", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), (body[:20], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_empty_token_is_no_token(tmp_path, capsys):
    """As in --token "$TOKEN" where TOKEN is not set: a request without a token would have it."""
    assert cli.run(["serve", "--data", str(tmp_path), "--host", "0.0.0.0", "--token", ""]) == 2
    assert "token is empty" in capsys.readouterr().err
    assert not security._same("", "") and security._same("a", "a") and not security._same("", "a")
