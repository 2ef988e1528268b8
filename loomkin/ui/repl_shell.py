"""`!command`: what the person runs, shown to them as it comes and told to the agent when it is over."""

from collections.abc import Callable, Mapping
from pathlib import Path

from loomkin.project.jobs import JobTable
from loomkin.project.output import for_model
from loomkin.project.shell import MAX_SECONDS, Finished, run
from loomkin.records.dataclass import dataclass

SHOWN_LINES = 60


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
    told = f"The person ran this command:\n$ {command}\n{shell.redact(text)}\n({state})"
    return Ran(_shortened(text, str(ended.path)) + ("" if state == "exit 0" else f"\n({state})"), told)


def _shortened(text: str, path: str) -> str:
    lines = text.split("\n")
    if len(lines) <= SHOWN_LINES:
        return text
    half = SHOWN_LINES // 2
    gap = f"… {len(lines) - SHOWN_LINES} more lines in {path} …"
    return "\n".join([*lines[:half], gap, *lines[-half:]])
