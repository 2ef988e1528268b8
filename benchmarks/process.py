"""Child processes and what they cost: seconds of the wall, of the processor, and the peak of their memory."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

SPAWNER = Path(__file__).with_name("spawner.py")
TOP = Path(__file__).parents[1]
BUILD = TOP / "build"
SECONDS = 300
LEAST_SAMPLES = 9
FLOOR = (sys.executable, "-I", "-c", "pass")


class CommandFailed(Exception):
    """A measured command did not end as it should; its words say why."""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command.

    `wall` and `cpu` (user and system, with the children it waited for) are seconds, `began` and `ended`
    seconds since the epoch, `resident` is the peak in bytes of its largest single process.
    """

    code: int
    out: str
    err: str
    began: float
    ended: float
    wall: float
    cpu: float
    resident: int


def run(command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, codes: Sequence[int] = (0,)) -> Run:
    """Run a command to its end with nothing on standard input.

    Raises CommandFailed with its last words when it ends with a code that is not in `codes`.
    """
    with tempfile.NamedTemporaryFile(prefix="loomkin-bench-") as report:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(SPAWNER), report.name, *command],
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
        fields = Path(report.name).read_text(encoding="ascii").split()
    if done.returncode not in codes or len(fields) != 5:
        last = (done.stderr or done.stdout).strip()[-1000:]
        raise CommandFailed(f"`{' '.join(command)}` ended with {done.returncode}: {last}")
    began, ended, wall, cpu = map(float, fields[:4])
    # Linux counts kilobytes, macOS bytes
    resident = int(fields[4]) * (1 if sys.platform == "darwin" else 1024)
    return Run(done.returncode, done.stdout, done.stderr, began, ended, wall, cpu, resident)


def plain_environment(home: Path) -> dict[str, str]:
    """What a child needs to start, a home of its own, and nothing that changes how Python starts."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {"LANG": "C.UTF-8", **kept, "HOME": str(home), "TERM": "dumb"}


@dataclass
class Floor:
    """The interpreter's own start, sampled all through a run: the yardstick of every figure."""

    runs: list[Run] = field(default_factory=list)

    def sample(self, times: int = 1) -> None:
        """Measure `python -I -c pass`."""
        environ = plain_environment(Path(tempfile.gettempdir()))
        self.runs += [run(FLOOR, environ=environ, cwd=TOP) for _ in range(times)]

    def settle(self) -> None:
        """Measure until there are at least nine samples."""
        self.sample(max(0, LEAST_SAMPLES - len(self.runs)))

    @property
    def cpu(self) -> float:
        """Median processor seconds."""
        return median(one.cpu for one in self.runs)

    @property
    def wall(self) -> float:
        """Median seconds of the wall."""
        return median(one.wall for one in self.runs)

    @property
    def resident(self) -> int:
        """Median peak memory in bytes."""
        return round(median(one.resident for one in self.runs))


def compile_all() -> None:
    """Write the bytecode that an installed loomkin has."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(TOP / "loomkin")], env=environ, check=True)
