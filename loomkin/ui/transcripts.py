"""What several agents say and do, kept apart: one stream is shown whole, of the others what matters."""

from loomkin.records import team_event as team
from loomkin.records.dataclass import replace
from loomkin.records.event import Event, FileChanged, TurnEnded
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.ui.terminal import one_line
from loomkin.ui.transcript import Block, Kind, Transcript

EVERYBODY = "all"
TELLING = frozenset((Kind.WARNING, Kind.ERROR, Kind.PLAIN))
"""What is shown of an agent whose stream is not."""
LONGEST = 200
QUIET_MOVES = ("working", "idle")


class Transcripts:
    """Follows one session; `own` is its first agent, `focus` whose stream is shown whole (`all`: of all)."""

    def __init__(self) -> None:
        self.own = ""
        self.focus = ""
        self._by_agent: dict[str, Transcript] = {}

    def begin(self, own: str) -> None:
        """Another session, whose first agent has that name."""
        self.own = self.focus = own
        self._by_agent = {own: Transcript()}

    def expect(self, text: str) -> None:
        """The person's words are on the screen already: their event shows nothing."""
        self._of(self.own).expect(text)

    def run_output(self, text: str) -> None:
        """More output of a command that the person runs."""
        self._of(self.own).run_output(text)

    def end_output(self) -> None:
        """The person's command has ended."""
        self._of(self.own).end_output()

    def take(self, event: Event) -> list[Block]:
        """The blocks that an event finishes, with its agent's name where that is not the session's own."""
        name = event.agent or self.own
        blocks = self._of(name).take(event)
        if isinstance(event.fact, TurnEnded) and name != self.own:
            blocks += self._of(name).settle()
        if not self._whole(name):
            blocks = [block for block in blocks if block.kind in TELLING] + _change(event)
        return [*(self._named(name, block) for block in blocks), *self._of_team(event)]

    def settle(self) -> list[Block]:
        """What the own agent had under way when it was stopped, as far as it came."""
        return self._of(self.own).settle()

    def preview(self, most: int) -> list[str]:
        """At most `most` last lines of what is under way in the stream that is shown."""
        name = self.own if self.focus == EVERYBODY else self.focus
        lines = self._of(name).preview(most)
        return lines if name == self.own else [f"{name}: {line}" for line in lines]

    def _of(self, name: str) -> Transcript:
        return self._by_agent.setdefault(name, Transcript())

    def _whole(self, name: str) -> bool:
        return self.focus in (name, EVERYBODY)

    def _named(self, name: str, block: Block) -> Block:
        return block if name == self.own else replace(block, agent=name)

    def _of_team(self, event: Event) -> list[Block]:
        match event.fact:
            case team.AgentJoined(name, role, _, spawner, _, purpose) if name != self.own:
                asked = f" for {spawner}" if spawner != PERSON else ""
                return [Block(Kind.NOTICE, f"{name} ({role}) joins{asked}: {one_line(purpose, LONGEST)}")]
            case team.AgentMoved(name, state, reason) if state not in QUIET_MOVES or reason:
                kind = Kind.WARNING if state in ("crashed", "stalled") else Kind.NOTICE
                return [Block(kind, f"{name} is {state}{f': {one_line(reason, LONGEST)}' if reason else ''}")]
            case team.AgentReported(name, to, text) if to == PERSON and not self._whole(name):
                return [replace(Block(Kind.ANSWER, text), agent=name)]
            case team.MailSent(mail) if mail.to == PERSON:
                who = "" if mail.sender == SYSTEM else mail.sender
                return [replace(Block(Kind.ANSWER if who else Kind.WARNING, mail.text), agent=who)]
            case team.TaskAdded(task):
                return [Block(Kind.NOTICE, f"task {task.id}: {one_line(task.title, LONGEST)}")]
            case team.TaskMoved(task=task, after=after, owner=owner, reason=reason) if after in _TOLD:
                who = f" ({owner})" if owner else ""
                why = f": {one_line(reason, LONGEST)}" if reason else ""
                return [Block(Kind.NOTICE, f"task {task} is {after.replace('_', ' ')}{who}{why}")]
            case team.RegionContested(region, agent, holder, intent):
                return [Block(Kind.NOTICE, f"{agent} waits for {region}: {holder} has it ({intent})")]
        return []


_TOLD = ("in_progress", "waiting", "in_review", "done", "failed", "cancelled")


def _change(event: Event) -> list[Block]:
    match event.fact:
        case FileChanged(path=path, added=added, removed=removed):
            return [Block(Kind.CALL, f"changed {path} +{added} -{removed}")]
    return []
