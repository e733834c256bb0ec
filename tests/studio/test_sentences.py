"""The page translates the engine's sentences: each that it knows must be one that the engine still says."""

import re
from pathlib import Path

import muslin

ROOT = Path(__file__).parents[2]
PAIR = re.compile(r'"((?:[^"\\]|\\.)+)":\s*"((?:[^"\\]|\\.)+)",')


def test_the_sentences_that_the_page_translates_are_said():
    words = (ROOT / "studio-page/src/text/zh.ts").read_text("utf-8")
    pairs = PAIR.findall(words[words.index("  engine: {") : words.index("  problems: {")])
    code = "\n".join(path.read_text("utf-8") for path in Path(muslin.__file__).parent.rglob("*.py"))
    assert len(pairs) > 40
    for sentence, translation in pairs:
        assert all(part in code for part in sentence.split("{}")), sentence
        assert sentence.count("{}") == translation.count("{}") <= 1, translation
