"""What happens in a team, in plain lines."""

from loomkin.records import team_event as team
from loomkin.records.event import ApprovalAsked, Event
from loomkin.records.mail import PERSON, SYSTEM, MailKind
from loomkin.records.task import ENDED
from loomkin.ui.terminal import one_line

LONGEST = 300
GONE = ("stopped", "done")


class TeamWords:
    """Words for the facts of a team; remembers titles, so that each line can be read alone."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._orders: dict[tuple[str, str], None] = {}
        self._tasks: dict[str, tuple[str, str]] = {}

    def of(self, event: Event) -> str:
        """The words of a fact, or nothing."""
        words = ""
        match event.fact:
            case ApprovalAsked(_, tool, target):
                words = f"waits for your answer: {tool} {target}"
            case team.AgentJoined(role=role, spawner=spawner, purpose=purpose):
                whose = "you" if spawner == PERSON else spawner
                words = f"joins as {role} for {whose}: {purpose}" if purpose else f"is the {role}"
            case team.AgentMoved(state=state, reason=reason):
                words = f"is {state}" + (f": {reason}" if reason else "")
            case team.MailSent(mail):
                words = f"to {mail.to} ({mail.kind}): {mail.text}"
            case team.RegionContested(region, _, holder, intent):
                words = f"waits for {region}: {holder} has it ({intent})"
            case team.TaskAdded(task) | team.TaskRevised(task):
                self._titles[task.id] = task.title
                words = f"task {task.id}: {task.title}"
            case team.TaskMoved():
                words = self._moved(event.fact)
        return one_line(words, LONGEST)

    def awaited(self, agent: str) -> str:
        """Those whose report an agent waits for, or nothing."""
        orders = [to for sender, to in self._orders if sender == agent]
        tasks = [owner or task for task, (creator, owner) in self._tasks.items() if creator == agent]
        return ", ".join(dict.fromkeys((*orders, *tasks)))

    def follow(self, event: Event) -> None:
        """Take what an event says of who works for whom."""
        match event.fact:
            case team.MailSent(mail) if mail.kind is MailKind.CONTROL and mail.sender not in (PERSON, SYSTEM):
                self._orders[(mail.sender, mail.to)] = None
            case team.AgentReported(name=name, to=to):
                self._orders.pop((to, name), None)
            case team.AgentMoved(name, state) if state in GONE:
                self._orders = {pair: None for pair in self._orders if name not in pair}
            case team.TaskAdded(task):
                self._tasks[task.id] = (task.creator, task.owner)
            case team.TaskMoved(task=identity, after=after, owner=owner) if identity in self._tasks:
                creator, _ = self._tasks.pop(identity)
                if after not in ENDED:
                    self._tasks[identity] = (creator, owner)

    def _moved(self, fact: team.TaskMoved) -> str:
        words = f"task {fact.task} {self._titles.get(fact.task, '')}".rstrip()
        whose = f" ({fact.owner})" if fact.owner else ""
        why = f": {fact.reason}" if fact.reason else ""
        return f"{words} is {fact.after.replace('_', ' ')}{whose}{why}"


def speaker(event: Event) -> str:
    """Whose line an event is."""
    match event.fact:
        case team.AgentJoined(name) | team.AgentMoved(name):
            return name
        case team.MailSent(mail):
            return mail.sender
        case team.RegionContested(agent=agent):
            return agent
    return event.agent or "loomkin"
