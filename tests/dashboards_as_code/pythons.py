"""`make dashboards-pythons`: every Python that is here builds the boards twice, to the bytes that are committed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "dashboards_as_code" / "generated"
SUPPORTED = ("3.11", "3.12", "3.13")
NEEDED = ("grafanalib", "promql-parser", "pyyaml", "msgspec")
_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
_BUILD = """
import sys
from pathlib import Path
from dashboards_as_code import boards, output, sources
list(output.write(output.documents(boards.build(sources.load())), Path(sys.argv[1])))
"""


def interpreters() -> dict[str, tuple[str, str]]:
    """The first Python of each supported version that runs: its full version and path."""
    found: dict[str, tuple[str, str]] = {}
    for path in _candidates():
        done = subprocess.run([path, "-c", _VERSION], capture_output=True, text=True, check=False, timeout=20)
        version = done.stdout.strip()
        minor = version.rpartition(".")[0]
        if done.returncode == 0 and minor in SUPPORTED:
            found.setdefault(minor, (version, path))
    return found


def _candidates() -> Iterator[str]:
    yield sys.executable
    yield from filter(None, (shutil.which(f"python{version}") for version in SUPPORTED))
    yield from map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python")))


def environment(python: str, folder: Path) -> Path:
    """A virtual environment with just what a build imports, in the versions of the lock."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=120)
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.!-]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    wanted = [f"{name}=={pinned[name]}" for name in NEEDED]
    program = folder / "bin" / "python"
    subprocess.run([program, "-m", "pip", "install", "--quiet", *wanted], check=True, timeout=300)
    return program


def build(program: Path, out: Path, hash_seed: str) -> dict[str, bytes]:
    """The files that a build writes, by name."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([program, "-c", _BUILD, str(out)], env=env, cwd=out.parent, check=True, timeout=60)
    return {path.name: path.read_bytes() for path in out.glob("*.json")}


def main() -> int:
    """0 where all agree, 1 where one does not, 3 where a supported Python is missing."""
    committed = {path.name: path.read_bytes() for path in GENERATED.glob("*.json")}
    found, different = interpreters(), 0
    for version, path in found.values():
        with tempfile.TemporaryDirectory() as scratch:
            program = environment(path, Path(scratch) / "venv")
            runs = [build(program, Path(scratch) / seed, seed) for seed in ("1", "2")]
        same = runs == [committed, committed]
        different += not same
        print(f"Python {version} ({path}): {'the committed bytes, twice' if same else 'other bytes'}")
    missing = [version for version in SUPPORTED if version not in found]
    if missing:
        print(f"dashboards-pythons: no Python {', '.join(missing)} here; not proven for it", file=sys.stderr)
    versions = ",".join(version for version, _ in found.values())
    print(f"pythons={versions} boards={len(committed)} different={different} missing={len(missing)}")
    return 1 if different or not committed else 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
