"""Commands that proved something: as automatic outcomes say them, and read back from there."""

from collections.abc import Iterable

from loomkin.records.decision import Author, Node, NodeKind, NodeStatus
from loomkin.records.regex import pattern
from loomkin.records.task import Evidence

_PROOF = pattern(r"(?s)`(.+?)`: exit code (-?\d+)(?=,|$)")


def in_words(command: str, code: int | None, *more: str) -> str:
    """How a command ended, as the description of an outcome."""
    ended = f"`{command}`" if code is None else f"`{command}`: exit code {code}"
    return ", ".join(part for part in (ended, *more) if part)


def proofs(nodes: Iterable[Node], known: Iterable[Evidence] = ()) -> list[Evidence]:
    """All proofs of a part of the graph, oldest first: those known, and what its automatic outcomes say."""
    found = list(known)
    told = {(one.command, one.exit_code) for one in found}
    for node in nodes:
        if node.origin.author is not Author.AUTOMATIC or node.kind is not NodeKind.OUTCOME:
            continue
        said = _PROOF.match(node.wording.description)
        if said is None or node.status in (NodeStatus.SUPERSEDED, NodeStatus.ABANDONED):
            continue
        command, code = said[1], int(said[2])
        if (command, code) not in told:
            found.append(Evidence(command, code, "", node.origin.agent, node.updated))
    return sorted(found, key=lambda one: one.at)
