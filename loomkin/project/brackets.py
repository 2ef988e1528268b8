"""Which bracket of a Kotlin text stands alone, whatever a grammar makes of the text."""

from loomkin.records.regex import pattern

_CODE = pattern(r"""//[^\n]*|`[^`\n]*`|'(?:\\.[^'\n]*|[^\\'\n])'|/\*|\"{3}|"|[()\[\]{}]""")
_TEXT = pattern(r"""\\.|\$\{|"|\n""")
_RAW_TEXT = pattern(r"""\$\{|"{3,}""")
_COMMENT = pattern(r"/\*|\*/")
_INSIDE = {"/*": _COMMENT, '"': _TEXT, '"""': _RAW_TEXT}
_CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}", "/*": "*/", '"': '"', '"""': '"""'}


def lone_bracket(text: str) -> tuple[int, str] | None:
    """The line (from 1) of a bracket that closes nothing or is never closed, and what is wrong with it."""
    opened: list[tuple[str, int]] = []
    at = 0
    while True:
        inside = opened[-1][0] if opened else ""
        found = _INSIDE.get(inside, _CODE).search(text, at)
        if found is None:
            break
        at, sign = found.end(), found[0]
        if sign.startswith('"""'):
            sign = '"""'
        if sign == "\n":
            opened.pop()  # a text ends with its line at the latest
        elif sign == _CLOSING.get(inside):
            opened.pop()
        elif sign in _CLOSING:
            opened.append((sign, found.start()))
        elif sign in (")", "]", "}"):
            return text.count("\n", 0, found.start()) + 1, f"unexpected {sign!r}"
    if not opened:
        return None
    sign, place = opened[-1]
    return text.count("\n", 0, place) + 1, f"{sign!r} is never closed"
