"""What is shipped is what the sources say: checked without Node, by the hash that the build leaves behind."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCES, BUILT = ROOT / "studio-page", ROOT / "src/muslin/studio/page"
ADVICE = "the page was changed and not built: cd studio-page && npm ci && npm run build"


def test_the_built_page_belongs_to_its_sources() -> None:
    found = [path for folder in ("src", "public") for path in (SOURCES / folder).rglob("*") if path.is_file()]
    files = [path.relative_to(SOURCES).as_posix() for path in found]
    hashed = hashlib.sha256()
    for name in sorted([*files, "index.html", "package-lock.json", "vite.config.ts"]):
        hashed.update(f"{name}\n".encode() + (SOURCES / name).read_bytes())
    assert (BUILT / "sources.sha256").read_text().strip() == hashed.hexdigest(), ADVICE


def test_the_page_asks_for_nothing_that_is_not_shipped() -> None:
    page = (BUILT / "index.html").read_text() + "".join(style.read_text() for style in BUILT.glob("assets/*.css"))
    for asset in (BUILT / "assets").iterdir():
        assert asset.name in page or asset.suffix == ".map", f"{asset.name} is left over from an older build"
    assert "http://" not in page and "https://" not in page and "<style" not in page
