"""Run with the Python of another assistant's environment: its map for each request on standard input.

A request is a line of JSON: `root`, `files` (relative paths), `words`, `tokens`. The answer is a line with
`text`, `seconds` of the wall and `cpu`. Files and names that the words mention are found as that assistant
does itself; its own enlargement of the map where no file is open is not used, so that the budgets are the
same.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

BYTES_PER_TOKEN = 3.5


class Model:
    """Counts tokens as the other side does."""

    def token_count(self, text: str) -> int:
        """Tokens of a text."""
        return round(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


class Quiet:
    """Reads files and says nothing."""

    def read_text(self, name: str, **_: object) -> str | None:
        """A file's text, None where it cannot be read."""
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeError):
            return None

    def tool_output(self, *_: object, **__: object) -> None:
        """Nothing."""

    tool_warning = tool_error = tool_output


def mentioned(files: list[str], words: str) -> tuple[set[str], set[str]]:
    """The files and the names that somebody's words mention."""
    plain = {word.rstrip(",.!;:?").strip("\"'`*_") for word in words.split()}
    names = set(re.split(r"\W+", words))
    found = {one for one in files if one in plain}
    by_base: dict[str, list[str]] = {}
    by_stem: dict[str, set[str]] = {}
    for one in files:
        base = os.path.basename(one)
        if any(sign in base for sign in "._-"):
            by_base.setdefault(base, []).append(one)
        if len(Path(one).stem) >= 5:
            by_stem.setdefault(Path(one).stem.lower(), set()).add(one)
    found |= {those[0] for base, those in by_base.items() if len(those) == 1 and base in plain}
    for name in names:
        if len(name) >= 5:
            found |= by_stem.get(name.lower(), set())
    return found, names


def main() -> None:
    """Answer all requests."""
    from aider.repomap import RepoMap  # type: ignore[import-not-found,unused-ignore]

    known: dict[str, object] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        root, files = asked["root"], asked["files"]
        begun, before = time.perf_counter(), time.process_time()
        if root not in known:
            known[root] = RepoMap(asked["tokens"], root, Model(), Quiet())
        named_files, names = mentioned(files, asked["words"])
        text = known[root].get_ranked_tags_map_uncached(  # type: ignore[attr-defined,unused-ignore]
            set(), [os.path.join(root, one) for one in files], asked["tokens"], named_files, names
        )
        cpu = time.process_time() - before
        answer = {"text": text or "", "seconds": time.perf_counter() - begun, "cpu": cpu}
        sys.stdout.write("\x00" + json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
