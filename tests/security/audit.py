"""Command `python -m tests.security.audit`: known vulnerabilities of every locked package.

0 is said only after every package was looked up, in a database that knows of the one planted beside them; 1 is a
finding; 3 is a database that could not be asked, or that knows nothing.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path("requirements.lock")
CLEAN, VULNERABLE, UNCHECKED = 0, 1, 3
SECONDS = 300
PLANTED = "pycrypto"
"""Its last version has a hole (PYSEC-2017-94) and will have no other: a database that says nothing of it is none."""

_PLANTED_LINE = f"{PLANTED}==2.6.1 --hash=sha256:{'0' * 64}\n"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+==[^\\\n]*)", re.MULTILINE)


def locked(text: str) -> set[str]:
    """Names of the packages in a lock."""
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def wanted_here(text: str) -> set[str]:
    """Names of those that are installed on a machine like this one."""
    pinned = map(Requirement, _PINNED.findall(text))
    return {canonicalize_name(each.name) for each in pinned if each.marker is None or each.marker.evaluate()}


def verdict(report: str, wanted: Iterable[str]) -> tuple[int, str]:
    """What pip-audit's JSON report means, where `wanted` packages should have been looked up."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return UNCHECKED, "the database of vulnerabilities could not be asked; nothing was checked"
    ours = [one for one in packages if one["name"].lower() != PLANTED]
    checked = [one for one in ours if "skip_reason" not in one]
    bad = [f"{one['name']} {one['version']}: {vuln['id']}" for one in checked for vuln in one["vulns"]]
    figures = f"packages={len(ours)} checked={len(checked)} vulnerabilities={len(bad)}"
    if bad:
        return VULNERABLE, "\n".join([*bad, figures])
    if doubt := _doubt(packages, ours, checked, set(wanted)):
        return UNCHECKED, f"{doubt}\n{figures}"
    return CLEAN, figures


def _doubt(packages: Sequence[Any], ours: Sequence[Any], checked: Sequence[Any], wanted: set[str]) -> str:
    """Why a report without findings says nothing; empty if it does."""
    left_out = wanted - {canonicalize_name(one["name"]) for one in checked}
    if not checked or len(checked) < len(ours) or left_out:
        return f"not every package was looked up, such as {min(left_out, default='one that was skipped')}"
    if not any(one.get("vulns") for one in packages if one["name"].lower() == PLANTED):
        return f"the database knows nothing of a hole in {PLANTED}, so that its silence about others says nothing"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.security.audit", description=__doc__)
    parser.add_argument("--osv-url", metavar="URL", help="ask this database, which speaks OSV's protocol, and not PyPI")
    options = parser.parse_args(arguments)
    try:
        run = _ask(("--vulnerability-service", "osv", "--osv-url", options.osv_url) if options.osv_url else ())
    except subprocess.TimeoutExpired:
        print(f"security-audit: no answer within {SECONDS} s; nothing was checked")
        return UNCHECKED
    code, said = verdict(run.stdout, wanted_here(LOCK.read_text()))
    complaint = run.stderr.strip().splitlines()[-1:] if code == UNCHECKED else []
    print("\n".join([*complaint, f"security-audit: {said}"]))
    return code


def _ask(service: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10", *service, "--requirement", str(LOCK)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as planted:
        planted.write(_PLANTED_LINE)
        planted.flush()
        command += ["--requirement", planted.name]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


if __name__ == "__main__":
    sys.exit(main())
