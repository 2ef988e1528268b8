"""handoff: leave the work to another agent, with what it must know to go on."""

from typing import ClassVar

from loomkin.errors import LoomkinError, StoreError
from loomkin.records.dataclass import dataclass
from loomkin.records.mail import MailKind, Priority
from loomkin.records.permission import Access, ToolUse
from loomkin.records.task import Handoff
from loomkin.team.board import Board
from loomkin.team.mailroom import Letter, Mailroom
from loomkin.team.orders import in_words
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """To whom, and the six answers that the next one needs."""

    to: str
    done: str
    open: str
    found: str = ""
    changed: tuple[str, ...] = ()
    decided: str = ""
    evidence: str = ""


class HandOver(Tool[Params]):
    """Hands work over."""

    name: ClassVar[str] = "handoff"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, room: Mailroom, board: Board) -> None:
        self._room = room
        self._board = board

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        handoff = Handoff(
            params.done, params.found, params.changed, params.decided, params.open, params.evidence
        )
        task = self._board.in_hand(call.agent)
        text = f"I hand this over to you. It is not done: go on where it stands.\n{in_words(handoff)}"
        letter = Letter(params.to, text, MailKind.HANDOFF, Priority.HIGH, task=task.id if task else "")
        try:
            receipt = self._room.send(call.agent, letter)
            if task is not None:
                self._board.hand_off(task.id, handoff)
        except StoreError:
            raise
        except LoomkinError as error:
            return Fail(str(error))
        kept = f" {task.id} keeps it, too; it stays yours until it is given to somebody else." if task else ""
        return Ok(f"{receipt.text}{kept}", ends_turn=task is None)


TOOL = HandOver
