"""What an agent reads of its own decisions: the newest, and what they have in common."""

from collections import Counter
from collections.abc import Iterator, Sequence

from loomkin.decisions.lines import line
from loomkin.records.decision import Author, Node, NodeStatus
from loomkin.store import decisions as store
from loomkin.store.database import Database

MOST, REASON = 15, 200


def answer(db: Database, agent: str, words: str, limit: int = MOST) -> str:
    """The decisions that an agent logged, in any session, and that fit the words, newest first."""
    found = store.search(db, words, store.ALL) if words.strip() else store.listed(db)
    mine = [node for node in found if node.origin.agent == agent]
    own = [node for node in mine if node.origin.author is not Author.AUTOMATIC]
    if not own:
        about = f" that fits {words!r}" if words.strip() else ""
        return f"You have logged nothing{about} in this repository."
    lines = [part for number, node in enumerate(own[:limit], 1) for part in _told(number, node)]
    if len(own) > limit:
        lines.append(f"... and {len(own) - limit} more; ask with words.")
    return "\n".join([*lines, *_patterns(own), *_failed(mine)])


def _told(number: int, node: Node) -> Iterator[str]:
    yield f"{number}. {line(node)}"
    why = node.wording.reason or node.wording.description
    if why:
        flat = " ".join(why.split())
        yield f"   {flat if len(flat) <= REASON else flat[: REASON - 1] + '…'}"


def _patterns(own: Sequence[Node]) -> Iterator[str]:
    states = Counter(node.status for node in own)
    counted = ", ".join(f"{states[state]} {state}" for state in NodeStatus if states[state])
    sure = [node.confidence for node in own if node.confidence is not None]
    mean = f"; mean confidence {sum(sure) // len(sure)} %" if sure else ""
    yield f"Together: {len(own)} of yours ({counted}){mean}."
    titles = Counter(" ".join(node.title.lower().split()) for node in own)
    again = [f"{title!r} {count} times" for title, count in titles.most_common(3) if count > 1]
    if again:
        yield f"Logged again and again: {', '.join(again)}. Look whether one holds before you log another."


def _failed(mine: Sequence[Node]) -> Iterator[str]:
    """How many outcomes failed, also those that were recorded of its work and not logged by it."""
    failed = sum(1 for node in mine if node.wording.failed)
    if failed:
        yield f"Outcomes that failed: {failed}."
