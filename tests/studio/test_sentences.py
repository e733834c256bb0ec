"""The page translates the engine's sentences: each that it knows must be one that the engine still says."""

import ast
import re
from pathlib import Path

import muslin

ROOT = Path(__file__).parents[2]
PAIR = re.compile(r'"((?:[^"\\]|\\.)+)":\s*"((?:[^"\\]|\\.)+)",')
PLACE = re.compile(r"\{(\d*)\}")


def literals() -> str:
    """Every literal of the source, in lower case: a sentence's first letter is often made large as it is said."""
    nodes = (
        node
        for path in Path(muslin.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )
    said = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return "\n".join(said).lower()


def pieces(part: str, code: str) -> int:
    """In how few literals the source says a part of a sentence."""
    count = 0
    while part:
        length = next((n for n in range(len(part), 0, -1) if part[:n] in code), 0)
        if not length:
            return 99
        part, count = part[length:], count + 1
    return count


def test_the_sentences_that_the_page_translates_are_said():
    words = (ROOT / "studio-page/src/text/zh.ts").read_text("utf-8")
    pairs = PAIR.findall(words[words.index("  engine: {") : words.index("  problems: {")])
    code = literals()
    assert len(pairs) > 40
    assert pieces("the pictures have drifted away from yours.", code) > 3
    for sentence, translation in pairs:
        # Some are put together as they are said: 'images a second' + ': ', two words of a choice.
        assert all(pieces(part, code) <= 3 for part in sentence.lower().split("{}")), sentence
        places = PLACE.findall(translation)
        numbered = sorted(int(place or index) for index, place in enumerate(places))
        assert numbered == list(range(sentence.count("{}"))), translation
