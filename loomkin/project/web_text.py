"""An HTML page as plain text that keeps its headings, lists, links and code."""

import re
from html.parser import HTMLParser

from loomkin.records.regex import pattern

_SKIPPED = frozenset(
    ("script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "select")
)
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset",
     "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav",
     "ol", "p", "pre", "section", "summary", "table", "tbody", "thead", "tr", "ul")
)  # fmt: skip
_SPACED = frozenset(("p", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"))
_SPACES = pattern(r"[ \t\r\n\f]+")


def html_to_text(html: str) -> tuple[str, str]:
    """The page's title and its text; a broken page gives what can be read of it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r"[ \t]+\n", "\n", "".join(reader.parts))
    text = re.sub(r"\n{3,}", "\n\n", text)
    return _SPACES.sub(" ", "".join(reader.title)).strip(), text.strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._skipped: list[str] = []
        self._in_title = False
        self._pre = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped or tag in _SKIPPED:
            if tag in _SKIPPED:
                self._skipped.append(tag)
            return
        if tag == "title" and not self.title:
            self._in_title = True
        if tag == "br":
            self.parts.append("\n")
        if tag in _BLOCKS:
            self._break(tag in _SPACED)
        if tag == "pre":
            self._pre += 1
        if tag[0] == "h" and tag[1:].isdigit():
            self.parts.append("#" * int(tag[1:]) + " ")
        elif tag == "li":
            self.parts.append("- ")
        elif tag in ("td", "th"):
            self.parts.append(" | " if self.parts and not self.parts[-1].endswith("\n") else "")
        elif tag == "code" and not self._pre:
            self.parts.append("`")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag in self._skipped:
                del self._skipped[self._skipped.index(tag) :]
            return
        if tag == "title":
            self._in_title = False
        if tag == "a" and self._links:
            target = self._links.pop()
            if target.startswith(("http://", "https://", "/")):
                self.parts.append(f" <{target}>")
        elif tag == "code" and not self._pre:
            self.parts.append("`")
        if tag == "pre":
            self._pre = max(self._pre - 1, 0)
        if tag in _BLOCKS:
            self._break(tag in _SPACED)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._skipped:
            text = data if self._pre else _SPACES.sub(" ", data)
            if not self._pre and (not self.parts or self.parts[-1].endswith(("\n", " "))):
                text = text.lstrip(" ")
            if text:
                self.parts.append(text)

    def _break(self, spaced: bool) -> None:
        if self.parts and self.parts[-1] not in ("- ", "\n\n"):
            self.parts.append("\n\n" if spaced else "" if self.parts[-1].endswith("\n") else "\n")
