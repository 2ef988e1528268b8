"""`python -m benchmarks.rivals [NAME…] [--install]`: other assistants beside loomkin, by the same yardstick.

Each rival is installed from its registry into an environment of its own below build/rivals, and only when
it is named with `--install`. Measured are `--version`, `--help` and, where a rival can be pointed at a
server of one's own, one question that is answered at once. What is not installed is passed over.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.model import ANSWER, QUESTION, Place, place
from benchmarks.process import BUILD, CommandFailed, Floor, Run, compile_all, run
from benchmarks.start import FILES, command

FOLDER = BUILD / "rivals"
ROUNDS = 5
QUIET = {
    "AIDER_ANALYTICS_DISABLE": "true", "AIDER_CHECK_UPDATE": "false", "AIDER_SHOW_RELEASE_NOTES": "false",
    "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "true",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """How one question is put to a rival in a place."""

    words: tuple[str, ...]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rival:
    """A program of a registry's package; `ask` is None where it takes no other server, or no such dialect."""

    package: str
    registry: str
    program: str
    ask: Callable[[Place], Question] | None = None

    @property
    def folder(self) -> Path:
        """Its environment."""
        return FOLDER / self.program

    @property
    def path(self) -> Path:
        """Its executable."""
        return self.folder / ("bin" if self.registry == "pip" else "node_modules/.bin") / self.program


def _ask_llm(here: Place) -> Question:
    known = here.home / "llm"
    known.mkdir(exist_ok=True)
    rows = (
        "- model_id: fake",
        "  model_name: fake-model",
        f"  api_base: {here.url}/v1",
        "  api_key_name: fake",
    )
    (known / "extra-openai-models.yaml").write_text("\n".join(rows), encoding="utf-8")
    (known / "keys.json").write_text('{"fake": "key-for-benchmarks"}', encoding="utf-8")
    return Question(("-m", "fake", QUESTION), {"LLM_USER_PATH": str(known)})


def _ask_aider(here: Place) -> Question:
    words = ("--model", "openai/fake-model", "--yes-always", "--no-gitignore", "--no-show-model-warnings")
    return Question((*words, "--message", QUESTION), {"OPENAI_API_BASE": f"{here.url}/v1"})


def _ask_claude(here: Place) -> Question:
    environ = {"ANTHROPIC_BASE_URL": here.url, "ANTHROPIC_API_KEY": "key-for-benchmarks"}
    return Question(("-p", QUESTION), environ)


RIVALS = (
    Rival("aider-chat", "pip", "aider", _ask_aider),
    Rival("mini-swe-agent", "pip", "mini"),
    Rival("llm", "pip", "llm", _ask_llm),
    Rival("@openai/codex", "npm", "codex"),
    Rival("@google/gemini-cli", "npm", "gemini"),
    Rival("opencode-ai", "npm", "opencode"),
    Rival("@anthropic-ai/claude-code", "npm", "claude", _ask_claude),
)


def install(rival: Rival) -> None:
    """Install a rival into its own folder; raises CommandFailed with the installer's last words."""
    if rival.registry == "pip":
        install_into(rival.folder, rival.package)
    else:
        rival.folder.mkdir(parents=True, exist_ok=True)
        _carry_out([["npm", "install", "--silent", "--prefix", str(rival.folder), rival.package]])


def install_into(folder: Path, package: str) -> None:
    """Install a Python package into an environment of its own; raises CommandFailed as `install` does."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = [[sys.executable, "-m", "venv", str(folder)]]
    commands.append([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", package])
    _carry_out(commands)


def _carry_out(commands: Sequence[Sequence[str]]) -> None:
    for words in commands:
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise CommandFailed(f"`{' '.join(words)}`: {done.stderr.strip()[-300:]}")


def measure(name: str, program: Sequence[str], question: Question | None, here: Place, floor: Floor) -> None:
    """Print three lines for one program; each command runs once before it counts."""
    environ = {**here.environ, **QUIET, **(question.environ if question else {})}
    cases: dict[str, Sequence[str]] = {"--version": ["--version"], "--help": ["--help"]}
    if question is not None:
        cases["question"] = question.words
    for title, words in cases.items():
        runs = []
        try:
            for number in range(ROUNDS + 1):
                floor.sample()
                done = run([*program, *words], environ=environ, cwd=here.project)
                runs += [done] if number else []
        except (CommandFailed, subprocess.TimeoutExpired) as error:
            sys.stdout.write(f"  {name:<10} {title:<10} not measured: {str(error)[-300:]}\n")
            continue
        if title == "question" and ANSWER["text"] not in runs[-1].out:
            sys.stdout.write(f"  {name:<10} {title:<10} did not print the answer: {runs[-1].out[-200:]!r}\n")
        sys.stdout.write(_line(name, title, runs, floor) + "\n")
        sys.stdout.flush()


def _line(name: str, title: str, runs: Sequence[Run], floor: Floor) -> str:
    cpu, wall = median(one.cpu for one in runs), median(one.wall for one in runs)
    resident = max(one.resident for one in runs)
    return (
        f"  {name:<10} {title:<10} {cpu / floor.cpu:7.1f} x floor CPU  {cpu:7.3f} s CPU  {wall:7.3f} s wall  "
        f"{resident / 1e6:6.1f} MB  n={len(runs)}"
    )


def main() -> int:
    """Install what is asked for, then measure it beside loomkin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.package for one in RIVALS))
    parser.add_argument("--install", action="store_true", help="install those named first")
    options = parser.parse_args()
    chosen = [one for one in RIVALS if {one.package, one.program} & set(options.names)]
    if len(chosen) < len(set(options.names)) or (options.install and not chosen):
        parser.error(f"name some of {', '.join(one.package for one in RIVALS)}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compile_all()
    floor = Floor()
    floor.settle()
    with place([ANSWER], FILES) as here:
        measure("loomkin", command(), Question(("ask", QUESTION), {}), here, floor)
        for rival in chosen or RIVALS:
            try:
                if options.install and not rival.path.exists():
                    install(rival)
            except CommandFailed as error:
                sys.stdout.write(f"  {rival.program:<10} cannot be installed: {error}\n")
            if not rival.path.exists():
                sys.stdout.write(f"  {rival.program:<10} not installed: --install {rival.package}\n")
                continue
            measure(rival.program, [str(rival.path)], rival.ask and rival.ask(here), here, floor)
    sys.stdout.write(f"floor: python -I -c pass took {floor.cpu * 1000:.1f} ms of processor\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
