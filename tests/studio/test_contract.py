"""The OpenAPI document and the service agree: schemathesis asks what it allows, and what it does not."""

import subprocess
import sys

import pytest

pytest.importorskip("schemathesis")

EXAMPLES = 6  # a route; benchmarks/studio.py asks more


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


def test_schemathesis_finds_nothing(server, garment, look, tmp_path):
    from schemathesis import __version__  # noqa: F401

    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    made = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"),
            "run", str(server.client.base_url) + "/v1/openapi.json", "--max-examples", str(EXAMPLES),
            "--exclude-path-regex", "events$", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color",
            "--request-timeout", "60", "--suppress-health-check", "all", "--workers", "2",
        ],
        capture_output=True, text=True, timeout=600, cwd=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-6000:] + made.stderr[-2000:]


# Ids and pictures are drawn at random, so a request that its schema allows may be about nothing (404), or carry bytes
# that are no picture (422): both are right answers to it.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "415", "422", "429", "501"]
"""
