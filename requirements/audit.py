"""Asks the advisory service about the hashed requirements (pip-audit), where it can be reached.

    python requirements/audit.py PIP_AUDIT

Exit code 1 for a known vulnerability; 0 where there is none, and where nobody could be asked, which it says.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def audit(tool: str, requirements: Path) -> bool:
    """True where a vulnerability is known. Prints what was asked and answered."""
    command = [tool, "--requirement", str(requirements), "--require-hashes", "--disable-pip", "--format", "json"]
    try:
        done = subprocess.run([*command, "--timeout", "20"], capture_output=True, text=True, timeout=600)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError):
        print(f"{requirements.name}: not audited, the advisory service could not be reached")
        return False
    asked = [package for package in packages if "skip_reason" not in package]
    known = [(package["name"], bad["id"]) for package in asked for bad in package["vulns"]]
    if not asked:
        print(f"{requirements.name}: not audited, the advisory service knew none of its {len(packages)} packages")
    else:
        print(f"{requirements.name}: {len(asked)} of {len(packages)} packages audited, {len(known)} vulnerabilities")
    for name, identity in known:
        print(f"  {name}: {identity}")
    return bool(known)


if __name__ == "__main__":
    sys.exit(max(audit(sys.argv[1], path) for path in sorted(HERE.glob("*.txt"))))
