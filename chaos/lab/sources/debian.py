"""Programs out of Debian packages, unpacked into our own folder: no service is installed or started."""

import shutil
from pathlib import Path

from chaos.lab import steps
from chaos.lab.catalogue import DebianPackage
from chaos.lab.sources.workshop import NotHere, Workshop

_BOUNDED = ("-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=2", "-o", "APT::Sandbox::User=root")


def fetch(source: DebianPackage, workshop: Workshop) -> Path:
    """Download and unpack the package that the machine's own release has; several programs may share it."""
    folder = workshop.tools / "debian" / source.package
    if not (folder / source.file).exists():
        _unpack(source.package, folder, workshop)
    return folder / source.file


def _unpack(package: str, folder: Path, workshop: Workshop) -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool, path=workshop.environ.get("PATH")) is None:
            raise NotHere(f"Debian packages need {tool}")
    partial = workshop.empty_folder("debian", f"{package}.partial")
    _download(package, partial, workshop)
    archive = next(partial.glob("*.deb"))
    workshop.run(f"{package}: unpacking {archive.name}", ["dpkg-deb", "-x", archive, "root"], partial)
    shutil.rmtree(folder, ignore_errors=True)
    (partial / "root").rename(folder)
    shutil.rmtree(partial)


def _download(package: str, folder: Path, workshop: Workshop) -> None:
    """Download with the system's package lists; where they are missing or stale, with fresh ones of our own.

    Lists of our own need no root and leave the system as it is.
    """
    title = f"{package}: downloading the Debian package"
    try:
        workshop.run(title, ["apt-get", *_BOUNDED, "download", package], folder)
    except steps.StepFailed:
        state = workshop.tools / "apt"
        for part in ("lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True, exist_ok=True)
        own = (*_BOUNDED, "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache")
        workshop.run(f"{package}: reading Debian's package lists", ["apt-get", *own, "update"], folder)
        workshop.run(title, ["apt-get", *own, "download", package], folder)
