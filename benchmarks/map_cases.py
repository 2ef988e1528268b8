"""Chooses the changes by which the map is judged, by a rule that was fixed before any was looked at.

    python -m benchmarks.map_cases FOLDER > benchmarks/map_cases.jsonl

FOLDER holds bare repositories, `owner+name/repo` each. Of the newest 600 commits that are no merges, kept are
those that touch one to six source files (a grammar reads them) that are there in the parent, with a message
of four words or more that speaks of no release, version or update of dependencies. Of these, seven are taken
at even distances. Every third case of all is held out: nothing is tuned on it. What is kept of a change is
its id, the words of its message (no indented or fenced lines, no trailers, 120 words at most) and paths.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from loomkin.project.grammars import language_of

NEWEST, EACH, MOST_FILES, LEAST_WORDS, MOST_WORDS = 600, 7, 6, 4, 120
_SKIPPED = re.compile(
    r"(?i)\b(bump|release|releasing|changelog|upgrade|version \d|v?\d+\.\d+\.\d+|dependabot|deps)\b"
)
_TRAILER = re.compile(
    r"^[A-Z][A-Za-z]+(-[A-Za-z]+)*: .*@|^(Signed-off-by|Co-authored-by|Fixes|Closes|See):?\s", re.I
)


def git(repository: Path, *words: str) -> str:
    """What git prints; raises CalledProcessError."""
    command = ["git", "--git-dir", str(repository), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout


def message_words(message: str) -> str:
    """The words of a message for people."""
    lines, fenced = [], False
    for line in message.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith(("    ", "\t", "|", ">", "$")) and not _TRAILER.match(line):
            lines.append(line.strip())
    text = "\n".join(lines).strip()
    kept = re.findall(r"\S+\s*", text)[:MOST_WORDS]
    return "".join(kept).strip()


def touched(repository: Path, commit: str) -> list[str]:
    """The source files that a change touches and that are there before it."""
    words = ("diff-tree", "-r", "--no-commit-id", "--name-status", "--no-renames", "-z", commit)
    fields = git(repository, *words).split("\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    return sorted(path for status, path in pairs if status in ("M", "D", "T") and language_of(path))


def changes(repository: Path) -> Iterator[dict[str, object]]:
    """The changes of one repository that the rule keeps, newest first."""
    log = git(repository, "log", "--no-merges", f"-{NEWEST}", "--format=%H%x00%P%x00%B%x01")
    for entry in log.split("\x01"):
        if entry.count("\0") < 2:
            continue
        commit, parents, message = entry.strip().split("\0", 2)
        words = message_words(message)
        if len(parents.split()) != 1 or len(words.split()) < LEAST_WORDS:
            continue
        if _SKIPPED.search(words.partition("\n")[0]):
            continue
        files = touched(repository, commit)
        if 1 <= len(files) <= MOST_FILES:
            yield {"commit": commit, "parent": parents, "words": words, "touched": files}


def main() -> int:
    """Print the cases of all repositories, a line each."""
    number = 0
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        if not (folder / "repo").is_dir():
            continue
        found = list(changes(folder / "repo"))
        count = min(EACH, len(found))
        for place in range(count):
            case = found[place * (len(found) - 1) // max(1, count - 1)]
            held_out = number % 3 == 2
            line = {"repository": folder.name.replace("+", "/"), "held_out": held_out, **case}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            number += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
