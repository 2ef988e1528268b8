"""The facts of a team as lines of the JSON stream: who comes and goes, the plan, the mail."""

from typing import Any

from loomkin.records import team_event as facts
from loomkin.records.event import Event
from loomkin.records.mail import Mail
from loomkin.records.task import Task

Line = dict[str, Any]


class TeamLines:
    """Translates facts; remembers titles, so that each line about a task can be read alone."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def of(self, event: Event) -> tuple[str, Line] | None:
        """Which agent a line is about, empty for none, and the line; None where no line is due."""
        match event.fact:
            case facts.AgentJoined(name, purpose=purpose):
                return name, _state("starting", purpose)
            case facts.AgentMoved(name, state, reason):
                return name, _state(state, reason)
            case facts.TaskAdded(task) | facts.TaskRevised(task):
                known = self._tasks.get(task.id, task)
                self._tasks[task.id] = task
                return known.owner, self._task(task.id, known.state.value, known.owner, "")
            case facts.TaskMoved(task=identity, after=after, owner=owner, reason=reason):
                return owner, self._task(identity, after.value, owner, reason)
            case facts.MailSent(mail):
                return mail.sender, _mail(mail)
            case facts.MailMoved(identity, state, reason):
                moved = {"mail_id": identity, "state": state, "reason": reason}
                return "", {"type": "system", "subtype": "mail", **moved}
        return None

    def _task(self, identity: str, state: str, owner: str, reason: str) -> Line:
        known = self._tasks.get(identity)
        return {
            "type": "system",
            "subtype": "task",
            "task_id": identity,
            "title": known.title if known else "",
            "state": state,
            "owner": owner,
            "reason": reason,
        }


def _state(state: str, detail: str) -> Line:
    return {"type": "system", "subtype": "agent_state", "state": state, "detail": detail}


def _mail(mail: Mail) -> Line:
    return {
        "type": "system",
        "subtype": "mail",
        "mail_id": mail.id,
        "state": mail.state.value,
        "reason": "",
        "from": mail.sender,
        "to": mail.to,
        "kind": mail.kind.value,
        "priority": mail.priority.value,
        "text": mail.text,
    }
