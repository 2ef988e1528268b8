"""What files are by their names: sources and their tests, and what was copied from other projects."""

import os

from loomkin.codemap.words import NAME_STEM
from loomkin.project.grammars import language_of
from loomkin.records.regex import pattern

SOURCE, TEST = "s", "t"
_TEST = pattern(r"(?i)(?:^|[/_.-])(?:tests?|specs?|__tests__|testing)(?:[/_.-]|$)|(?:Test|Tests|Spec)\.\w+$")
_TEST_WORD = pattern(r"^(?:[Tt]est|[Ss]pec)s?[_-]|[_.-](?:[Tt]est|[Ss]pec|unit|e2e)s?$|(?:Test|Tests|Spec)$")
_VENDORED = pattern(
    r"(?:^|/)(?:_?vendor(?:s|ed)?|third[_-]?party|3rdparty|node_modules|bower_components|Godeps|Pods|Carthage"
    r"|site-packages)/|\.min\.\w+$"
)


def vendored(path: str) -> bool:
    """Whether a file belongs to another project, of which this one keeps a copy."""
    return _VENDORED.search(path) is not None


def kin(path: str) -> str:
    """`s` or `t` and what a source and its tests have in common; empty for what is no source."""
    if language_of(path) is None:
        return ""
    test = _TEST.search(path) is not None
    name = os.path.basename(path).rpartition(".")[0]
    bare = _TEST_WORD.sub("", _TEST_WORD.sub("", name)).partition(".")[0]
    return f"{TEST if test else SOURCE}{bare.replace('-', NAME_STEM).lower()}"
