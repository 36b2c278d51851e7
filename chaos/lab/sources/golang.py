"""Programs built from pinned Go modules, whose checksums Go verifies, with the `go` that is first on PATH."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from chaos.lab.catalogue import GoModule, load
from chaos.lab.sources.workshop import Workshop

# Whatever the user's own Go settings are, a build uses just that `go`, no C compiler and no workspace.
_SETTINGS = {
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-mod=mod -buildvcs=false",
    "GOWORK": "off",
    "CGO_ENABLED": "0",
}


def build(source: GoModule, name: str, version: str, workshop: Workshop) -> Path:
    """Build one command of a module; Go's own cache makes an interrupted build continue where it was."""
    folder = workshop.empty_folder("build", name)
    (folder / "go.mod").write_text(module_file(source, workshop.project))
    flags = ["-s", "-w"]
    if source.version_variable is not None:
        flags += ["-X", f"{source.version_variable}={version}"]
    options = ["-tags", ",".join(source.tags), "-ldflags", " ".join(flags), "-o", name]
    package = str(PurePosixPath(source.module, source.package))
    title = f"{name}: building {source.module}@{source.module_version}"
    run(title, ["go", "build", *options, package], folder, workshop)
    return folder / name


def module_file(source: GoModule, project: Path) -> str:
    """A go.mod that requires just this module, in the version that we pin; a replace line may name `{project}`."""
    lines = [
        "module tools",
        f"go {load()['go'].minimum}",
        f"require {source.module} {source.module_version}",
        *(f"replace {line.replace('{project}', str(project))}" for line in source.replace),
    ]
    return "\n".join(lines) + "\n"


def run(title: str, argv: Sequence[str | Path], folder: Path, workshop: Workshop) -> None:
    """Run `go`, or a program that calls it, with our settings."""
    workshop.run(title, argv, folder, _SETTINGS)
