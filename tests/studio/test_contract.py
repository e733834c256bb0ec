"""The OpenAPI document and the service agree: schemathesis asks what it allows, and what it does not."""

import subprocess
import sys

import pytest

from .conftest import Server

pytest.importorskip("schemathesis")

EXAMPLES = 8  # a route; benchmarks/studio.py asks more, and for every boundary of every field


def test_the_document_is_whole(server):
    document = server.client.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        assert path.startswith("/v1/")
        for method, operation in methods.items():
            assert {"401", "403", "405", "413", "422"} <= operation["responses"].keys(), (method, path)
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def things(server, photo, tartan) -> dict[str, str]:
    """One of each, by the path under which it lies."""
    garment, look = server.upload("garments", photo), server.upload("looks", tartan)
    job = server.ended(server.submit(garment, look, variants=1)["id"])
    pictures = [("files", (f"{index}.png", tartan + b"\0" * index)) for index in range(5)]
    return {
        "garments": garment["id"], "looks": look["id"], "jobs": job["id"], "results": job["results"][0],
        "projects": server.project, "sets": server.client.post("/v1/sets", files=pictures).json()["id"],
        "files": look["picture"]["sha256"],
    }  # fmt: skip


def test_schemathesis_finds_nothing(tmp_path, photo, tartan):
    server = Server(tmp_path / "data")
    try:
        config = tmp_path / "schemathesis.toml"
        config.write_text(CONFIG + "".join(KNOWN.format(*item) for item in things(server, photo, tartan).items()))
        made = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(config), "run",
                server.address + "v1/openapi.json", "--max-examples", str(EXAMPLES), "--exclude-path-regex", "events$",
                "--phases", "fuzzing", "--seed", "1", "--request-timeout", "60", "--workers", "2",
                "--suppress-health-check", "all", "--warnings", "off",
            ],
            capture_output=True, text=True, timeout=900, cwd=tmp_path,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout[-30000:] + made.stderr[-2000:]
        assert server.client.get("/healthz").status_code == 200
    finally:
        server.close()


# Ids in bodies and pictures are drawn at random, so a request that its schema allows may be about nothing (404), or
# carry bytes that are no picture (422): both are right answers to it.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "415", "422", "429", "501"]
"""
KNOWN = """
[[operations]]
include-path-regex = "^/v1/{0}/[{{]"
exclude-method = "DELETE"
parameters = {{ identity = "{1}", other = "{1}", sha256 = "{1}" }}
"""
