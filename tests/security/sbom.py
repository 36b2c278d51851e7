"""Command `python -m tests.security.sbom FILE`: the bill of materials, from the lock and the list of programs."""

import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from chaos.lab.catalogue import load

LOCK = Path("requirements.lock")
_PINNED = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)((?:.*\\\n)?(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)*)", re.MULTILINE
)
_HASH = re.compile("sha256:([0-9a-f]{64})")


def packages(text: str) -> Iterator[Component]:
    """Every pinned package, with the hashes of its files."""
    for name, pinned, rest in _PINNED.findall(text):
        yield Component(
            name=name,
            version=pinned,
            bom_ref=f"pypi:{name}@{pinned}",
            purl=PackageURL("pypi", name=name, version=pinned),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in dict.fromkeys(_HASH.findall(rest))],
        )


def programs() -> Iterator[Component]:
    """Every program that the stack runs, in the version that we pin."""
    for one in load().values():
        yield Component(
            name=one.name,
            version=one.version,
            bom_ref=f"program:{one.name}@{one.version}",
            type=ComponentType.APPLICATION,
        )


def bill() -> str:
    """The bill as CycloneDX 1.5 JSON."""
    bom = Bom(components=[*packages(LOCK.read_text()), *programs()])
    bom.metadata.component = Component(
        name="c2pa-billing", version=version("c2pa-billing"), type=ComponentType.APPLICATION, bom_ref="c2pa-billing"
    )
    return JsonV1Dot5(bom).output_as_string(indent=1)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("sbom: expected one argument, the file to write", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bill() + "\n")
    print(f"file={path} components={path.read_text().count('bom-ref') - 1}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
