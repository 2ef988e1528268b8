"""Reads the words of a command line by a table of flags: `ask` and the conversation start without typer.

Importing typer and making a command of thirty flags takes about 50 ms, three times a bare interpreter; the
two commands that people wait for every time read their flags here, all others are typer commands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from loomkin.cli.flag_table import FlagRow
from loomkin.cli.help import COMMANDS
from loomkin.config.catalogue import NEAR
from loomkin.errors import UsageError
from loomkin.records.dataclass import dataclass

HELP_NAMES = ("-h", "--help")
VERSION_NAMES = ("-V", "--version")
_GAP = 34


@dataclass(frozen=True, slots=True)
class Form:
    """What a command takes: its name as typed, its flags, and whether words may stand beside them.

    `first` are the words that may come first, where there is a fixed set.
    """

    name: str
    about: str
    flags: tuple[FlagRow, ...]
    words: str = ""
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: values by field (a switch is True, a repeatable flag a list), and the other words."""

    values: Mapping[str, Any]
    words: tuple[str, ...]
    help: bool = False


def read(form: Form, words: Sequence[str]) -> Typed:
    """The values and words of a command line; raises UsageError that names the flag and the mend."""
    by_name = {name: row for row in form.flags for name in row.names}
    values: dict[str, Any] = {}
    others: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            others += left
            break
        if word in HELP_NAMES:
            return Typed({}, (), help=True)
        if not word.startswith("-") or word == "-":
            others.append(word)
            continue
        for row, name, value in _split(form, by_name, word, left):
            _put(values, row, name, value)
    if others and not form.words:
        near = _near(others[0], COMMANDS)
        meant = f"Did you mean {form.name} {near}?" if near else f"For one job: loomkin ask {others[0]!r}."
        raise UsageError(f"{others[0]!r} is no command.", hint=f"{meant} All commands: loomkin --help.")
    return Typed(values, tuple(others))


def _split(
    form: Form, by_name: Mapping[str, FlagRow], word: str, left: list[str]
) -> Iterator[tuple[FlagRow, str, str | None]]:
    """The flags in one word, `--name=value` or `-abVALUE`, taking the next word where one needs it."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        row = by_name.get(name) or _unknown(form, by_name, name)
        if equals and not row.takes_value:
            raise UsageError(f"{name} takes no value.", hint=_try(form))
        yield row, name, value if equals else _next(form, row, name, left)
        return
    rest = word[1:]
    while rest:
        name, rest = f"-{rest[0]}", rest[1:]
        row = by_name.get(name) or _unknown(form, by_name, name if len(word) == 2 else word)
        if row.takes_value:
            yield row, name, rest.removeprefix("=") if rest else _next(form, row, name, left)
            return
        yield row, name, None


def _next(form: Form, row: FlagRow, name: str, left: list[str]) -> str | None:
    if not row.takes_value:
        return None
    if row.optional and (not left or left[0].startswith("-")):
        return ""
    if not left:
        raise UsageError(f"{name} needs a value: {name} {_metavar(row)}.", hint=_try(form))
    return left.pop(0)


def _put(values: dict[str, Any], row: FlagRow, name: str, word: str | None) -> None:
    value = True if word is None else _value(row, name, word)
    if row.repeatable:
        values.setdefault(row.field, []).append(value)
    else:
        values[row.field] = value


def _value(row: FlagRow, name: str, word: str) -> Any:
    if row.choices is not None:
        if word not in list(row.choices):
            raise UsageError(f"{name} {word!r}: it is one of {', '.join(row.choices)}.")
        return row.choices(word)
    try:
        value = row.kind(word)
    except ValueError:
        what = "a whole number" if row.kind is int else "a number"
        raise UsageError(f"{name} {word!r}: it must be {what}.") from None
    if row.least is not None and not (isinstance(value, (int, float)) and row.least <= value < float("inf")):
        raise UsageError(f"{name} {word!r}: it must be at least {row.least}.")
    return value


def _unknown(form: Form, by_name: Mapping[str, FlagRow], name: str) -> FlagRow:
    if name in VERSION_NAMES:
        raise UsageError(f"{name} stands alone: loomkin {name}.")
    known = {one.lstrip("-"): one for one, row in by_name.items() if not row.hidden}
    near = known.get(_near(name.lstrip("-"), known), "")
    hint = f"Did you mean {near}? " if near else ""
    raise UsageError(f"there is no flag {name}.", hint=hint + _try(form))


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # heavy: late on purpose

    return next(iter(get_close_matches(word, list(known), 1, NEAR)), "")


def _try(form: Form) -> str:
    return f"All flags: {form.name} --help. Words that begin with a dash stand behind --."


def _metavar(row: FlagRow) -> str:
    if row.optional:
        return f"[{row.metavar}]"
    return row.metavar or f"<{'|'.join(row.choices or ())}>"


def help_of(form: Form) -> str:
    """The help page of a command."""
    lines = [f"Usage: {form.name} [FLAGS] {form.words}".rstrip(), "", f"  {form.about}", "", "Flags:"]
    for row in form.flags:
        if not row.hidden:
            typed = f"{', '.join(row.names)} {_metavar(row)}" if row.takes_value else ", ".join(row.names)
            if len(typed) < _GAP - 3:
                lines.append(f"  {typed:<{_GAP - 2}}{row.about}")
            else:
                lines += [f"  {typed}", f"{'':<{_GAP}}{row.about}"]
    lines.append(f"  {', '.join(HELP_NAMES):<{_GAP - 2}}Show this page and exit.")
    return "\n".join(lines) + "\n"
