"""What an agent is told of decisions without asking: at the beginning, and when it comes to a file."""

from collections.abc import Iterable

from loomkin.decisions.lines import line, lost_line, marks
from loomkin.records.dataclass import dataclass
from loomkin.records.decision import Author, EdgeType, Node, NodeKind, NodeStatus
from loomkin.records.regex import pattern
from loomkin.store import decision_files, doubts
from loomkin.store import decisions as store
from loomkin.store.database import Database
from loomkin.store.decision_files import NotTaken

LATEST = 12
_NAME = pattern(r"[\w./\\-]*\w")
_HEAD = (
    "Decisions in this repository, by whoever worked here before, or now by whom is named; decision_query "
    "(see tool_search) shows more. Do not try again what was rejected or given up unless something has "
    "changed; then say what."
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a section; the lowest `rank` stays longest."""

    section: str
    text: str
    rank: int


def brief(db: Database, tokens: int, session: str = "") -> str:
    """Active goals, latest decisions with what they rejected, paths given up; empty where there is nothing.

    Lines are dropped whole, the least important first, until all fits the budget. Those of the reader's
    `session` name who logged them.
    """
    goals = store.listed(db, (NodeKind.GOAL,), status=NodeStatus.ACTIVE, limit=LATEST)
    held = store.listed(db, (NodeKind.DECISION,), status=NodeStatus.ACTIVE, limit=LATEST)
    gone = [
        node
        for status in (NodeStatus.ABANDONED, NodeStatus.SUPERSEDED)
        for node in store.listed(db, status=status, limit=LATEST)
    ]
    edges = store.edges_of(db, [node.change_id for node in held])
    ends = {node.change_id: node for node in store.some(db, [edge.end for edge in edges])}
    unsure = {doubt.node for doubt in doubts.doubts(db) if doubt.state == "raised"}
    lines = [
        _Line("Goals", f"{goal.id} {goal.title}{marks(goal)}{_by(goal, session)}", number)
        for number, goal in enumerate(goals)
    ]
    for number, node in enumerate(held):
        doubt = ", in doubt" if node.change_id in unsure else ""
        lines.append(
            _Line("Decided", f"{node.id} {node.title}{marks(node)}{doubt}{_by(node, session)}", 2 + number)
        )
        for edge in edges:
            if edge.start == node.change_id and edge.type is EdgeType.REJECTED and edge.end in ends:
                lines.append(_Line("Decided", f"  {_rejected(ends[edge.end], edge.reason)}", 3 + number))
    for number, node in enumerate(sorted(gone, key=lambda one: -one.updated)):
        lines.append(_Line("Given up", f"{line(node)}{_by(node, session)}{_because(node)}", 4 + number))
    return _fitted(lines, tokens)


def mentioned(db: Database, text: str) -> list[str]:
    """The files that words name, of those that the graph knows: whole paths, or their last parts."""
    names = {name.replace("\\", "/").removeprefix("./") for name in _NAME.findall(text)}
    return [
        path
        for path in decision_files.known_files(db)
        if any("/".join(path.split("/")[-count:]) in names for count in range(1, path.count("/") + 2))
    ]


def not_taken(db: Database, paths: Iterable[str]) -> list[NotTaken]:
    """The ways that were not taken for files at hand, newest first."""
    return decision_files.not_taken(db, paths)


def at_files(lost: Iterable[NotTaken]) -> list[str]:
    """A line for each of them."""
    return [lost_line(one) for one in lost]


def news(db: Database, since: float, tokens: int, session: str) -> str:
    """What others changed in the graph since a moment, for a conversation that goes on; empty for nothing."""
    changed = [
        node
        for node in store.listed(db, since=since, limit=LATEST)
        if node.origin.session != session
        and (node.origin.author is not Author.AUTOMATIC or node.wording.failed)
    ]
    lines = [
        _Line("Changed since your last turn", f"{line(node)}{_because(node)}", rank)
        for rank, node in enumerate(changed)
    ]
    return _fitted(lines, tokens)


def count(text: str) -> int:
    """Tokens of a text, rather too many than too few."""
    return len(text.encode()) // 3 + 1


def _by(node: Node, session: str) -> str:
    """Who said it, of what is no older than the reader's session."""
    if not session or node.origin.session != session:
        return ""
    return f", now by {node.origin.agent or 'the person'}"


def _rejected(option: Node, reason: str) -> str:
    return f"rejected: {option.id} {option.title}" + (f": {_in_line(reason)}" if reason else "")


def _because(node: Node) -> str:
    return f": {_in_line(node.wording.reason)}" if node.wording.reason else ""


def _in_line(reason: str) -> str:
    return " ".join(reason.split())


def _fitted(lines: list[_Line], tokens: int) -> str:
    left = tokens - count(_HEAD) - 2 * count("<decisions>")
    kept: set[int] = set()
    sections: set[str] = set()
    for number, one in sorted(enumerate(lines), key=lambda pair: pair[1].rank):
        cost = count(one.text) + (0 if one.section in sections else count(one.section))
        if cost <= left:
            left -= cost
            kept.add(number)
            sections.add(one.section)
    if not kept:
        return ""
    found, last = ["<decisions>", _HEAD], ""
    for number, one in enumerate(lines):
        if number in kept:
            found += [one.section, one.text] if one.section != last else [one.text]
            last = one.section
    return "\n".join([*found, "</decisions>"])
