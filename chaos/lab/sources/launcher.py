"""Start scripts of programs that run from a folder of ours, with the libraries and fonts that lie there."""

from pathlib import Path

NAME = "launcher"
_FONTS = "fonts.conf"

# The folder may have moved since this was written, so that every path starts from where the script is.
_SCRIPT = """\
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_FILE="$root/{fonts}"
exec {command} "$@"
"""

_FONT_SETTINGS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def write(folder: Path, *command: str) -> Path:
    """A script that runs a program of the folder; the command's words are paths in it."""
    (folder / _FONTS).write_text(_FONT_SETTINGS)
    script = folder / NAME
    script.write_text(
        _SCRIPT.format(
            libraries=":".join(f"$root/{path}" for path in _library_folders(folder)),
            fonts=_FONTS,
            command=" ".join(f'"$root/{word}"' for word in command),
        )
    )
    script.chmod(0o755)
    return script


def _library_folders(folder: Path) -> list[Path]:
    """Where shared libraries are: some load others from folders that only an installed system would search."""
    return sorted({library.parent.relative_to(folder) for library in folder.rglob("lib*.so*")})
