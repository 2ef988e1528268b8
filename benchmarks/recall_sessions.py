"""Makes of exported sessions the fixed ones of `recall_quality`: without places of a machine, compressed.

    loomkin sessions export --format json ID > NAME.json
    python -m benchmarks.recall_sessions NAME.json... --replace /home/me/src/loomkin=/home/dev/loomkin

What is written to `benchmarks/recall/NAME.json.gz` has the same bytes whenever it is made of the same file.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "recall"
QUESTIONS = FOLDER / "questions.jsonl"


def fixed() -> list[Path]:
    """The sessions that the fixed questions are about."""
    return sorted(FOLDER.glob("*.json.gz"))


def unpacked(folder: Path) -> list[Path]:
    """The same as exports that can be imported, written into a folder."""
    files = []
    for packed in fixed():
        file = folder / packed.name.removesuffix(".gz")
        file.write_bytes(gzip.decompress(packed.read_bytes()))
        files.append(file)
    return files


def replaced(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The text with the first of each pair as the second; the longest first, whatever their order."""
    for old, new in sorted(pairs, key=lambda pair: -len(pair[0])):
        text = text.replace(old, new)
    return text


def _pair(words: str) -> tuple[str, str]:
    old, sign, new = words.partition("=")
    if not (old and sign):
        raise argparse.ArgumentTypeError(f"{words!r} is not OLD=NEW")
    return old, new


def main() -> int:
    """Write the fixed sessions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall_sessions", description=__doc__)
    parser.add_argument("exports", type=Path, nargs="+", metavar="NAME.json")
    parser.add_argument("--replace", type=_pair, action="append", default=[], metavar="OLD=NEW")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for export in options.exports:
        text = replaced(export.read_text(encoding="utf-8"), options.replace)
        json.loads(text)  # still what it was
        made = FOLDER / f"{export.stem}.json.gz"
        made.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        sys.stdout.write(f"{made}: {made.stat().st_size:,} bytes of {len(text):,}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
