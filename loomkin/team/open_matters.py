"""Which letters must stay in an agent's window: those it still owes something for."""

from loomkin.records.message import Message
from loomkin.records.regex import pattern
from loomkin.records.task import ENDED
from loomkin.team.board import Board
from loomkin.team.roster import Roster

_LETTER = pattern(r'<mail id="([^"]+)"[^>\n]*>')
_TASK = pattern(r' task="([^"]+)"')


class OpenMatters:
    """Says of a message whether it is a letter about a task that has not ended, or wants an answer."""

    def __init__(self, team: Roster, board: Board, agent: str) -> None:
        self._team = team
        self._board = board
        self._agent = agent

    def __call__(self, message: Message) -> bool:
        head = _LETTER.match(message.text)
        if head is None:
            return False
        member = next((one for one in self._team.members if one.name == self._agent), None)
        if member is not None and any(mail.id == head[1] for mail in member.letters):
            return True
        task = _TASK.search(head[0])
        found = task and next((one for one in self._board.tasks if one.id == task[1]), None)
        return bool(found and found.owner == self._agent and found.state not in ENDED)
