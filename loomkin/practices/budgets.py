"""Ends the work that no money is left for: one task, or all where the session's or the day's is used up."""

from loomkin.agent.turn import TurnEnd
from loomkin.llm.books import Books
from loomkin.llm.metering import OverBudget
from loomkin.records.event import Event, TurnStarted
from loomkin.records.mail import PERSON, SYSTEM, Mail, MailKind, Priority
from loomkin.records.task import Handoff, Task
from loomkin.team.board import Board
from loomkin.team.mailroom import Letter
from loomkin.team.member import Member
from loomkin.team.practice import Practice
from loomkin.team.team import Team
from loomkin.team.transitions import Actor, Verb


class Budgets(Practice):
    """An agent over its own budget only ends its turn, and its last words say so."""

    def __init__(self, team: Team, board: Board, books: Books) -> None:
        self._team = team
        self._board = board
        self._books = books
        books.terms = self._terms

    def happened(self, event: Event) -> None:
        """With the person's next words everybody may try again: they know what is left."""
        if isinstance(event.fact, TurnStarted) and event.fact.woke == PERSON:
            self._books.session.open()
            self._books.day.open()

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """A turn may have ended for want of money."""
        error = end.error
        if not isinstance(error, OverBudget):
            return
        if error.account in (self._books.session, self._books.day):
            self._stop(error)
        task = self._board.in_hand(member.name)
        if task is not None and error.account is self._books.tasks.get(task.id):
            self._fail(task, error, end.text)

    def _stop(self, error: OverBudget) -> None:
        """Nobody calls a model any more; the session's agent is woken, and ends for the same reason."""
        if error.account.closed:
            return
        error.account.close()
        host = next((one for one in self._team.members if one.hosted and one.open), None)
        if host is not None:
            words = f"{error.message} Everybody stops."
            self._team.room.send(SYSTEM, Letter(host.name, words, MailKind.BLOCKER, Priority.HIGH))

    def _fail(self, task: Task, error: OverBudget, said: str) -> None:
        """Another agent would have no more money for the task than this one."""
        if task.handoff is None or task.handoff.done:
            self._board.hand_off(task.id, Handoff(found=said, open=f"Not finished: {error.message}"))
        self._board.move(task.id, Verb.FAIL, SYSTEM, error.message.rstrip("."), role=Actor.BOARD)

    def _terms(self, identity: str) -> tuple[str, int | None]:
        task = self._board.task(identity)
        return task.title, task.budget


PRACTICE = Budgets
