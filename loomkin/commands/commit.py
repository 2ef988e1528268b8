"""/commit: a commit with a message in the repository's style, after the person has seen it."""

import shlex
from typing import TYPE_CHECKING

from loomkin.commands.command import Command, CommandResult, Context, Then
from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass, field
from loomkin.records.regex import pattern

if TYPE_CHECKING:  # loaded when a commit is made
    from loomkin.workspace.committing import Committing, Plan, Wish

MAKE, EDIT, LEAVE = "commit", "edit the message", "do not commit"
ASKED = "{plan}\n\nCommit this? d: say what to change in the message."
MOST_DRAFTS = 5
_FLAG = pattern(r"\s*(--all|-a|--signoff|-s|--no-verify|--file|-m|--message)(?:\s+|=|$)")
_VALUE = pattern(r"('[^']*'|\"[^\"]*\"|\S+)\s*")
_PATHS = pattern(r"(?:^|\s)--\s+(?P<paths>.*)$")


@dataclass(slots=True)
class _Typed:
    """What stood behind /commit."""

    flags: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)
    message: str = ""
    words: str = ""


class Commit(Command):
    """Shows files and message, and asks; the person commits, edits, says what to change, or leaves it."""

    name = "commit"
    summary = "commit with a message in the repository's style; shows it first"
    usage = "[WORDS] [-- PATH…]"
    more = (
        "Takes what is staged, else what agents changed; --all: every changed file that git knows. WORDS say "
        "what the message is about, or name changed files; -m MESSAGE takes yours as it is. -s signs off. "
        "Hooks always run, but for --no-verify."
    )
    idle = True

    async def run(self, context: Context, argument: str) -> CommandResult:
        git = context.session.git
        assert git is not None
        typed = _read(argument)
        await context.scribe.flush()
        committing = await git.committing()
        words = typed.words
        for _ in range(MOST_DRAFTS):
            plan = await committing.plan(_wish(typed, words))
            if typed.message:
                return await _made(context, committing, plan)
            question = ASKED.format(plan=plan.words)
            answer = await context.session.ask(question, (MAKE, EDIT, LEAVE), True)
            if answer == MAKE:
                return await _made(context, committing, plan)
            if answer == EDIT:
                return CommandResult(then=Then.DRAFT, argument=_again(typed, plan.order.message))
            if answer in (None, LEAVE):
                return CommandResult(f"{plan.words}\n\nNothing was committed.")
            words = f"{words}\n{answer}".strip()
        return CommandResult("Nothing was committed: say the message itself with /commit -m MESSAGE.")

    def choices(self, context: Context) -> tuple[str, ...]:
        return ("--all", "--signoff", "-m ", "-- ")


async def _made(context: Context, committing: "Committing", plan: "Plan") -> CommandResult:
    made = await committing.make(plan)
    context.session.note(f"The person committed: {made.words}")
    return CommandResult(made.words)


def _wish(typed: _Typed, words: str) -> "Wish":
    from loomkin.workspace.committing import Wish  # heavy: late on purpose

    return Wish(
        words,
        typed.message,
        tuple(typed.paths),
        all=bool({"--all", "-a"} & typed.flags),
        sign_off=bool({"--signoff", "-s"} & typed.flags),
        hooks="--no-verify" not in typed.flags,
    )


def _read(argument: str) -> _Typed:
    """Flags first, then words, then paths behind `--`; a message is all behind -m."""
    typed, rest = _Typed(), argument
    while found := _FLAG.match(rest):
        rest = rest[found.end() :]
        if found[1] in ("-m", "--message"):
            typed.message = rest.strip()
            if not typed.message:
                raise UsageError("/commit -m needs the message.", hint="/commit -m Close the socket")
            return typed
        if found[1] == "--file" and (value := _VALUE.match(rest)):
            typed.paths += _split(value[1])
            rest = rest[value.end() :]
        typed.flags.add(found[1])
    if paths := _PATHS.search(rest):
        typed.paths += _split(paths["paths"])
        rest = rest[: paths.start()]
    typed.words = rest.strip()
    return typed


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError as error:
        raise UsageError(f"The paths cannot be read: {error}.", hint="Close every quote.") from error


def _again(typed: _Typed, message: str) -> str:
    """The same command with the message to be edited."""
    flags = [flag for flag in sorted(typed.flags) if flag != "--file"]
    flags += [f"--file {shlex.quote(path)}" for path in typed.paths]
    return " ".join(["/commit", *flags, "-m", message])


COMMAND = Commit()
