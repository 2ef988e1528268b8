"""Tells those whom a change of the plan concerns: creators, owners, and those who wait for a task."""

from collections.abc import Iterator

from loomkin.agent.turn import TurnEnd
from loomkin.practices.review import REVIEWER
from loomkin.records.event import Fact
from loomkin.records.ids import TaskId
from loomkin.records.mail import ASKING, PERSON, SYSTEM, Delivery, Mail, MailKind, Priority
from loomkin.records.task import ENDED, Edge, EdgeKind, Task, TaskState
from loomkin.records.team_event import MailSent, PartialPublished, TaskAdded, TaskMoved, TaskRevised
from loomkin.team.board import Board
from loomkin.team.board_guards import HELD, unmet_words
from loomkin.team.completion import STANDS
from loomkin.team.earlier import Earlier
from loomkin.team.edges import broken, satisfied
from loomkin.team.mailroom import Letter, Undeliverable
from loomkin.team.member import Member
from loomkin.team.orders import brought, piece_words
from loomkin.team.plan_letters import HOW, POLICY, for_owner, handed_on
from loomkin.team.planning import waits_for_a_check
from loomkin.team.practice import Practice
from loomkin.team.referee import MEND, goes_on
from loomkin.team.reports import last_words
from loomkin.team.reviews import approves
from loomkin.team.revisions import changes
from loomkin.team.team import Team

S = TaskState
MOVING = (S.READY, S.OFFERED, *HELD)


