"""`slo import`: Sloth's documents as OpenSLO."""

import argparse
from pathlib import Path

from slo import sloth, yaml_text, yamlfile
from slo.errors import DocumentError
from slo.spec import load_specs, require_sound


def configure(parser: argparse.ArgumentParser) -> None:
    """Which documents, and where to."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="documents of version prometheus/v1")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")


def run(options: argparse.Namespace) -> int:
    """Check the documents, then write one OpenSLO document for each service and each SLO, if they are right as well."""
    contents = [content for path in options.files for content in yamlfile.read(path)]
    strangers = [content for content in contents if not sloth.is_sloth(content.value)]
    if strangers:
        expected = f"expected a document of Sloth's, version {sloth.VERSION}"
        raise DocumentError(f"{content.place('')}: document: {expected}" for content in strangers)
    load_specs(options.files)
    text = "---\n".join(yaml_text.to_text(document) for document in sloth.to_openslo([one.value for one in contents]))
    require_sound(str(options.out or "standard output"), text)
    if options.out is None:
        print(text, end="")
        return 0
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DocumentError(f"{options.out}: {error.strerror}; expected a file to write to") from error
    print(options.out)
    return 0
