"""Building the preloaded libraries."""

from pathlib import Path

import pytest

from chaos.lab.powerloss import shims

_COMPILER = """\
#!/bin/sh
if [ "$1" = version ]; then echo 0.16.0; exit; fi
echo "$@" >> "$(dirname "$0")/calls"
while [ "$1" != -o ]; do shift; done
{ending}
"""


@pytest.fixture
def compilers(tmp_path):
    """A PATH with compilers of the test's own; `sh` and `dirname` are there too."""
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(f"/bin/{name}")

    def add(name, ending):
        path = tmp_path / name
        path.write_text(_COMPILER.format(ending=ending))
        path.chmod(0o755)
        return {"PATH": str(tmp_path), "TOOLS_DIR": str(tmp_path / "tools")}

    return add


def test_a_library_is_built_once(compilers, tmp_path):
    environ = compilers("cc", 'echo built > "$2"')
    first = shims.library(shims.CLOCK, environ)
    assert shims.library(shims.CLOCK, environ) == first
    assert first.read_text() == "built\n"
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_zig_compiles_where_no_c_compiler_can(compilers, tmp_path):
    compilers("gcc", "echo 'stdio.h: no such file' >&2; exit 1")
    environ = compilers("zig", 'echo built > "$2"')
    assert shims.library(shims.DURABLE, environ).read_text() == "built\n"
    assert (tmp_path / "calls").read_text().splitlines()[-1].startswith("cc -shared")


def test_what_each_compiler_said_is_told(compilers):
    compilers("gcc", "echo 'stdio.h: no such file' >&2; exit 1")
    environ = compilers("zig", "echo 'out of luck' >&2; exit 1")
    with pytest.raises(shims.ShimError, match=r"durable\.c could not be built .*gcc: stdio\.h.*zig cc: out of luck"):
        shims.library(shims.DURABLE, environ)


def test_the_preload_names_every_library():
    paths = shims.preload(shims.DURABLE, shims.CLOCK)["LD_PRELOAD"].split()
    assert [Path(path).name.partition("-")[0] for path in paths] == ["durable", "clock"]
