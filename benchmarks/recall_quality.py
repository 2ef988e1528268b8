"""How often a question about earlier work finds what answers it among the first five passages.

    python -m benchmarks.recall_quality [QUESTIONS.jsonl SESSION.json...] [--repository DIR] [--json FILE]

Without arguments the fixed questions about the fixed sessions are asked (`benchmarks/recall/`): loomkin at
work on its own repository. Else each SESSION.json is an export (`loomkin sessions export --format json`); all
are imported into one fresh repository. Each line of the questions is an object
`{"question": "...", "any_of": ["...", ...]}`: a hit is a passage that is of a message with one of these ids,
or in which one of these texts stands, word for word but for blanks and case. `"keeper"` and `"kind"` may
narrow a question. By questions with `"held_out": true` no number of the ranking was chosen; they
are counted by themselves, too. Misses are listed with what was found instead.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.recall_sessions import QUESTIONS, unpacked
from loomkin.cli.keeper_place import library
from loomkin.keepers.passage import Passage, Wanted
from loomkin.records.keeper import KeeperKind
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.transfer import take
from loomkin.store.transfer_read import stage

FIRST = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the place of its first hit (from 1, 0 for none), what was found, and how long it took."""

    question: str
    place: int
    found: Sequence[Passage]
    seconds: float
    held_out: bool = False


def load(exports: Sequence[Path], root: Path) -> None:
    """Import the sessions into a fresh repository; raises CalledProcessError, UsageError and StoreError."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    state = root / ".loomkin"
    state.mkdir()
    database = Database(state / FILE_NAME)
    try:
        for file in exports:
            staged = stage([file.read_text(encoding="utf-8")])
            try:
                take(database, staged, SystemClock().session_id, folder=state / "outputs")
            finally:
                staged.close()
    finally:
        database.close()


def ask(root: Path, questions: Sequence[dict[str, Any]], first: int = FIRST) -> Iterator[Asked]:
    """Each question through what answers `context_search`."""
    state = root / ".loomkin"
    database = Database(state / FILE_NAME)
    try:
        with library(database, root, state) as those:
            for one in questions:
                kind = KeeperKind(one["kind"]) if one.get("kind") else None
                begun = time.perf_counter()
                found = those.search(Wanted(one["question"], one.get("keeper", ""), kind, first))
                seconds = time.perf_counter() - begun
                hits = (at for at, passage in enumerate(found, 1) if hit(passage, one["any_of"]))
                yield Asked(one["question"], next(hits, 0), found, seconds, one.get("held_out", False))
    finally:
        database.close()


def hit(passage: Passage, wanted: Sequence[str]) -> bool:
    """Whether a passage is of one of the messages, or holds one of the texts."""
    text = _plain(passage.text)
    return passage.id in wanted or any(_plain(one) in text for one in wanted)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def read(file: Path) -> list[dict[str, Any]]:
    """The questions; raises ValueError with the line that is none."""
    questions = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            one = json.loads(line)
            if not one.get("question") or not one.get("any_of"):
                raise ValueError(f"{file}:{number}: a question has `question` and `any_of`")
            questions.append(one)
    return questions


def told(asked: Sequence[Asked]) -> Iterator[str]:
    """The figures, then each miss."""
    for most in (1, 3, FIRST):
        yield f"hit in the first {most}: {_share(asked, most)}"
    if held_out := [one for one in asked if one.held_out]:
        yield f"of those held out: {_share(held_out, FIRST)}"
    times = sorted(one.seconds for one in asked)
    worst = times[min(len(times) - 1, round(0.99 * len(times)))]
    yield f"a search took {1000 * median(times):.1f} ms, p99 {1000 * worst:.1f} ms"
    for one in asked:
        if not one.place:
            yield f"missed: {one.question}"
            for passage in one.found[:3]:
                yield f"    {passage.id} {passage.source}: {_plain(passage.text)[:120]}"


def _share(asked: Sequence[Asked], most: int) -> str:
    hits = sum(0 < one.place <= most for one in asked)
    return f"{hits} of {len(asked)} ({100 * hits / len(asked):.0f} %)"


def main() -> int:
    """Print how many questions were answered, and which were not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall_quality", description=__doc__)
    parser.add_argument("questions", type=Path, nargs="?", metavar="QUESTIONS.jsonl")
    parser.add_argument("exports", type=Path, nargs="*", metavar="SESSION.json")
    parser.add_argument("--repository", type=Path, metavar="DIR", help="ask in this repository instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there, too")
    options = parser.parse_args()
    if options.questions and bool(options.exports) == bool(options.repository):
        parser.error("name either exported sessions or --repository")
    questions = read(options.questions or QUESTIONS)
    with tempfile.TemporaryDirectory(prefix="loomkin-recall-") as folder:
        root = options.repository or Path(folder) / "repository"
        if not options.repository:
            load(options.exports or unpacked(Path(folder)), root)
        asked = list(ask(root, questions))
    sys.stdout.write("\n".join(told(asked)) + "\n")
    if options.json:
        plain = [
            {"question": one.question, "place": one.place, "found": [passage.id for passage in one.found]}
            for one in asked
        ]
        options.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
