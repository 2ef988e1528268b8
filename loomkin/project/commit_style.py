"""How a repository words its commits: read from its latest subjects, told in words, held to a message."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from loomkin.project.git import run_git
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern

LATEST = 20
# What people expect of a subject where a repository has no habit of its own.
SUBJECT_CHARS = 72
_LOOKED_AT = 60
_FEW = 3
_HABIT = 0.75
_NAMED = 6
_TYPES = frozenset(
    ("feat", "fix", "docs", "doc", "style", "refactor", "perf", "test", "tests", "build", "ci", "chore",
     "revert", "wip", "release", "deps", "security", "feature", "bugfix", "hotfix", "improvement", "i18n")
)  # fmt: skip
# Subjects that git and forges write themselves; they say nothing of a habit and are never found fault with.
_WRITTEN = pattern(
    r"Merge (branch|remote-tracking|pull request|tag|commit|branches|\w+ into)|Merged? .* into |Revert \"|"
    r"Reapply \"|(fixup|squash|amend)! |Bump .+ from .+ to |Update dependency |Initial commit$|"
    r"initial commit$|v?\d+(\.\d+)+\S*$"
)
_TICKET = pattern(r"\[?(?P<key>[A-Z][A-Z0-9]+-\d+)\]?(?P<apart>:? )(?=\S)")
_SIGN = pattern(r"(?::[a-z0-9_+-]+:|[^\w\s\[(\"'`#]+) +(?=\S)")
_CONVENTIONAL = pattern(
    r"(?P<type>[A-Za-z][\w-]*)(?:\((?P<scope>[^()\n]+)\))?(?P<breaking>!)?(?P<apart>: +)(?=\S)"
)
_AREA = pattern(r"(?P<area>[\w./*+@,{}-]+(?:, ?[\w./*+@-]+)*)(?P<apart>: +)(?=\S)")
_NUMBER_BEHIND = pattern(r"\s*\(#\d+\)$")
_CASES = {True: "a capital letter", False: "a small letter"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A commit's first line, taken apart: `fix(parser)!: Say why (#12)`; what is not there is empty."""

    words: str
    type: str = ""
    scope: str = ""
    area: str = ""
    ticket: str = ""
    sign: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class CommitStyle:
    """The habits of a repository; where there are too few commits, or they differ, there is no habit.

    `capital` and `stop` (a full stop at the end) are None without one. `areas` are the scopes or the areas
    before the colon, the most used first; `longest` is the most characters of a subject.
    """

    seen: int = 0
    conventional: bool = False
    types: tuple[str, ...] = ()
    scoped: bool = False
    areas: tuple[str, ...] = ()
    area_first: bool = False
    ticket: bool = False
    sign: bool = False
    capital: bool | None = None
    stop: bool | None = None
    body: bool = False
    longest: int = SUBJECT_CHARS
    examples: tuple[str, ...] = ()


async def read_style(cwd: Path, asked: str = "auto") -> CommitStyle:
    """The style of the repository around a folder; `asked` is `auto`, `conventional` or `plain`.

    A repository without commits has none yet. Never raises.
    """
    form = "--format=%s%x1f%b%x1e"
    log = await run_git(["log", f"-{_LOOKED_AT}", "--no-merges", form], cwd)
    found = [entry.strip("\n").partition("\x1f") for entry in log.out.split("\x1e") if entry.strip("\n")]
    latest = [(subject, body) for subject, _, body in found if not written_by_git(subject)][:LATEST]
    style = style_of([subject for subject, _ in latest], sum(bool(_prose(body)) for _, body in latest))
    return as_asked(style, asked)


