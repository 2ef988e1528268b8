"""`!command`: what the person runs, shown to them as it comes and told to the agent when it is over."""

from collections.abc import Callable, Mapping
from pathlib import Path

from loomkin.project.jobs import JobTable
from loomkin.project.output import for_model
from loomkin.project.shell import MAX_SECONDS, Finished, run
from loomkin.records.dataclass import dataclass
from loomkin.records.message import RAN
from loomkin.records.regex import pattern

SHOWN_LINES = 60
_PARTS = pattern(r"&&|\|\||[;&|\n]")
_SCREENS = frozenset(
    (
        "vi",
        "vim",
        "view",
        "vimdiff",
        "nvim",
        "nano",
        "pico",
        "joe",
        "micro",
        "mc",
        "htop",
        "btop",
        "tmux",
        "tig",
    )
)


@dataclass(frozen=True, slots=True)
class PersonShell:
    """Where and how the person's commands run; secrets are blotted out of what the agent hears."""

    cwd: Path
    environ: Mapping[str, str]
    outputs: Path
    redact: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Ran:
    """What the person sees when a command is over, and what the agent is told."""

    shown: str
    told: str


def wants_terminal(command: str) -> str:
    """The program in a command that draws on a terminal, which it does not get here; else nothing."""
    for part in _PARTS.split(command):
        program = next((word for word in part.split() if "=" not in word), "").rpartition("/")[2]
        if program in _SCREENS:
            return program
    return ""


async def run_for_person(
    command: str, shell: PersonShell, jobs: JobTable, on_output: Callable[[str], None]
) -> Ran:
    """Run it for at most ten minutes; raises what `JobTable.start` raises, and ends it when cancelled."""
    ended = await run(
        command,
        jobs=jobs,
        cwd=shell.cwd,
        env=shell.environ,
        output_dir=shell.outputs,
        timeout=MAX_SECONDS,
        on_output=on_output,
    )
    output = ended.output
    finished = isinstance(ended, Finished)
    state = f"exit {ended.code}" if isinstance(ended, Finished) else f"ended after {ended.seconds:.0f} s"
    text = for_model(
        output.head,
        output.tail,
        missing_lines=output.missing_lines,
        whole=str(ended.path),
        failed=not finished or state != "exit 0",
    )
    told = f"{RAN}{command}\n{shell.redact(text)}\n({state})"
    return Ran(_shortened(text, str(ended.path)) + ("" if state == "exit 0" else f"\n({state})"), told)


def _shortened(text: str, path: str) -> str:
    lines = text.split("\n")
    if len(lines) <= SHOWN_LINES:
        return text
    half = SHOWN_LINES // 2
    gap = f"… {len(lines) - SHOWN_LINES} more lines in {path} …"
    return "\n".join([*lines[:half], gap, *lines[-half:]])
