"""Text panels: the little Markdown that boards use, as HTML."""

from __future__ import annotations

import re
from html import escape

from dashboards_as_code.preview.sheet import Sheet

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_CODE = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"(#{1,4}) +(.*)")


def draw(sheet: Sheet) -> str:
    """Headings, lists, paragraphs, links, bold text and code; everything else as it is."""
    blocks = re.split(r"\n\s*\n", str(sheet.options.get("content", "")).strip())
    return f'<div class="prose">{"".join(map(_block, blocks))}</div>'


def _block(text: str) -> str:
    lines = text.splitlines()
    if heading := _HEADING.fullmatch(text):
        return f"<h4>{_inline(heading[2])}</h4>"
    if all(line.lstrip().startswith(("- ", "* ")) for line in lines):
        return f"<ul>{''.join(f'<li>{_inline(line.lstrip()[2:])}</li>' for line in lines)}</ul>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    linked = _LINK.sub(r'<a href="\2">\1</a>', escape(text))
    return _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<b>\1</b>", linked))
