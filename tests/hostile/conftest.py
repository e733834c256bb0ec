"""The command line as a user meets it: exit code, what was printed, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from muslin import cli

sys.path.insert(0, str(Path(__file__).parent))  # corpus.py

import corpus

LONGEST = 60  # seconds that a command may take here: beyond it, it hangs


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


def _clean(outcome: Outcome) -> Outcome:
    """The outcome, if it was words: a fault of muslin's own is never the answer to bad input."""
    assert "Traceback" not in outcome.err and "fault of muslin" not in outcome.err, outcome.err
    said = ("Error:" in outcome.err, "Skipped" in outcome.err, "UNUSABLE" in outcome.out)
    assert outcome.code == 0 or any(said), outcome
    return outcome


@pytest.fixture
def muslin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command line in this process, in a folder with good.jpg and cloth.png."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("MUSLIN_DEBUG", raising=False)
    (tmp_path / "good.jpg").write_bytes(corpus.good())
    cloth = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(cloth).save(tmp_path / "cloth.png")

    def run(*words: object) -> Outcome:
        code = cli.run([str(word) for word in words])
        captured = capsys.readouterr()
        return _clean(Outcome(code, captured.out, captured.err))

    return run


@pytest.fixture
def muslin_process(muslin: Run) -> Run:
    """The same as a process of its own, which may be limited and is stopped when it hangs."""

    def run(*words: object, before: Callable[[], None] | None = None, **settings: object) -> Outcome:
        command = [sys.executable, "-m", "muslin.cli", *map(str, words)]
        environment = {**os.environ, **settings.pop("env", {})}  # type: ignore[dict-item]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST, preexec_fn=before, env=environment, **settings
        )
        return _clean(Outcome(done.returncode, done.stdout, done.stderr))

    return run
