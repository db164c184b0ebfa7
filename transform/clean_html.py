"""HTML as Splynx may show it: without what acts, spies, or leads back into the old system.

Pure. Built on nh3, the binding of ammonia, which parses as a browser does; what it keeps is a list,
and all else goes. Markup is told from text first: `<ann@example.com>` and `a < b` are text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import nh3

RULES = 1  # counted up when the same text would be cleaned otherwise: all texts are cleaned anew


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = frozenset(nh3.ALLOWED_TAGS) | {"tfoot"}
_WITHOUT_CONTENT = _words("embed iframe math noscript object script style svg template title")
_OTHER_TAGS = _words(
    "applet audio base basefont bgsound big body button canvas datalist dialog dir fieldset font"
    " form frame frameset head html input label legend link main marquee menu meta meter nobr"
    " noframes optgroup option output param picture plaintext progress section select slot source"
    " textarea track video xmp"
)
_EMBEDDED = _words("applet embed form frame iframe link meta object")
_MAY_STAY_OPEN = _words(
    "area base br col dd dt embed hr img input li link meta option p param source td th tr track"
    " wbr"
)
_DEEPEST = 1_000  # the parser's time grows with the square of the depth: 0.3 s at 5,000

_NAMES = "|".join(sorted(_TAGS | _WITHOUT_CONTENT | _OTHER_TAGS, key=len, reverse=True))
_TAG = re.compile(rf"<(/?)({_NAMES}|[a-z]\w*:[a-z]\w*)(?=[\s/>])", re.IGNORECASE)
_NO_MARKUP = re.compile(rf"<(?!/?(?:{_NAMES}|[a-z]\w*:[a-z]\w*)[\s/>]|!--|!\[|!doctype)", re.I)
_IMAGE_WITHOUT_SOURCE = re.compile(r'<img(?:\s+(?!src=)[\w:-]+="[^"]*")*\s*>')
_INLINE_IMAGE = re.compile(r"data:image/(?:png|gif|jpeg|webp);base64,", re.IGNORECASE)

_INSTANCES = ".sonar.software"  # where every instance has its name
_LINKS = frozenset({"http", "https", "mailto", "tel"})
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    **{
        tag: frozenset(names - {"cite", "summary"}) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()
    },
    "*": frozenset({"dir", "lang", "style", "title"}),
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text fit to be shown, and how much of what was taken out of it."""

    text: str
    removed: Mapping[str, int] = field(default_factory=dict)


def clean(text: str, own_host: str) -> Cleaned:
    """Return `text` as HTML that does nothing but show it.

    Text without markup stays as it is, with `&` and `<` escaped. Removed are scripts, handlers of
    events, styles, embedded pages and forms, images that are fetched from elsewhere, links with
    schemes that act, and the addresses of links into the old system: `own_host`, any
    instance of Sonar, or no host at all. The words of a link stay.
    """
    tags = [(closing, name.lower()) for closing, name in _TAG.findall(text)]
    if not tags and "<!" not in text:
        return Cleaned(_escaped(text))
    if _depth(tags) > _DEEPEST:
        return Cleaned(_escaped(text), {"markup_too_deep": 1})
    removed = _removed_elements(tags)
    cleaned = nh3.clean(
        _NO_MARKUP.sub("&lt;", text),
        tags=set(_TAGS),
        clean_content_tags=set(_WITHOUT_CONTENT),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        generic_attribute_prefixes={"on"},  # let through to the filter, which counts and drops them
        attribute_filter=_Filter(own_host.lower(), removed),
        url_schemes=set(_LINKS) | {"cid", "data", "javascript", "vbscript", "file"},
        url_relative="pass_through",
    )
    return Cleaned(_IMAGE_WITHOUT_SOURCE.sub("", cleaned), dict(sorted(removed.items())))


class _Filter:
    """Decide on one attribute after another, and count what is dropped."""

    def __init__(self, own_host: str, removed: Counter[str]) -> None:
        self._own_host = own_host
        self._removed = removed

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        kind = None
        if attribute.startswith("on"):
            kind = "event_handler"
        elif attribute == "style":
            kind = "style"
        elif attribute == "src":
            kind = self._image(value) if tag == "img" else None
        elif attribute == "href":
            kind = self._link(value)
        if kind is None:
            return value
        self._removed[kind] += 1
        return None

    def _image(self, value: str) -> str | None:
        if _INLINE_IMAGE.match(value):
            return None
        address = _parts(value)
        if self._is_own(address):
            return "instance_image"
        return "mail_image" if address and address.scheme == "cid" else "remote_image"

    def _link(self, value: str) -> str | None:
        address = _parts(value)
        if address is not None and self._is_own(address):
            return None if value.startswith("#") else "instance_link"
        if address is not None and address.scheme in (_LINKS if address.scheme else {""}):
            return None
        return "unsafe_link"

    def _is_own(self, address: SplitResult | None) -> bool:
        if address is None:
            return False
        host = (address.hostname or "").lower()
        if host:
            return host == self._own_host or host.endswith(_INSTANCES)
        return not address.scheme


def _parts(value: str) -> SplitResult | None:
    try:
        parts = urlsplit("".join(value.split()))
        _ = parts.hostname
    except ValueError:
        return None
    return parts


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _removed_elements(tags: list[tuple[str, str]]) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for closing, name in tags:
        if not closing and name in {"script", "style"}:
            kinds[name] += 1
        elif not closing and name in _EMBEDDED:
            kinds["embedded"] += 1
    return kinds


def _depth(tags: list[tuple[str, str]]) -> int:
    """Return how deep elements may be nested; those that end by themselves do not count."""
    deepest = depth = 0
    for closing, name in tags:
        if name not in _MAY_STAY_OPEN:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest
