"""What tools may ask of the memory of a repository, which is loaded when it is first asked."""

from collections.abc import Sequence
from typing import Protocol

from loomkin.records.keeper import KeeperKind
from loomkin.records.message import Message

SIGHT = ("context_search", "context_read")
"""Tools that come into sight by themselves as soon as there is something to remember."""
SEARCHABLE = "What was said here before can be searched"
"""How an agent is told so at the beginning of its conversation."""


def promised(messages: Sequence[Message]) -> bool:
    """Whether an agent was told so; it holds for the whole conversation, which must go on with its tools."""
    return bool(messages) and SEARCHABLE in messages[0].text


class Memory(Protocol):
    """What was ever said in the repository, as one agent of a session finds it; answers are words for it."""

    async def search(self, agent: str, words: str, keeper: str, kind: KeeperKind | None, limit: int) -> str:
        """Passages that fit the words; raises LoomkinError leaves with what to do."""
        ...

    async def read(
        self, agent: str, keeper: str, message: str, span: int, offset: int, file: str = ""
    ) -> str:
        """What was said, word for word, of a keeper also of one file; raises LoomkinError leaves."""
        ...

    async def ask(self, agent: str, question: str, keeper: str) -> str:
        """An answer with the ids of the messages that it rests on, else the passages themselves."""
        ...

    async def judge(self, agent: str, keeper: str, useful: bool, reason: str) -> str:
        """Remember that a keeper was of use, or of none; raises LoomkinError leaves with what to do."""
        ...
