"""A small question to a model beside the conversation: paid and written down, but nobody's answer."""

from loomkin.llm.client import ModelClient
from loomkin.records.event import Fact, ModelRetried, NoticeGiven, UsageRecorded
from loomkin.records.ids import MessageId, SessionId
from loomkin.records.message import Message, Role, Text
from loomkin.runtime.recorder import Recorder, Scribe


class Quiet:
    """Lets through what a call costs and why it is late; its words are nobody's answer to the person."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, fact: Fact, session: SessionId, agent: str = "", task: str = "") -> None:
        """Take a fact, or pass it over."""
        if isinstance(fact, UsageRecorded | ModelRetried | NoticeGiven):
            self._recorder.record(fact, session, agent, task)

    async def flush(self) -> None:
        """Wait until everything recorded is on disk."""
        await self._recorder.flush()


async def aside(
    model: ModelClient, scribe: Scribe, system: str, words: str, longest: int, woke: str, now: float
) -> str:
    """What the model says; raises its failures, and LimitError where no budget allows the call."""
    asked = Message(MessageId("question"), Role.USER, (Text(words),), scribe.agent, now)
    quiet = Scribe(Quiet(scribe.recorder), scribe.session, scribe.agent, scribe.task)
    return (await model.complete(system, (asked,), (), longest, quiet, woke)).text
