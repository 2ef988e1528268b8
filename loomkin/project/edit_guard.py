"""New texts that must not be written: elided code, and marks that stand for hidden secrets."""

import re
from functools import cache

from loomkin.records.regex import pattern

_LEADER = r"(?:\#|//|/\*+|<!--|--|;+|%|\{/\*)"
_CLOSER = r"(?:\*+/\}?|-->)?"
_DOTS = r"(?:\.{3,}|\u2026)"
_THINGS = (
    r"(?:code|file|functions?|methods?|class(?:es)?|modules?|contents?|implementations?|imports?|lines?|body|"
    r"logic|tests?|fields?|properties|definitions?|document|text|section|block|script|component|config(?:uration)?)"
)
# a comment such as "other methods" is a usual heading: without dots only these are taken for gaps
_BARE_WORDS = rf"""(?:
      (?:the\ )?(?:rest|remainder)\ of\ (?:the\ |your\ |this\ )?(?:\w+\ )?{_THINGS}
    | (?:the\ |your\ )?(?:existing|remaining)\ (?:code|contents?|implementation|logic)
    | {_THINGS}\ (?:remains?|stays?|is|are)?\ ?(?:the\ same|unchanged|omitted|as\ before|unmodified)
    | unchanged | (?:the\ )?same\ as\ before | (?:code\ )?omitted
    | keep\ (?:the\ )?(?:rest|existing|everything)(?:\ \w+){{0,3}}
)"""
_WORDS = rf"""(?:
      {_BARE_WORDS}
    | (?:the\ )?(?:rest|remaining|existing|previous|other|original|same)\ (?:\w+\ ){{0,2}}?{_THINGS}
    | (?:the\ )?same\ as\ above | as\ before | no\ changes? | snip(?:ped)? | truncated | etc
)"""
_AFTER = r"""(?:\ (?:here|goes\ here|below|above|as\ is|unchanged|omitted|continues?|(?:remains?|stays?)
    (?:\ (?:unchanged|the\ same|as\ is))?|\((?:unchanged|omitted)\)|for\ brevity|not\ shown)){0,3}"""
_OPEN, _SHUT = r"[(\[<{]*\s*", r"\s*[)\]>}]*\.?"

_PLACEHOLDER = rf"""\s*(?:
        {_LEADER}\s*{_OPEN}{_BARE_WORDS}{_AFTER}{_SHUT}\s*{_CLOSER}
      | {_LEADER}\s*{_OPEN}{_DOTS}\s*{_OPEN}{_WORDS}{_AFTER}{_SHUT}\s*{_DOTS}?\s*{_SHUT}\s*{_CLOSER}
      | {_LEADER}\s*{_OPEN}{_WORDS}{_AFTER}{_SHUT}\s*{_DOTS}\s*{_SHUT}\s*{_CLOSER}
      | {_OPEN}{_DOTS}\s*{_OPEN}{_WORDS}{_AFTER}{_SHUT}\s*{_DOTS}?{_SHUT}
      | {_OPEN}(?:the\ )?rest\ of\ (?:the\ )?{_THINGS}{_AFTER}{_SHUT}\s*{_DOTS}{_SHUT}
    )\s*"""
_HINT = pattern(
    r"rest|remain|exist|previous|other|original|same|chang|omit|snip|truncat|before|keep|etc", re.I
)
_REDACTED = pattern(r"\[redacted:[^\]\n]*\]")
_LONGEST = 120


@cache
def _pattern() -> re.Pattern[str]:
    # compiled when first needed: it takes longer than all else that this module loads
    return re.compile(_PLACEHOLDER, re.VERBOSE | re.IGNORECASE)


def placeholder(new: str, old: str) -> str | None:
    """The first line of `new` that stands for code left out and is not in `old`, else None."""
    if not _HINT.search(new):
        return None
    for line in new.split("\n"):
        text = line.strip()
        if len(text) <= _LONGEST and _HINT.search(text) and _pattern().fullmatch(text) and text not in old:
            return text
    return None


def redaction(new: str, own: str) -> str | None:
    """The first redaction mark of `new` that is not literally in the file's text `own`, else None."""
    if "[redacted:" not in new:
        return None
    return next((mark for mark in _REDACTED.findall(new) if mark not in own), None)
