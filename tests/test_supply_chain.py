"""Nothing is shipped whose licence and origin are not written down, and nothing is required without a hash."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "supply-chain.md").read_text(encoding="utf-8")
LICENCES = ("Apache-2.0", "MIT", "CC0-1.0", "public domain", "OFL-1.1")


def rows() -> list[tuple[list[str], str]]:
    """(patterns, licence) of the table of what is shipped."""
    table = PAGE.split("## What is shipped")[1].split("\n## ")[0]
    cells = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    return [(re.findall("`([^`]+)`", row[0]), row[2].strip()) for row in cells]


def shipped() -> list[str]:
    """What lies in the wheel and in the documentation."""
    package, docs = ROOT / "src" / "muslin", ROOT / "docs"
    found = [path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()]
    found += ["docs/" + path.relative_to(docs).as_posix() for path in docs.rglob("*") if path.is_file()]
    return [name for name in found if "__pycache__" not in name and not name.endswith(".pyc")]


def matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or ("**/" in pattern and matches(name, pattern.replace("**/", "")))


def test_every_shipped_file_has_a_licence() -> None:
    table = rows()
    assert len(table) > 8 and all(any(known in licence for known in LICENCES) for _, licence in table)
    unnamed = [name for name in shipped() if not any(matches(name, one) for patterns, _ in table for one in patterns)]
    assert unnamed == []


def test_every_row_names_something() -> None:
    for patterns, _ in rows():
        for pattern in patterns:
            assert any(matches(name, pattern) for name in shipped()), pattern


def test_every_model_says_what_it_learned_from() -> None:
    learned = PAGE.split("## What the models learned from")[1].split("\n## ")[0]
    for card in (ROOT / "src" / "muslin" / "models").glob("*/model.json"):
        stated = json.loads(card.read_text(encoding="utf-8"))
        assert stated["licence"].startswith("Apache-2.0") and stated["data"]
        assert f"| `{stated['name']}` |" in learned


def test_libraries_inside_the_page_are_named_with_their_notice() -> None:
    lock = json.loads((ROOT / "studio-page" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    inside = [name.removeprefix("node_modules/") for name, entry in lock.items() if name and not entry.get("dev")]
    assert inside and all(name in PAGE for name in inside)
    assert all(lock[f"node_modules/{name}"]["license"] in ("MIT", "OFL-1.1") for name in inside)
    assert "Meta Platforms" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_requirements_are_hashed_whole_and_without_addresses() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {"plain": declared["dependencies"]}
    wanted["train"] = wanted["plain"] + declared["optional-dependencies"]["train"]
    for name, dependencies in wanted.items():
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "://" not in text and "--index" not in text and "--find" not in text
        entries = re.findall(r"^([a-z0-9._-]+)==[^\n]*\\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.M)
        assert len(entries) == len(re.findall(r"^[a-z0-9]", text, re.M)) > len(dependencies)
        pinned = {package for package, _ in entries}
        for dependency in dependencies:
            assert re.match(r"[A-Za-z0-9._-]+", dependency).group().lower() in pinned  # type: ignore[union-attr]
        if name == "plain":
            assert all(re.search(rf"\b{re.escape(package)}\b", PAGE) for package in pinned)
