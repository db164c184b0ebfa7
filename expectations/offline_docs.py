"""Data Docs without a network: no page may ask anybody for a stylesheet, a script or a picture.

Great Expectations lays its pages out by stylesheets and scripts of content networks and offers no
setting for others. They are taken out after the build, a stylesheet of ours is put in, and the
index, which only a script could fill, is written anew.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

_STYLE = "static/offline.css"
_PICTURES_OF_STYLES = re.compile(r"url\((['\"]?)https?:[^)]*\)")
_REMOVED = (
    re.compile(r"<script\b.*?</script>", re.DOTALL),
    re.compile(r'<link\b[^>]*href="https?:[^>]*>'),
    re.compile(r'<img\b[^>]*src="https?:[^>]*>'),
    re.compile(r'<link rel="shortcut icon"[^>]*>'),
    re.compile(r'\son\w+="[^"]*"'),  # calls of what the scripts defined
)
_STATUS = re.compile(r"Status:</span>.*?</i>\s*(?P<word>\w+)", re.DOTALL)
_CSS = """\
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 80rem;
    color: #1c2430; background: #ffffff; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
    border-bottom: 1px solid #d5dae3; }
.fa-check-circle, .fa-exclamation-triangle, .fa-times { font-style: normal; font-weight: 600; }
.fa-check-circle::before { content: "\\2714"; color: #17713a; }
.fa-times::before, .fa-exclamation-triangle::before { content: "\\2718"; color: #b3261e; }
.card:has(input[type=radio]), .ge-breadcrumbs, footer, #ge-cta-footer { display: none; }
.cooltip .top, a[data-toggle=collapse] { display: none; }
th { overflow-wrap: normal; }
.ge-navigation-sidebar-content { columns: 14rem; list-style: none; padding: 0; }
.ge-section { margin: 1rem 0; padding: 0; }
pre { white-space: pre-wrap; }
"""


def stripped(page: str, style: str) -> str:
    """Return a page that asks for nothing but the stylesheet at the relative address `style`."""
    for pattern in _REMOVED:
        page = pattern.sub("", page)
    page = _PICTURES_OF_STYLES.sub("none", page)
    return page.replace("</head>", f'<link rel="icon" href="data:,">\n'
                        f'<link rel="stylesheet" href="{style}">\n</head>', 1)  # fmt: skip


def _index(folder: Path, pages: list[Path]) -> str:
    rows = []
    for page in pages:
        found = _STATUS.search(page.read_text(encoding="utf-8"))
        address = page.relative_to(folder).as_posix()
        suite = page.relative_to(folder / "validations").parts[0]
        rows.append(
            f'<tr><td><a href="{escape(address)}">{escape(suite)}</a></td>'
            f"<td>{escape(found['word'] if found else '-')}</td></tr>"
        )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<link rel="stylesheet" href="{_STYLE}">\n'
        "<title>Acceptance, mart by mart</title>\n</head>\n<body>\n"
        "<h1>Acceptance, mart by mart</h1>\n"
        "<table><thead><tr><th>mart</th><th>rules</th></tr></thead><tbody>\n"
        + "\n".join(rows)
        + "\n</tbody></table>\n</body>\n</html>\n"
    )


def make_offline(folder: Path) -> Path:
    """Rewrite all pages of Data Docs in `folder` so that they need no network; return the index."""
    style = folder / _STYLE
    style.parent.mkdir(parents=True, exist_ok=True)
    style.write_text(_CSS, encoding="utf-8")
    pages = sorted(folder.rglob("*.html"))
    for page in pages:
        up = "../" * (len(page.relative_to(folder).parts) - 1)
        page.write_text(
            stripped(page.read_text(encoding="utf-8"), f"{up}{_STYLE}"), encoding="utf-8"
        )
    index = folder / "index.html"
    validations = [page for page in pages if page.is_relative_to(folder / "validations")]
    index.write_text(_index(folder, validations), encoding="utf-8")
    return index
