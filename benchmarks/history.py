"""`why`, the map and the git hooks together, in one repository of 10,000 commits that has a kept map."""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.figures import Figure, middle
from benchmarks.hooks import changed, each, settled
from benchmarks.map_speed import in_session
from benchmarks.process import Floor, Run, run
from benchmarks.start import command
from benchmarks.why import COMMITS, NAME, asked, history, remember

TIMES = 9
WORDS = "where the fresh value of module seven is set"


def measure(floor: Floor) -> Iterator[Figure]:
    """Lines first, then maps, then hooks, which find the map that was made."""
    with tempfile.TemporaryDirectory(prefix="loomkin-bench-history-") as folder:
        root = Path(folder) / "repository"
        node = asyncio.run(remember(root))
        history(root, node)
        counted = subprocess.run(
            ["git", "-C", str(root), "rev-list", "--count", "HEAD"], check=True, capture_output=True
        )
        assert int(counted.stdout) == COMMITS
        environ = settled(Path(folder))
        yield from asked(root, node, environ, floor)
        yield from _maps(root, environ, floor)
        changed(root)
        yield from each(floor, root, environ, "with a map")


def _maps(root: Path, environ: Mapping[str, str], floor: Floor) -> Iterator[Figure]:
    first = _map(root, environ)
    yield middle("map from nothing", [first.cpu], "", f"wall {first.wall * 1000:.0f} ms")
    floor.sample()
    again = [_map(root, environ) for _ in range(TIMES)]
    assert NAME in again[0].out
    yield middle("map from what was kept", [one.cpu for one in again], "<= 500")
    edits = in_session(root, [f"src/m{number:03}.py" for number in range(TIMES)], renewed=False)
    yield middle("map after an edit in a session", [cpu for cpu, _ in edits], "<= 150")


def _map(root: Path, environ: Mapping[str, str]) -> Run:
    return run([*command(), "map", WORDS], environ=environ, cwd=root)
