"""Programs that come with their own libraries: out of Debian packages, an npm package, or a wheel."""

import base64
import dataclasses
import hashlib
import io
import os
import platform
import subprocess
import tarfile
from pathlib import Path

import brotli
import msgspec
import pytest

from chaos.lab.catalogue import DebianPackage, NpmPackage, Wheel, load
from chaos.lab.installation import NotInstalled, ensure
from chaos.lab.programs import PROJECT
from chaos.lab.sources import debian, launcher, npm, wheel
from chaos.lab.sources.workshop import NotHere, Workshop
from chaos.lab.steps import StepFailed

PLAN = """\
NOTE: This is only a simulation!
The following additional packages will be installed:
  libc6 libnss3 browser-data
Inst libc6 [2.36-9] (2.36-9+deb12u14 Debian:12.15/oldstable [amd64])
Inst libnss3 (2:3.87.1-1+deb12u2 Debian:12.15/oldstable [amd64])
Inst browser-data [1.0-1] (1.2~rc1-1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [all]) []
Inst browser (1.2~rc1-1 Debian:12.15/oldstable [amd64])
Conf browser (1.2~rc1-1 Debian:12.15/oldstable [amd64])
"""
BROWSER = DebianPackage(package="browser", file="usr/lib/browser/browser", closure=True, beside=("browser-data",))
# `apt-get ... download NAME...` saves one archive a name; unpacking one writes a file of that name.
APT = (
    f"case \"$*\" in *--simulate*) cat <<'PLAN'\n{PLAN}PLAN\n;;\n"
    '*download*) for name in $(echo "$*" | sed "s/.*download//"); do touch "${name%%=*}.deb"; done;; esac'
)
DPKG = 'name=$(basename "$2" .deb); mkdir -p "$3/usr/lib/browser"; cp /bin/sh "$3/usr/lib/browser/$name"'


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "tools", PROJECT, {"PATH": f"{tmp_path}/path:{os.defpath}"})


def fake(workshop: Workshop, name: str, body: str) -> None:
    path = workshop.tools.parent / "path" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_the_plan_of_apt_is_read_without_the_c_library() -> None:
    assert debian.planned(PLAN) == ["libnss3=2:3.87.1-1+deb12u2", "browser-data=1.2~rc1-1", "browser=1.2~rc1-1"]


def test_a_package_is_unpacked_with_what_it_needs(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    fake(workshop, "apt-get", APT)
    fake(workshop, "dpkg-deb", DPKG)
    script = debian.fetch(BROWSER, workshop)
    assert script == workshop.tools / "debian/browser/launcher"
    assert {path.name for path in (script.parent / "usr/lib/browser").iterdir()} == {
        "browser",
        "browser-data",
        "libnss3",
    }
    assert "[setup] browser: unpacking 3 packages ... " in capsys.readouterr().out


def test_a_package_that_must_lie_beside_is_unpacked_even_where_it_is_installed(workshop: Workshop) -> None:
    fake(workshop, "apt-get", f'echo "$*" >> {workshop.tools.parent}/calls; {APT}')
    fake(workshop, "dpkg-deb", DPKG)
    debian.fetch(BROWSER, workshop)
    plan, download = (workshop.tools.parent / "calls").read_text().splitlines()
    assert plan.endswith("--reinstall install browser browser-data")
    assert download.endswith("download libnss3=2:3.87.1-1+deb12u2 browser-data=1.2~rc1-1 browser=1.2~rc1-1")


def test_one_archive_that_does_not_unpack_fails_the_whole(workshop: Workshop) -> None:
    fake(workshop, "apt-get", APT)
    fake(workshop, "dpkg-deb", f'case "$2" in *libnss3*) echo bad archive; exit 2;; esac; {DPKG}')
    with pytest.raises(StepFailed, match=r"^browser: unpacking 3 packages failed: "):
        debian.fetch(BROWSER, workshop)
    assert not (workshop.tools / "debian/browser").exists()


def test_a_launcher_finds_libraries_and_fonts_where_its_folder_is_now(tmp_path: Path) -> None:
    program = tmp_path / "first/bin/program"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH" "$FONTCONFIG_FILE" "$@"\n')
    program.chmod(0o755)
    for library in ("lib/libone.so.1", "lib/inner/libtwo.so"):
        (tmp_path / "first" / library).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "first" / library).touch()
    launcher.write(tmp_path / "first", "bin/program")
    moved = (tmp_path / "first").rename(tmp_path / "second place")
    (tmp_path / "link").symlink_to(moved / launcher.NAME)
    done = subprocess.run([tmp_path / "link", "a b"], capture_output=True, text=True, check=True, env={})
    assert done.stdout == f"{moved}/lib:{moved}/lib/inner {moved}/fonts.conf a b\n"


