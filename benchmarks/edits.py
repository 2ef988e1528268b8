"""The applier: edits a second on files of a thousand lines, by every tier, with and without the disk."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, rate
from benchmarks.process import BUILD, CommandFailed, Floor
from loomkin.project.edit import Edit, Refused, Target, Tier, apply_edits
from loomkin.project.text import sha_of

ROUNDS = 9
EDITS = 30
LINES = 1_000
BLOCK = 10
AT = LINES // BLOCK // 2
TARGET = ">= 1,000"


@dataclass(frozen=True, slots=True)
class Case:
    """One edit of one text, made again and again; `tier` is the one that must find the place."""

    name: str
    tier: Tier
    text: str
    edit: Edit
    file: str = "module.txt"
    durable: bool = False
    target: str = ""


def block(number: int) -> str:
    """Ten lines of Python, unlike those of any other number."""
    return (
        f"def function_{number}(first, second):\n"
        f'    """Add up what number {number} was given, \u201ccarefully\u201d."""\n'
        f"    total = {number}\n"
        "    for item in (first, second):\n"
        "        if item is not None:\n"
        f'            total += item * {number}  # "weighted" sum\n'
        "        else:\n"
        f"            total -= {number}\n"
        "    return total\n"
        "\n"
    )


def cases() -> Iterator[Case]:
    """A thousand lines with a change in the middle, sent in the ways in which models send it."""
    text = "".join(map(block, range(LINES // BLOCK)))
    old = block(AT).rstrip("\n")
    new = old.replace(f"total = {AT}", f"total = {AT} + 0")
    edit = Edit(old, new)
    yield Case("exact", Tier.EXACT, text, edit, target=TARGET)
    yield Case("exact, Python, its syntax checked", Tier.EXACT, text, edit, "module.py")
    yield Case("exact, waiting for the disk", Tier.EXACT, text, edit, durable=True)
    yield Case("line endings", Tier.NEWLINES, text.replace("\n", "\r\n"), edit)
    spaced = Edit(old.replace(":\n", ":  \n"), new.replace(":\n", ":  \n"))
    yield Case("trailing white space", Tier.TRAILING, text, spaced)
    yield Case("indentation", Tier.INDENT, text, Edit(_deeper(old), _deeper(new)))
    yield Case("blank line at an end", Tier.BLANK_ENDS, text, Edit(f"{old}\n\n\n", f"{new}\n\n\n"))
    straight = Edit(_straight(old), _straight(new))
    yield Case("Unicode punctuation", Tier.UNICODE, text, straight)
    yield Case("escapes", Tier.ESCAPES, text, Edit(_escaped(old), _escaped(new)))


def measure(floor: Floor) -> Iterator[Figure]:
    """Each edit reads the file, finds the place, describes the change and renames the new file over it."""
    BUILD.mkdir(exist_ok=True)
    found: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    known = list(cases())
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-edits-") as folder:
        for _ in range(ROUNDS):
            floor.sample()
            for case in known:
                wall, cpu = _edit(case, Path(folder))
                found.setdefault(case.name, []).extend(wall)
                spent.setdefault(case.name, []).append(cpu)
    for case in known:
        yield rate(case.name, "edits/s", found[case.name], case.target)
    yield rate(f"{known[0].name}, by the processor", "edits/s", spent[known[0].name])


def _edit(case: Case, folder: Path) -> tuple[list[float], float]:
    """Seconds of each edit, and processor seconds of one on average; every edit has a file of its own."""
    data = case.text.encode()
    paths = [folder / f"{number}-{case.file}" for number in range(EDITS)]
    for path in paths:
        path.write_bytes(data)
    seen = sha_of(data)
    walls, cpu = [], 0.0
    for path in paths:
        started, used = time.perf_counter(), time.process_time()
        done = apply_edits(Target(path, (folder,), seen), [case.edit], durable=case.durable)
        walls.append(time.perf_counter() - started)
        cpu += time.process_time() - used
        if isinstance(done, Refused):
            raise CommandFailed(f"the edit `{case.name}` was refused: {done.message}")
        if done.tier != case.tier or not done.added:
            raise CommandFailed(f"the edit `{case.name}` was found by {done.tier}, not by {case.tier}")
    for path in paths:
        path.unlink()
    return walls, cpu / EDITS


def _deeper(text: str) -> str:
    return "\n".join(f"    {row}" for row in text.split("\n"))


def _straight(text: str) -> str:
    return text.replace("\u201c", '"').replace("\u201d", '"')


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n")
