"""How often the map shows the files that a change then touches, beside two yardsticks.

    python -m benchmarks.map_quality FOLDER [--rival] [--install] [--only NAME] [--misses] [--json FILE]

FOLDER holds bare repositories, `owner+name/repo` each, with the commits of `map_cases.jsonl` (which says, as
does `map_cases.py`, how they were chosen). For each case the parent of the change is checked out, and the map
is asked for the words of the change's message within 2,000 tokens. A file is in the map when its path is
printed, or its name in the line of its folder. Beside it stand a bare list of the 20 paths that match most of
the words, and, with `--rival`, the map of aider-chat 0.86.2, which `--install` puts into an environment of
its own below build/rivals. Cases that are held out are counted apart: nothing is tuned on them. With
`--json` each result is written down at once, and what stands in that file is not asked again: a run that was
cut short goes on where it stopped, and one that is finished is only told.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rivals import FOLDER, install_into
from loomkin.codemap.atlas import Atlas
from loomkin.codemap.late import BYTES_PER_TOKEN, TOKENS
from loomkin.project.grammars import language_of

CASES = Path(__file__).with_name("map_cases.jsonl")
RIVAL = "aider-chat==0.86.2"
PLACE = FOLDER / "aider-map"
PYTHON = PLACE / "bin" / "python"
LISTED = 20
MAP, LIST, OTHER = "loomkin map", "20 paths by words", "aider map"


@dataclass
class Result:
    """What one way showed of one case."""

    way: str
    case: dict[str, Any]
    shown: set[str]
    tokens: int
    seconds: float

    @property
    def missing(self) -> list[str]:
        """Touched files that it does not show."""
        return [path for path in self.case["touched"] if path not in self.shown]

    @property
    def plain(self) -> dict[str, object]:
        """What is worth writing down."""
        kept = {"way": self.way, "commit": self.case["commit"], "held_out": self.case["held_out"]}
        of = len(self.case["touched"])
        return {**kept, "of": of, "missing": self.missing, "tokens": self.tokens, "seconds": self.seconds}

    @property
    def any(self) -> bool:
        """Whether it shows one of them."""
        return len(self.missing) < len(self.case["touched"])


@dataclass
class Place:
    """One repository, checked out at one commit after the other."""

    root: Path
    atlas: Atlas = field(init=False)

    def __post_init__(self) -> None:
        self.atlas = Atlas(self.root, None)

    def at(self, commit: str) -> list[str]:
        """Check out a commit; its files. Objects that a partial copy lacks are passed over.

        Files that are the same stay as they are, with their times, by which either map knows them again.
        """
        git(self.root, "read-tree", "-m", commit)
        git(self.root, "clean", "-fdxq", "-e", ".aider*")
        for words in (("checkout-index", "-q", "-f", "-a"), ("update-index", "-q", "--refresh")):
            subprocess.run(["git", *words], cwd=self.root, capture_output=True)
        return git(self.root, "ls-files", "-z").split("\0")[:-1]


def git(root: Path, *words: str) -> str:
    """What git prints; raises CalledProcessError."""
    command = ["git", "-c", "advice.detachedHead=false", "-C", str(root), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout


def printed_paths(text: str) -> set[str]:
    """The paths that a text shows: alone on a line, or as names behind their folder."""
    found = set()
    for line in text.splitlines():
        folder, colon, names = line.partition("/: ")
        if colon and not line.startswith(" "):
            found |= {f"{folder}/{name}" if folder != "." else name for name in names.split(" ")}
        elif line and not line[0].isspace():
            found.add(line.removesuffix(":"))
    return found


def by_words(root: Path, files: Sequence[str], words: str) -> list[str]:
    """The 20 source files whose path or text have most of the words, rare words counting for more."""
    wanted = sorted({word.lower() for word in re.findall(r"[^\W\d_]{3,}", words)})
    texts = {}
    for path in files:
        if language_of(path):
            try:
                texts[path] = (path + "\n" + (root / path).read_text(errors="replace")).lower()
            except OSError:
                continue
    scores = dict.fromkeys(texts, 0.0)
    for word in wanted:
        having = [path for path, text in texts.items() if word in text]
        for path in having:
            scores[path] += math.log(1 + len(texts) / len(having)) * (3 if word in path.lower() else 1)
    return sorted(scores, key=lambda path: (-scores[path], path))[:LISTED]


class Rival:
    """The other assistant's map, by a process of its own Python; `cpu` are seconds of its last answer."""

    def __init__(self) -> None:
        self.cpu = 0.0
        script = Path(__file__).with_name("map_rival.py")
        self._process = subprocess.Popen(
            [str(PYTHON), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir(),
        )  # fmt: skip

    @staticmethod
    def installed() -> bool:
        """Whether its environment is there."""
        return PYTHON.exists()

    def ask(self, root: Path, files: Sequence[str], words: str) -> tuple[str, float]:
        """Its map and the seconds that took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"root": str(root), "files": list(files), "words": words, "tokens": TOKENS}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("\0"):
                answer = json.loads(line[1:])
                self.cpu = answer["cpu"]
                return answer["text"], answer["seconds"]
        raise RuntimeError("the other assistant's process ended")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def judge(
    bare: Path, scratch: Path, cases: Sequence[dict[str, Any]], rival: Rival | None
) -> Iterator[Result]:
    """All ways for the cases of one repository, which come newest first: oldest last."""
    root = scratch / bare.parent.name
    if not cases:
        return
    if not root.exists():
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", str(bare), str(root)], check=True)
    place = Place(root)
    for case in cases:
        files = place.at(case["parent"])
        begun = time.perf_counter()
        drawn = place.atlas.map(case["words"])
        seconds = time.perf_counter() - begun
        tokens = round(len(drawn.text.encode()) / BYTES_PER_TOKEN)
        yield Result(MAP, case, printed_paths(drawn.text), tokens, seconds)
        begun = time.perf_counter()
        listed = by_words(root, files, case["words"])
        size = round(len("\n".join(listed).encode()) / BYTES_PER_TOKEN)
        yield Result(LIST, case, set(listed), size, time.perf_counter() - begun)
        if rival is not None:
            text, seconds = rival.ask(root, files, case["words"])
            size = round(len(text.encode()) / BYTES_PER_TOKEN)
            yield Result(OTHER, case, printed_paths(text), size, seconds)


def told(results: Sequence[Result]) -> Iterator[str]:
    """The figures of each way, over all cases, those that were tuned on, and those held out."""
    for way in dict.fromkeys(one.way for one in results):
        own = [one for one in results if one.way == way]
        for name, of in (("all", None), ("tuned on", False), ("held out", True)):
            part = [one for one in own if of is None or one.case["held_out"] is of]
            if not part:
                continue
            hits, whole = sum(one.any for one in part), sum(not one.missing for one in part)
            yield (
                f"{way:<18} {name:<9} {len(part):>3} cases: one file or more in {hits} "
                f"({100 * hits / len(part):.1f} %), all files in {whole} ({100 * whole / len(part):.1f} %)"
            )
        yield (
            f"{way:<18} tokens: median {median(one.tokens for one in own):.0f}, most "
            f"{max(one.tokens for one in own)}; seconds: median {median(one.seconds for one in own):.2f}"
        )


def written(file: Path | None, cases: Sequence[dict[str, Any]], last: str) -> list[Result]:
    """The results of those cases that an earlier run has written down to the last way."""
    if file is None or not file.exists():
        return []
    by_commit = {one["commit"]: one for one in cases}
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        kept = json.loads(line)
        if case := by_commit.get(kept["commit"]):
            shown = set(case["touched"]) - set(kept["missing"])
            one = Result(kept["way"], case, shown, kept["tokens"], kept["seconds"])
            found[kept["commit"], one.way] = one
    return [one for one in found.values() if (one.case["commit"], last) in found]


def missed(results: Sequence[Result]) -> Iterator[str]:
    """The cases that are not held out in which the map shows not all."""
    for one in results:
        if one.way == MAP and one.missing and not one.case["held_out"]:
            sign = "PART" if one.any else "NONE"
            words = one.case["words"].replace("\n", " / ")[:150]
            yield f"{sign} {one.case['repository']} {one.case['commit'][:10]}: {words}\n     {one.missing}"


def main() -> int:
    """Print how often each way showed what was touched."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.map_quality", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--rival", action="store_true", help=f"ask {RIVAL}, too")
    parser.add_argument("--install", action="store_true", help=f"install {RIVAL} first")
    parser.add_argument("--only", default="", metavar="NAMES", help="only repositories with such a word, a,b")
    parser.add_argument("--misses", action="store_true", help="list what the map did not show")
    parser.add_argument("--scratch", type=Path, metavar="DIR", help="check out there, and leave it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add results there, and go on from it")
    options = parser.parse_args()
    if options.install:
        install_into(PLACE, RIVAL)
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    words = options.only.split(",")
    cases = [one for one in cases if any(word in one["repository"] for word in words)]
    results = written(options.json, cases, OTHER if options.rival else LIST)
    done = {one.case["commit"] for one in results}
    rival = Rival() if options.rival else None
    with tempfile.TemporaryDirectory(prefix="loomkin-map-") as folder:
        for name in dict.fromkeys(one["repository"] for one in cases):
            own = [one for one in cases if one["repository"] == name and one["commit"] not in done]
            bare = options.folder.resolve() / name.replace("/", "+") / "repo"
            found = []
            for one in judge(bare, options.scratch or Path(folder), own, rival):
                found.append(one)
                if options.json:
                    with options.json.open("a", encoding="utf-8") as lines_file:
                        lines_file.write(json.dumps(one.plain) + "\n")
            results += found
            ours = [one for one in found if one.way == MAP]
            hits, whole = sum(one.any for one in ours), sum(not one.missing for one in ours)
            sys.stderr.write(f"{name}: {hits} and {whole} of {len(ours)}\n")
    if rival is not None:
        rival.close()
    lines = [*told(results), *(missed(results) if options.misses else ())]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
