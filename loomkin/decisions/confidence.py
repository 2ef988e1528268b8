"""Doubt that spreads: what rests on something unsure is flagged, its owner told once; recovery clears it."""

from collections.abc import Iterable, Mapping

from loomkin.decisions.desk import Who
from loomkin.records.decision import Node
from loomkin.records.decision_event import DoubtCleared, DoubtRaised
from loomkin.records.event import Fact, NoticeGiven
from loomkin.records.ids import SessionId
from loomkin.records.mail import PERSON
from loomkin.store import decisions as nodes_store
from loomkin.store import doubts as store
from loomkin.store.database import Database
from loomkin.store.doubts import Doubt, Unheard
from loomkin.store.journal import Journal

Pair = tuple[str, str]


class Cascade:
    """Compares what ought to be flagged with what is; an episode lasts as long as the pair stays flagged."""

    def __init__(self, database: Database, journal: Journal, threshold: int) -> None:
        self._database = database
        self._journal = journal
        self._threshold = threshold

    async def settle(self, who: Who) -> tuple[str, ...]:
        """Raise and clear flags; the lines are for whoever made the change, and the person sees them, too."""
        due = {
            (node, source): (session, agent)
            for node, source, session, agent in store.due(self._database, self._threshold)
        }
        known = {(doubt.node, doubt.source): doubt for doubt in store.doubts(self._database)}
        raised = [pair for pair in due if pair not in known or known[pair].state == "cleared"]
        cleared = [doubt for pair, doubt in known.items() if pair not in due and doubt.state == "raised"]
        if not raised and not cleared:
            return ()
        changes = {
            change for pair in (*raised, *((one.node, one.source) for one in cleared)) for change in pair
        }
        nodes = {node.change_id: node for node in nodes_store.some(self._database, changes)}
        facts: list[Fact] = [_raised(pair, due[pair], who) for pair in raised]
        facts += [DoubtCleared(one.node, one.source, _knows(one, nodes, who)) for one in cleared]
        lines = (*_spread(raised, nodes, who), *_over([(one.node, one.source) for one in cleared], nodes))
        if who.session and who.name != PERSON:
            facts += [NoticeGiven(line, "warning" if raised else "info") for line in lines]
        for fact in facts:
            self._journal.record(fact, who.session, who.agent, who.task)
        await self._journal.flush()
        return lines


def news(db: Database, session: str, agent: str) -> list[Unheard]:
    """What an agent has not heard of doubts in its own nodes."""
    return store.unheard(db, session, agent)


def in_words(news: Iterable[Unheard]) -> str:
    """What an agent is told of doubts in its own nodes before its next step."""
    lines = []
    for one in news:
        source = f"{one.source_id} ({one.source_title})" if one.source_title else one.source_id
        if one.doubt.state == "raised":
            why = (
                "came to an outcome that failed"
                if one.failed
                else f"has a confidence of {one.confidence} % now"
            )
            lines.append(
                f"{one.id} ({one.title}), which you logged, is in doubt: {source}, which it rests on, {why}."
            )
        else:
            lines.append(f"{one.id} ({one.title}) is in doubt no more: {source} is settled.")
    doubtful = any(one.doubt.state == "raised" for one in news)
    advice = (
        "Look whether your work still holds; change your decision (decision_update) or say why it stands."
    )
    return "\n".join(["Note from loomkin on decisions:", *lines, *([advice] if doubtful else [])])


def _raised(pair: Pair, owner: tuple[SessionId, str], who: Who) -> DoubtRaised:
    session, agent = owner
    told = not agent or (session, agent) == (who.session, who.agent)
    return DoubtRaised(pair[0], pair[1], session, agent, told)


def _knows(doubt: Doubt, nodes: Mapping[str, Node], who: Who) -> bool:
    """Whether the owner needs no word of the end: it never heard of the doubt, or ends it itself."""
    node = nodes.get(doubt.node)
    if node is None or not doubt.told or not node.origin.agent:
        return True
    return (node.origin.session, node.origin.agent) == (who.session, who.agent)


def _spread(raised: list[Pair], nodes: Mapping[str, Node], who: Who) -> Iterable[str]:
    for source in dict.fromkeys(source for _, source in raised):
        node, resting = nodes[source], [nodes[one] for one, other in raised if other == source]
        why = "it failed" if node.wording.failed else f"its confidence is {node.confidence} %"
        owners = {
            one.origin.agent
            for one in resting
            if one.origin.agent and (one.origin.session, one.origin.agent) != (who.session, who.agent)
        }
        told = f" {', '.join(sorted(owners))} will be told." if owners else ""
        yield f"{_named(node)} is in doubt, {why}, and so is what rests on it: {_list(resting)}.{told}"


def _over(cleared: list[Pair], nodes: Mapping[str, Node]) -> Iterable[str]:
    for source in dict.fromkeys(source for _, source in cleared):
        resting = [nodes[one] for one, other in cleared if other == source and one in nodes]
        if resting:
            named = _named(nodes[source]) if source in nodes else "What they rested on"
            yield f"{named} is in doubt no more, nor is what rests on it: {_list(resting)}."


def _list(nodes: Iterable[Node]) -> str:
    return ", ".join(_named(node) for node in nodes)


def _named(node: Node) -> str:
    return f"{node.id} ({node.title})"
