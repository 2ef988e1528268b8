"""peer_message: a letter to an agent, a role, the team or the person."""

from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.mail import Delivery, MailKind, Priority
from loomkin.records.permission import Access, ToolUse
from loomkin.team.mailroom import Letter, Mailroom, Undeliverable
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """To whom, what, and how soon it must be read."""

    to: str
    text: str
    kind: MailKind = MailKind.FINDING
    priority: Priority = Priority.NORMAL
    delivery: Delivery = Delivery.NEXT_STEP


class PeerMessage(Tool[Params]):
    """Sends mail."""

    name: ClassVar[str] = "peer_message"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, room: Mailroom) -> None:
        self._room = room

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        letter = Letter(params.to, params.text, params.kind, params.priority, params.delivery)
        try:
            return Ok(self._room.send(call.agent, letter).text, goes_along=True)
        except Undeliverable as error:
            return Fail(str(error))


TOOL = PeerMessage
