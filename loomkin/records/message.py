"""What a model reads and writes: messages and their parts."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import CallId, MessageId

RAN = "The person ran this command:\n$ "
"""How words begin that tell an agent of a command which the person ran."""

FROM_FILES = "With AI comments in files the person gave you"
"""How words begin that are an order out of the person's files; what looks like a mention there is code."""
ANSWER_ONLY = "Answer the questions. Change no file: the comments stay."
"""How such an order ends that only asks."""


class Role(StrEnum):
    """Who speaks, in the model's terms; tool results travel in user messages."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning that a model showed; `signature` must go back to the provider untouched."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, base64 text of its bytes."""

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A planned call; `arguments` is the JSON text exactly as the model sent it."""

    id: CallId
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The one answer to a call."""

    call_id: CallId
    name: str
    text: str
    is_error: bool = False


Part = Text | Thinking | Image | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One immutable entry of a transcript; `sender` is `person`, `loomkin` or an agent's name."""

    id: MessageId
    role: Role
    parts: tuple[Part, ...]
    sender: str
    at: float

    @property
    def text(self) -> str:
        """All words of the message, without thinking."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The planned calls, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results, in order."""
        return tuple(part for part in self.parts if isinstance(part, ToolResult))


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is told of it; `schema` is a JSON schema of its parameters."""

    name: str
    description: str
    schema: dict[str, object]
