"""Command `python -m tests.security.audit`: known vulnerabilities of every locked package.

0 is said only after every package was looked up; 1 is a finding; 3 is a database that could not be asked.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements.lock")
CLEAN, VULNERABLE, UNCHECKED = 0, 1, 3
SECONDS = 300


def locked(text: str) -> set[str]:
    """Names of the packages in a lock."""
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def verdict(report: str, wanted: int) -> tuple[int, str]:
    """What pip-audit's JSON report means, where `wanted` packages should have been looked up at least."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return UNCHECKED, "the database of vulnerabilities could not be asked; nothing was checked"
    checked = [one for one in packages if "skip_reason" not in one]
    bad = [f"{one['name']} {one['version']}: {vuln['id']}" for one in checked for vuln in one["vulns"]]
    figures = f"packages={len(packages)} checked={len(checked)} vulnerabilities={len(bad)}"
    if bad:
        return VULNERABLE, "\n".join([*bad, figures])
    if not checked or len(checked) < len(packages) or len(checked) < wanted:
        return UNCHECKED, f"not every package was looked up (expected {wanted} at least)\n{figures}"
    return CLEAN, figures


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10", "--requirement", str(LOCK)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        print(f"security-audit: no answer within {SECONDS} s; nothing was checked")
        return UNCHECKED
    # Packages for other systems are in the lock and not in the report.
    code, said = verdict(run.stdout, len(locked(LOCK.read_text())) // 2)
    complaint = run.stderr.strip().splitlines()[-1:] if code == UNCHECKED else []
    print("\n".join([*complaint, f"security-audit: {said}"]))
    return code


if __name__ == "__main__":
    sys.exit(main())
