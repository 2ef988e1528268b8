"""Unfolds a command line into every command that it would run, wrapped ones included."""

from loomkin.permissions.commands import read_command_line
from loomkin.permissions.simple import Assignment, Command
from loomkin.permissions.wrappers import env_assignments, inner_commands
from loomkin.records.dataclass import dataclass, replace

MOST_PARTS = 150
MOST_PATTERNS = 30
"""More commands or file patterns in one line are not judged: the answer must come at once."""

_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One command to judge.

    `judged` says that it needs a permission; a part that does not can still be denied. `within` holds the
    sources of the commands that run it. `nested` parts were read from text in an argument. `problem` says
    why it cannot be told what the part runs.
    """

    command: Command
    judged: bool = True
    within: tuple[str, ...] = ()
    nested: bool = False
    problem: str = ""


def read_parts(text: str, cwd: str, home: str) -> tuple[tuple[Part, ...], str]:
    """The parts of a command line in order, and the reason when it cannot be judged."""
    line = read_command_line(text, cwd, home)
    parts: list[Part] = []
    for command in line.commands:
        _unfold(Part(command), parts, home, 0)
        if len(parts) > MOST_PARTS:
            return tuple(parts[:MOST_PARTS]), f"runs more than {MOST_PARTS} commands"
    patterns = sum(bool(word.pattern) for part in parts for word in part.command.words)
    return tuple(parts), line.problem or ("has too many patterns" if patterns > MOST_PATTERNS else "")


def _unfold(part: Part, parts: list[Part], home: str, depth: int) -> None:
    command = part.command
    if depth > _DEEPEST:
        parts.append(replace(part, problem="is wrapped too deeply"))
        return
    if command.words and command.words[0].dynamic:
        parts.append(replace(part, problem="names its program by an expansion"))
        return
    inners = inner_commands(command.words, command.fed)
    problem = next((inner.problem for inner in inners if inner.problem), "")
    own = not inners or any(inner.own for inner in inners) or bool(problem)
    parts.append(replace(part, judged=part.judged and own, problem=part.problem or problem))
    within = (*part.within, command.source)
    extra = tuple(Assignment(source.split("=", 1)[0], source) for source in env_assignments(command.words))
    for inner in inners:
        judged = part.judged and inner.judged
        if inner.words:
            carried = () if own and inner.judged else command.assignments
            nested = replace(
                command, words=inner.words, assignments=(*carried, *extra) if judged else (), redirections=()
            )
            _unfold(Part(nested, judged, within, part.nested), parts, home, depth + 1)
        elif inner.text:
            _unfold_text(inner.text, Part(command, judged, within, True), parts, home, depth)


def _unfold_text(text: str, part: Part, parts: list[Part], home: str, depth: int) -> None:
    outer = part.command
    line = read_command_line(text, outer.places[0], home, fed=outer.fed)
    if line.problem:
        parts.append(replace(part, problem=f"runs a text that {line.problem}"))
    for command in line.commands[:MOST_PARTS]:
        places = tuple(dict.fromkeys([*outer.places, *command.places]))
        found = replace(
            command,
            places=places,
            assignments=(*outer.assignments, *command.assignments),
            lost=outer.lost or command.lost,
        )
        _unfold(replace(part, command=found), parts, home, depth + 1)
