"""Programs out of Debian packages, unpacked into our own folder: no service is installed or started."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from chaos.lab import steps
from chaos.lab.catalogue import DebianPackage
from chaos.lab.sources import launcher
from chaos.lab.sources.workshop import NotHere, Workshop

_BOUNDED = ("-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=2", "-o", "APT::Sandbox::User=root")
_PLANNED = re.compile(r"^Inst (?P<name>\S+) (?:\[\S+\] )?\((?P<version>\S+) ", re.MULTILINE)
_LIBC = "libc6"


def fetch(source: DebianPackage, workshop: Workshop) -> Path:
    """Download and unpack the package that the machine's own release has; several programs may share it."""
    folder = workshop.tools / "debian" / source.package
    if not (folder / source.file).exists():
        _unpack(source, folder, workshop)
    return launcher.write(folder, source.file) if source.closure else folder / source.file


def planned(plan: str) -> list[str]:
    """The packages, with versions, that apt's simulation says an installation would bring.

    Without the C library: it must be of one build with the system's dynamic loader, which stays what it is.
    """
    found = [(match["name"], match["version"]) for match in _PLANNED.finditer(plan)]
    return [f"{name}={version}" for name, version in found if name != _LIBC]


def _unpack(source: DebianPackage, folder: Path, workshop: Workshop) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool, path=workshop.environ.get("PATH")) is None:
            raise NotHere(f"Debian packages need {tool}")
    partial = workshop.empty_folder("debian", f"{source.package}.partial")
    _download(source, partial, workshop)
    archives = sorted(archive.name for archive in partial.glob("*.deb"))
    (partial / "archives").write_text("\n".join(archives) + "\n")
    what = archives[0] if len(archives) == 1 else f"{len(archives)} packages"
    each = ["xargs", "--arg-file=archives", "-I{}", "dpkg-deb", "-x", "{}", "root"]
    workshop.run(f"{source.package}: unpacking {what}", each, partial)
    shutil.rmtree(folder, ignore_errors=True)
    (partial / "root").rename(folder)
    shutil.rmtree(partial)


def _download(source: DebianPackage, folder: Path, workshop: Workshop) -> None:
    """Download with the system's package lists; where they are missing or stale, with fresh ones of our own.

    Lists of our own need no root and leave the system as it is.
    """
    try:
        _get(source, _BOUNDED, folder, workshop)
    except steps.StepFailed:
        for stale in folder.glob("*.deb"):
            stale.unlink()
        state = workshop.tools / "apt"
        for part in ("lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True, exist_ok=True)
        own = (*_BOUNDED, "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache")
        workshop.run(f"{source.package}: reading Debian's package lists", ["apt-get", *own, "update"], folder)
        _get(source, own, folder, workshop)


def _get(source: DebianPackage, options: Sequence[str], folder: Path, workshop: Workshop) -> None:
    if not source.closure:
        title = f"{source.package}: downloading the Debian package"
        workshop.run(title, ["apt-get", *options, "download", source.package], folder)
        return
    install = ["--simulate", "--no-install-recommends", "--reinstall", "install", source.package, *source.beside]
    log = workshop.run(
        f"{source.package}: listing the Debian packages that are missing", ["apt-get", *options, *install], folder
    )
    packages = planned(log.read_text())
    title = f"{source.package}: downloading it and what it needs, {len(packages)} Debian packages"
    workshop.run(title, ["apt-get", *options, "download", *packages], folder)