def style_of(subjects: Sequence[str], with_body: int = 0) -> CommitStyle:
    """The habits that most of these subjects share."""
    read = [taken_apart(subject) for subject in subjects if not written_by_git(subject)]
    if not read:
        return CommitStyle()
    few = len(read) < _FEW

    def usual(has: Callable[[Subject], object], among: Sequence[Subject] = read) -> bool:
        return bool(among) and not few and sum(bool(has(one)) for one in among) >= _HABIT * len(among)

    typed = [one for one in read if one.type]
    conventional = usual(lambda one: one.type) and sum(one.type in _TYPES for one in typed) * 2 >= len(typed)
    area_first = not conventional and usual(lambda one: one.area or one.type)
    areas = [one.scope if conventional else one.area or one.type for one in read]
    cased = [one for one in read if one.words[:1].isupper() or one.words[:1].islower()]
    capital = usual(lambda one: one.words[0].isupper(), cased)
    small = usual(lambda one: one.words[0].islower(), cased)
    stop = usual(lambda one: one.words.endswith((".", "。")))
    bare = usual(lambda one: not one.words.endswith((".", "。")))
    return CommitStyle(
        seen=len(read),
        conventional=conventional,
        types=_most(one.type for one in typed) if conventional else (),
        scoped=conventional and usual(lambda one: one.scope, typed),
        areas=_most(areas) if conventional or area_first else (),
        area_first=area_first,
        ticket=usual(lambda one: one.ticket),
        sign=usual(lambda one: one.sign),
        capital=capital if capital != small else None,
        stop=stop if stop != bare else None,
        body=not few and with_body * 2 > len(read),
        longest=max(SUBJECT_CHARS, sorted(one.length for one in read)[(len(read) * 9) // 10 - 1]),
        examples=tuple(subjects[:5]),
    )


def as_asked(style: CommitStyle, asked: str) -> CommitStyle:
    """The style with what the person asked for in place of what is usual."""
    if asked == "conventional" and not style.conventional:
        return replace(style, conventional=True, area_first=False, ticket=False, capital=None, examples=())
    if asked == "plain":
        return replace(style, conventional=False, area_first=False, types=(), areas=(), scoped=False)
    return style


def taken_apart(subject: str) -> Subject:
    """A subject in its parts; what is said in it stands in `words`, never empty unless the subject is."""
    whole = subject.strip()
    rest = _NUMBER_BEHIND.sub("", whole) or whole
    length = len(rest)
    sign = ticket = ""
    if found := _SIGN.match(rest):
        sign, rest = found[0].strip(), rest[found.end() :]
    if found := _TICKET.match(rest):
        ticket, rest = found["key"], rest[found.end() :]
    if found := _CONVENTIONAL.match(rest):
        kind, scope = found["type"], found["scope"] or ""
        if kind in _TYPES or scope:
            return Subject(rest[found.end() :], kind, scope, "", ticket, sign, length)
        return Subject(rest[found.end() :], "", "", kind, ticket, sign, length)
    if found := _AREA.match(rest):
        return Subject(rest[found.end() :], "", "", found["area"], ticket, sign, length)
    return Subject(rest, "", "", "", ticket, sign, length)


def written_by_git(subject: str) -> bool:
    """Whether git, a forge or a robot words such subjects: merges, reverts, fixups, releases."""
    return bool(_WRITTEN.match(subject.strip()))


def faults(message: str, style: CommitStyle) -> list[str]:
    """Where a cleaned message breaks the repository's habits: one sentence each, none when all is well."""
    subject, _, below = message.partition("\n")
    if not subject.strip():
        return ["The message is empty."]
    if written_by_git(subject):
        return []
    one = taken_apart(subject)
    found = []
    if below and not below.startswith("\n"):
        found.append("The second line is not empty; git takes all up to the first empty line as the subject.")
    if one.length > style.longest:
        found.append(f"The subject has {one.length} characters; at most {style.longest} are usual here.")
    if style.conventional and not one.type:
        scope = "(area)" if style.scoped else ""
        kinds = ", ".join(style.types) or "feat, fix, docs, refactor, test, chore"
        found.append(f"The subject does not begin with a type, as in `fix{scope}: …`; types here: {kinds}.")
    elif style.scoped and not one.scope:
        found.append(f"The subject names no scope, as in `{one.type}({_or(style.areas, 'area')}): …`.")
    elif style.area_first and not (one.area or one.type):
        found.append(f"The subject does not begin with an area, as in `{_or(style.areas, 'area')}: …`.")
    if style.ticket and not one.ticket:
        found.append("The subject begins with no ticket, as the latest ones do.")
    first = one.words[:1]
    cased = first.isupper() or first.islower()
    if style.capital is not None and cased and first.isupper() != style.capital and not _name(one.words):
        found.append(f"`{_short(one.words)}` begins with {_CASES[not style.capital]}; "
                     f"usual here: {_CASES[style.capital]}.")  # fmt: skip
    if style.stop is not None and one.words.endswith((".", "。")) != style.stop:
        found.append(f"The subject {'lacks a' if style.stop else 'ends with a'} full stop.")
    return found


def in_words(style: CommitStyle) -> str:
    """The style in a sentence for whoever writes the next message."""
    if style.conventional:
        shape = "Conventional Commits, `type(scope): words`" if style.scoped else "`type: words`"
        shape += f", types {', '.join(style.types)}" if style.types else ""
        shape += f", scopes such as {', '.join(style.areas)}" if style.scoped else ""
    elif style.area_first:
        shape = f"the area first, `{_or(style.areas, 'area')}: words`; areas such as {', '.join(style.areas)}"
    else:
        shape = "plain words, no prefix"
    parts = [f"Subject: {shape}"]
    if style.ticket:
        parts.append("a ticket in front")
    if style.capital is not None:
        parts.append(f"the words begin with {_CASES[style.capital]}")
    if style.stop is not None:
        parts.append("a full stop at the end" if style.stop else "no full stop at the end")
    parts.append(f"at most {style.longest} characters")
    said = "; ".join(parts) + "."
    if style.body:
        said += " Most commits have a body that says why."
    if style.examples:
        said += "\nLatest subjects:\n" + "\n".join(f"- {one}" for one in style.examples)
    return said


def subject_in(style: CommitStyle, words: str, kind: str = "chore", area: str = "") -> str:
    """A subject of these words as the style has it; `kind` is a Conventional Commits type."""
    words = " ".join(words.split())
    if style.capital is not None and words and not _name(words):
        words = (words[0].upper() if style.capital else words[0].lower()) + words[1:]
    words = words.rstrip(".。")
    known = kind if not style.types or kind in style.types else _nearest(kind, style.types)
    if style.conventional:
        head = f"{known}({area}): " if style.scoped and area else f"{known}: "
    else:
        head = f"{area}: " if style.area_first and area else ""
    stop = "." if style.stop else ""
    room = style.longest - len(head) - len(stop)
    if len(words) > room:
        cut = words[: room - 1]
        words = (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(",;:") + "…"
    return f"{head}{words}{stop}"


def _nearest(kind: str, types: Sequence[str]) -> str:
    """The repository's own word for a type: `docs` or `doc`, `feature`, …; else its usual one."""
    alike = [one for one in types if one.startswith(kind[:3]) or kind.startswith(one[:3])]
    return alike[0] if alike else kind


def _name(words: str) -> bool:
    """Whether the first word is a name that keeps its case: `iOS`, `API`, `parse_args()`, `README.md`."""
    first = words.split(maxsplit=1)[0] if words.split() else ""
    return not first.isalpha() or first[1:] != first[1:].lower()


def _most(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(name for name in names if name).most_common(_NAMED))


def _prose(body: str) -> str:
    """A body without its trailers."""
    lines = [line for line in body.splitlines() if line.strip()]
    return "\n".join(line for line in lines if not re.match(r"[A-Z][\w-]+(-[\w]+)*: \S", line))


def _or(names: Sequence[str], otherwise: str) -> str:
    return names[0] if names else otherwise


def _short(words: str) -> str:
    return words if len(words) <= 24 else f"{words[:23]}…"