class PlanNews(Practice):
    """Writes the letters of the plan; a creator whose other tasks go on is not woken for each good end."""

    def __init__(self, team: Team, board: Board, earlier: Earlier) -> None:
        self._team = team
        self._board = board
        self._owners = {task.id: task.owner for task in board.tasks}
        self._was = {task.id: task for task in board.tasks}
        self._stuck: set[frozenset[tuple[str, str, str]]] = set()
        self._letters: dict[tuple[str, str], list[str]] = {}
        for fact in earlier.facts:
            if isinstance(fact, MailSent):
                self.posted(fact.mail)
        board.listen(self._changed)

    def posted(self, mail: Mail) -> None:
        """Keep what an agent was told of a task: it is not told the same again."""
        if mail.task and mail.sender == SYSTEM:
            self._letters.setdefault((mail.to, mail.task), []).append(mail.text)

    def holds(self, member: Member) -> bool:
        """Whether tasks that a member created have not ended: it hears of that."""
        return any(task.creator == member.name and task.state not in ENDED for task in self._board.tasks)

    def concerns(self, member: Member, mail: Mail) -> bool:
        """Whether a letter is about a task that a member answers for, or about those that cannot move."""
        if mail.task:
            return self._team.reader(self._board.task(mail.task).creator) == member.name
        return mail.sender == SYSTEM and mail.kind is MailKind.BLOCKER

    def turn_ended(self, member: Member, end: TurnEnd, letters: list[Mail]) -> None:
        """Whoever ends a turn with a task unfinished tells its creator, unless it will be woken."""
        if not end.spoken:
            return  # the call that ended the turn has told whom it concerns
        told = {mail.sender for mail in letters if mail.kind in ASKING}
        for task in self._board.tasks:
            reader = self._team.reader(task.creator)
            held = task.owner == member.name and (task.state in HELD or task.state is S.WAITING)
            if not held or reader in (member.name, PERSON, *told) or self._team.goes_on(member):
                continue
            waits = task.state is S.WAITING and unmet_words(self._board.plan, task.id)
            if waits or waits_for_a_check(task):
                continue  # its creator was told, or it goes on by itself
            self._stuck = {key for key in self._stuck if all(task.id != one[0] for one in key)}
            others = (one for one in self._team.members if one.name not in (member.name, reader))
            # where nobody else works, the word that nothing moves takes it along
            when = Delivery.NEXT_STEP if any(one.active for one in others) else Delivery.DIGEST
            words = (
                f"I ended my turn, and {task.id} ({task.title}) is {task.state} with me.\n{last_words(end)}"
            )
            letter = Letter(reader, words, MailKind.BLOCKER, delivery=when, task=task.id)
            self._team.room.send(member.name, letter)

    def _moves(self, task: Task) -> bool:
        """Whether something happens to a task without anybody deciding anything."""
        if self._board.obstacles.get(task.id) and task.state is S.READY:
            return False
        if task.state is S.WAITING and goes_on(task) and not unmet_words(self._board.plan, task.id):
            return True
        return task.state in MOVING or (
            task.state is S.PROPOSED and not unmet_words(self._board.plan, task.id)
        )

    def quiet(self) -> bool:
        """Nobody works any more: whoever leads is told once what cannot move; True where somebody was."""
        lying = [task for task in self._board.tasks if task.state not in ENDED]
        paused = {one.name for one in self._team.members if one.agent.steering.paused}
        held = self._team.stands_still or bool(paused & {task.owner for task in lying})
        key = frozenset((task.id, task.state.value, task.reason) for task in lying)
        if not lying or held or key in self._stuck:
            return False
        self._stuck.add(key)
        readers = {self._team.reader(task.creator) for task in lying}
        for reader in sorted(readers):
            mine = [self._line(task) for task in lying if self._team.reader(task.creator) == reader]
            words = "Nobody works any more, and these tasks cannot move:\n" + "\n".join(mine)
            self._send(reader, f"{words}\n{HOW}", MailKind.BLOCKER)
        return bool(readers - {PERSON})

    def _line(self, task: Task) -> str:
        why = self._board.obstacles.get(task.id, "") if task.state is S.READY else task.reason
        why = why or unmet_words(self._board.plan, task.id)
        freed = self._freeing(task)
        return (
            f"- {task.id} ({task.title}) is {task.state}{f' with {task.owner}' if task.owner else ''}: {why}"
            f"{f' -> {freed}' if freed else ''}"
        )

    def _freeing(self, task: Task) -> str:
        """The one call that lets a task move again, where there is one."""
        plan, call = self._board.plan, f"task_update(task={task.id}, reason=..., move="
        lost = [edge for edge in broken(plan.tasks, plan.needs(task.id)) if edge.before in plan.tasks]
        if lost:
            return f"task_depend(task={task.id}, on={lost[0].before}, remove=true) lets it go on without."
        if unmet_words(plan, task.id):
            return ""
        there = any(one.name == task.owner and one.open for one in self._team.members)
        if task.state is S.WAITING:
            if not there:
                return f"{call}take_back) gives it to somebody else."
            held = self._board.in_hand(task.owner)
            behind = f", once {task.owner} is through with {held.id}" if held else ""
            return f"{call}resume) lets {task.owner} go on with it{behind}."
        if task.state is S.IN_REVIEW:
            return f"peer_review(task={task.id}) decides it."
        return ""

    def _changed(self, fact: Fact) -> None:
        if isinstance(fact, TaskMoved):
            last = self._owners.get(fact.task, "")
            self._owners[fact.task] = fact.owner
            self._moved(fact, last)
        elif isinstance(fact, PartialPublished):
            words = piece_words(self._board.task(fact.task), fact.number, fact.total, fact.text)
            for edge, after in self._at_work(fact.task, EdgeKind.PARTIAL):
                self._send(after.owner, words, MailKind.FINDING, task=edge.after)
        elif (
            isinstance(fact, TaskRevised)
            and fact.task.state in (*HELD, S.WAITING)
            and fact.by not in (SYSTEM, fact.task.owner)
        ):
            task = fact.task
            news = "\n".join(changes(self._was.get(task.id, task), task))
            words = f"{fact.by} revised {task.id} ({fact.reason}). What changed, the rest stays:\n{news}"
            # who waits is not woken for it, and reads it with what lets it go on
            when = Delivery.DIGEST if task.state is S.WAITING else Delivery.NEXT_STEP
            self._send(task.owner, words, MailKind.STEER, Priority.HIGH, when, task.id)
        if isinstance(fact, TaskAdded | TaskRevised):
            self._was[fact.task.id] = fact.task

    def _moved(self, fact: TaskMoved, last: str) -> None:
        task = self._board.task(fact.task)
        if fact.after in ENDED:
            self._team.room.outdated(task.id)
            self._ended(task, fact)
        for text in self._for_owner(fact, task, last):
            self._send(last, text, MailKind.CONTROL, Priority.HIGH, task=task.id)
        if fact.before is S.WAITING and fact.after is S.IN_PROGRESS and fact.actor != fact.owner:
            edges = [edge for edge in self._board.plan.edges if edge.after == task.id]
            news = "\n".join(filter(None, (self._brought(edge, task) for edge in edges)))
            why = fact.reason.rstrip(". ")
            words = f"{task.id} ({task.title}) goes on{f': {why}' if why else ''}.\n{news}"
            self._send(task.owner, words.strip(), MailKind.CONTROL, task=task.id)
        if fact.after is S.DONE:
            for edge, after in self._at_work(fact.task, EdgeKind.PARTIAL, EdgeKind.MILESTONE):
                if news := self._brought(edge, after):
                    self._send(after.owner, news, MailKind.HANDOFF, task=after.id)

    def _brought(self, edge: Edge, after: Task) -> str:
        """What an edge brings to the owner of its later task, without what stood in letters about that."""
        known = "\n".join(self._letters.get((after.owner, after.id), ()))
        return brought(self._board.plan, edge, known)

    def _for_owner(self, fact: TaskMoved, task: Task, last: str) -> Iterator[str]:
        yield from for_owner(fact, task, last)
        if fact.before is S.IN_REVIEW and fact.after in (S.IN_PROGRESS, S.WAITING):
            found = fact.reason.removeprefix(MEND).rstrip(". ")
            words = (
                f"{task.id} ({task.title}) was not approved by {fact.actor}{f': {found}' if found else ''}. "
            )
            held = self._board.in_hand(last) if fact.after is S.WAITING else None
            if held is not None:
                words += (
                    f"You have {held.id} in hand: {task.id} comes back to you when that ends. "
                    f"To mend it first, call task_accept for {task.id}; {held.id} waits until then. "
                )
            yield f"{words}Mend it and call task_complete again. {STANDS}"

    def _ended(self, task: Task, fact: TaskMoved) -> None:
        """The creator gets the handoff; at once where it is needed, else with its next mail."""
        reader = self._team.reader(task.creator)
        whole = self._board.plan.tasks.get(task.parent)
        tells_itself = whole is not None and whole.owner == reader and whole.state is S.WAITING
        after = "\n".join(self._consequences(task))
        known = fact.actor == reader or task.owner == reader or tells_itself or self._follows(task)
        if known and not after:
            return
        shown = " (claimed: no command proves it)" if task.claimed else ""
        passed = fact.before is S.IN_REVIEW and fact.after is S.DONE
        by = f", approved by {fact.actor}" if passed else ""
        told = fact.reason.rstrip(". ") if passed or fact.after is not S.DONE else ""
        why = f"{by}: {told}" if told else by
        found = self._unheard(task) if fact.after is S.DONE else ""
        handed = handed_on(task, passed)
        words = f"{task.id} ({task.title}) is {task.state}{shown}{why}.\n{handed}\n{found}{after}"
        rest = (one for one in self._board.tasks if one.creator == task.creator and one.id != task.id)
        calm = fact.after is S.DONE and not (after or found) and any(self._moves(one) for one in rest)
        delivery = Delivery.DIGEST if calm else Delivery.NEXT_STEP
        self._send(reader, words.strip(), MailKind.HANDOFF, delivery=delivery, task=task.id)

    def _unheard(self, task: Task) -> str:
        """Whose work a reviewer's own task does not approve of: only its creator hears of that."""
        by = next((one for one in self._team.members if one.name == task.owner), None)
        said = task.handoff.done if task.handoff else ""
        if by is None or by.seat.role.name != REVIEWER or approves(said):
            return ""
        there = {one.name for one in self._team.members if one.open}
        before = [self._board.plan.tasks[edge.before] for edge in self._board.plan.needs(task.id)]
        whose = [f"{one.id} by {one.owner}{'' if one.owner in there else ' (gone)'}" for one in before]
        about = f" about {', '.join(whose)}" if whose else ""
        return f"Nobody else hears of this{about}: have it mended (task_create), or say why not.\n"

    def _follows(self, task: Task) -> bool:
        """Whether a task was cancelled as one of the same creator ended, which said so already."""
        tasks = self._board.plan.tasks
        lost = broken(tasks, self._board.plan.needs(task.id)) if task.state is S.CANCELLED else []
        return any(tasks[edge.before].creator == task.creator for edge in lost)

    def _consequences(self, task: Task) -> Iterator[str]:
        """What an end means for the tasks that waited for it."""
        for edge in self._board.plan.edges:
            after = self._board.plan.tasks[edge.after]
            if edge.before != task.id or after.state in ENDED:
                continue
            named = f"{after.id} ({after.title})"
            if task.state is not S.DONE and not satisfied(edge, task):
                yield f"{named} needed it and {POLICY[edge.on_failure]}"
            elif edge.kind is EdgeKind.MILESTONE and edge.name not in task.milestones:
                yield f"{named} waited for its milestone {edge.name}, never announced; it starts now."

    def _at_work(self, before: TaskId, *kinds: EdgeKind) -> list[tuple[Edge, Task]]:
        """Those who go on with what a task brings while it, or they, are under way."""
        tasks = self._board.plan.tasks
        mine = [edge for edge in self._board.plan.edges if edge.before == before and edge.kind in kinds]
        return [
            (edge, tasks[edge.after])
            for edge in mine
            if tasks[edge.after].owner and tasks[edge.after].state in (*HELD, S.OFFERED)
        ]

    def _send(
        self,
        to: str,
        text: str,
        kind: MailKind,
        priority: Priority = Priority.NORMAL,
        delivery: Delivery = Delivery.NEXT_STEP,
        task: str = "",
    ) -> None:
        """A letter of the plan; who does not read any more needs none."""
        try:
            self._team.room.send(SYSTEM, Letter(to, text, kind, priority, delivery, task=task))
        except Undeliverable:
            return


PRACTICE = PlanNews