def tar(files: dict[str, bytes], mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def package(workshop: Workshop) -> NpmPackage:
    """A package with a browser that says its version, and a library; `npm pack` copies it."""
    libraries = tar({"lib/libnss3.so": b"library"}, "w")
    files = {
        "package/package.json": b"{}",
        "package/bin/chromium.br": brotli.compress(b"#!/bin/sh\necho Chromium 153.0.8010.0\n"),
        "package/bin/system.tar.br": brotli.compress(libraries),
    }
    content = tar(files, "w:gz")
    (workshop.tools.parent / "browser-1.0.0.tgz").write_bytes(content)
    fake(workshop, "npm", f'[ "$1" = --version ] && echo 10.9.0 || cp {workshop.tools.parent}/browser-1.0.0.tgz .')
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    machine = f"{platform.system()} {platform.machine()}"
    return NpmPackage("@browsers/browser", "1.0.0", f"sha512-{digest}", machine, "chromium")


def test_an_npm_package_is_unpacked_with_its_libraries(workshop: Workshop, package: NpmPackage) -> None:
    program = msgspec.structs.replace(load()["chromium"], sources=(package,), on_path=("nonesuch",))
    workshop = dataclasses.replace(workshop, environ={**workshop.environ, "TOOLS_DIR": str(workshop.tools)})
    path = ensure(program, workshop)
    assert path == workshop.tools / "bin/chromium"
    assert subprocess.run([path], capture_output=True, check=True).stdout == b"Chromium 153.0.8010.0\n"
    assert (path.resolve().parent / "lib/libnss3.so").read_bytes() == b"library"


def test_an_npm_package_with_another_hash_is_refused(workshop: Workshop, package: NpmPackage) -> None:
    other = msgspec.structs.replace(package, integrity=f"sha512-{'A' * 86}==")
    with pytest.raises(
        StepFailed, match=r"^checking browser-1\.0\.0\.tgz failed: it is sha512-.*; expected sha512-AAA"
    ):
        npm.fetch(other, workshop)
    assert not (workshop.tools / "npm/browser").exists()


def test_an_npm_package_for_another_machine_is_no_source(workshop: Workshop, package: NpmPackage) -> None:
    with pytest.raises(NotHere, match="is for Plan9 mips, not "):
        npm.fetch(msgspec.structs.replace(package, machine="Plan9 mips"), workshop)


def test_without_any_source_both_are_named_with_what_to_install(workshop: Workshop) -> None:
    fake(workshop, "apt-get", "echo E: Unable to locate package; exit 100")
    fake(workshop, "dpkg-deb", "exit 1")
    fake(workshop, "npm", '[ "$1" = --version ] && echo 10.9.0 || { echo npm error network no such host; exit 1; }')
    program = msgspec.structs.replace(load()["chromium"], on_path=("nonesuch",))
    reached = [source for source in program.sources if not isinstance(source, NpmPackage)]
    here = [
        msgspec.structs.replace(source, machine=f"{platform.system()} {platform.machine()}")
        for source in program.sources
        if isinstance(source, NpmPackage)
    ]
    program = msgspec.structs.replace(program, sources=(*reached, *here))
    workshop = dataclasses.replace(workshop, environ={**workshop.environ, "TOOLS_DIR": str(workshop.tools)})
    with pytest.raises(NotInstalled) as caught:
        ensure(program, workshop)
    assert str(caught.value) == (
        "cannot reach the Debian package chromium-headless-shell or the npm package @sparticuz/chromium for chromium; "
        f"install by hand: {program.manual}"
    )


def test_a_script_of_a_wheel_is_run_by_the_wheels_interpreter(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(_title: str, argv: list[str | Path], *_rest: object) -> None:
        folder = Path(argv[argv.index("--target") + 1])
        (folder / "node").symlink_to("/bin/sh")
        (folder / "npm.js").write_text("echo ran with $1")

    monkeypatch.setattr(Workshop, "run", lambda _self, *args: install(*args))
    script = wheel.fetch(Wheel("node-wheel", "a.lock", "npm.js", "node"), workshop)
    assert subprocess.run([script, "pack"], capture_output=True, check=True).stdout == b"ran with pack\n"
