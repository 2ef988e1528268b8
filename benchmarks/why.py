"""`loomkin why` in a repository of 10,000 commits, for lines changed lately, long ago, and not committed."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.figures import Figure, middle
from benchmarks.process import Floor, plain_environment, run
from loomkin.decisions.answers import open_answers
from loomkin.decisions.desk import Who
from loomkin.decisions.drafts import Draft, Rejected
from loomkin.project.root import ensure_state_dir
from loomkin.provenance.trailers import TRAILER
from loomkin.records.decision import Author, Node, NodeKind, Origin
from loomkin.records.event import FileChanged, MessageAdded, SessionStarted
from loomkin.records.ids import MessageId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.runtime.clock import SystemClock
from loomkin.store.database import FILE_NAME, Database
from loomkin.store.journal import Journal

COMMITS, FILES, LINES, DECISIONS, TIMES = 10_000, 200, 400, 500, 9
NAME = "src/m007.py"
DECIDED, OLD, FRESH = 40, 90, 140
"""Lines of that file: changed three commits ago, changed in the middle of the history, not committed."""
CASES = {"trailer, three commits ago": DECIDED, "5,000 commits ago": OLD, "not committed": FRESH}


def measure(floor: Floor) -> Iterator[Figure]:
    """A repository of its own, and the command as people run it."""
    with tempfile.TemporaryDirectory(prefix="loomkin-bench-why-") as folder:
        root = Path(folder) / "repository"
        node = asyncio.run(remember(root))
        history(root, node)
        yield from asked(root, node, plain_environment(Path(folder)), floor)


def asked(root: Path, node: Node, environ: Mapping[str, str], floor: Floor) -> Iterator[Figure]:
    """The command for each kind of line."""
    for name, number in CASES.items():
        floor.sample()
        command = (sys.executable, "-m", "loomkin", "why", f"{NAME}:{number}")
        runs = [run(command, environ=environ, cwd=root) for _ in range(TIMES)]
        assert f"decided: {node.id} " in runs[0].out or number == OLD, runs[0].out
        note = f"wall {sorted(one.wall for one in runs)[TIMES // 2] * 1000:.0f} ms"
        target = "" if number == OLD else "< 300"
        yield middle(name, [one.cpu for one in runs], target, note)


async def remember(root: Path) -> Node:
    """A database with a session, changes of files, and decisions with rejected options."""
    git(root.parent, "init", "-q", str(root))
    database, clock = Database(ensure_state_dir(root) / FILE_NAME), SystemClock()
    journal, session = Journal(database, lambda event: None, clock.now), SessionId("s-1")
    journal.record(SessionStarted(str(root), "m", "auto"), session, "coder")
    graph = open_answers(database, journal, clock, 50, 14).graph
    origin, who = Origin(Author.AGENT, "coder", session, "", "make it fast"), Who("coder", session, "coder")
    for number in range(DECISIONS):
        said = Message(MessageId(f"m{number}"), Role.USER, (Text(f"make it fast {number}"),), "person", 0.0)
        journal.record(MessageAdded(said), session, "coder")
        file = NAME if number == DECISIONS - 1 else f"src/m{number % FILES:03}.py"
        rejected = (Rejected("Another way", "slower"),)
        draft = Draft(
            NodeKind.DECISION, f"Way {number}", files=(file,), rejected=rejected, messages=(said.id,)
        )
        done = await graph.add(draft, origin, who)
        diff = f"@@ -{FRESH},1 +{FRESH},1 @@\n-old\n+value_{FRESH} = 'fresh {number}'"
        journal.record(FileChanged(f"c{number}", file, "a", "b", 1, 1, diff), session, "coder")
    await journal.aclose()
    database.close()
    return done.node


def history(root: Path, node: Node) -> None:
    """10,000 commits that each change a line of one of 200 files; then the work tree, changed once more."""
    texts = {
        f"src/m{number:03}.py": [f"value_{line} = 0" for line in range(1, LINES + 1)]
        for number in range(FILES)
    }
    feed = subprocess.Popen(["git", "-C", str(root), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert feed.stdin is not None
    names = list(texts)
    for number in range(1, COMMITS + 1):
        name, line, message = names[number % FILES], number % 30, f"Commit {number}"
        if number == COMMITS // 2:
            name, line = NAME, OLD - 1
        elif number == COMMITS - 3:
            name, line = NAME, DECIDED - 1
            message += f"\n\n{TRAILER}: {node.id} {node.change_id}"
        elif name == NAME and number > COMMITS - 3:
            name = names[0]
        texts[name][line] = f"value_{line + 1} = {number}"
        files = texts if number == 1 else {name: texts[name]}
        feed.stdin.write(_commit(number, message, files))
    feed.stdin.close()
    if feed.wait():
        raise AssertionError("git fast-import failed")
    git(root, "reset", "-q", "--hard", "main")
    texts[NAME][FRESH - 1] = f"value_{FRESH} = 'fresh {DECISIONS - 1}'"
    (root / NAME).write_text("\n".join(texts[NAME]) + "\n")


def _commit(number: int, message: str, files: Mapping[str, list[str]]) -> bytes:
    who = f"A Person <a@example.org> {1_600_000_000 + number * 60} +0000"
    said = message.encode()
    parts = [f"commit refs/heads/main\ncommitter {who}\ndata {len(said)}\n".encode(), said, b"\n"]
    for name, lines in files.items():
        text = ("\n".join(lines) + "\n").encode()
        parts += [f"M 100644 inline {name}\ndata {len(text)}\n".encode(), text, b"\n"]
    return b"".join(parts)


def git(root: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-C", str(root), *words], check=True, env=os.environ
    )
