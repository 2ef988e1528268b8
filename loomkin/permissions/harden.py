"""Rewrites the git reads of a shell command line so that a repository's settings run nothing."""

import shlex
from collections.abc import Sequence

from loomkin.permissions.git_reads import harden_git, hardened_globals, hardened_options
from loomkin.permissions.parts import Part, read_parts


def harden_line(text: str, cwd: str, home: str, filters: Sequence[str] = ()) -> str:
    """The command line to run in place of `text`: each git read in it carries its switches.

    Anything else, a command line that cannot be read included, stays as it is: the policy asked about that.
    `filters` are the names of the configured `filter.NAME` drivers.
    """
    parts, problem = read_parts(text, cwd, home)
    if problem or not any(part.command.name == "git" for part in parts):
        return text
    data = text.encode()
    inserts = dict(insert for part in parts for insert in _inserts(part, filters))
    for at in sorted(inserts, reverse=True):
        data = data[:at] + b" " + shlex.join(inserts[at]).encode() + data[at:]
    return data.decode()


def _inserts(part: Part, filters: Sequence[str]) -> list[tuple[int, list[str]]]:
    words = part.command.words
    texts = part.command.texts
    if part.nested or part.command.name != "git" or any(word.dynamic or word.end < 0 for word in words):
        return []
    if len(texts) < 2 or harden_git(texts) is None:
        return []
    verb = 1
    while texts[verb].startswith("-"):
        verb += 2 if texts[verb] == "-C" else 1
        if verb >= len(texts):
            return []
    found = [(words[0].end, hardened_globals(filters))]
    options = hardened_options(texts[verb], texts[verb + 1 :])
    return [*found, (words[verb].end, options)] if options else found
