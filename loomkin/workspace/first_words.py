"""The first message of a conversation: where the agent is, and the rules of the project."""

import os
import time
from collections.abc import Callable

from loomkin.agent.prompt import Place, first_message
from loomkin.permissions.gate import Gate
from loomkin.project.git_words import describe_state
from loomkin.project.nested import rules_block
from loomkin.project.rules import ProjectRules
from loomkin.project.workplace import Workplace
from loomkin.records.permission import Decision, Mode
from loomkin.runtime.clock import Clock
from loomkin.workspace.options import Options

MOST_RULES = 12


class Opening:
    """Looks at the place when the first words come, so that they find it as it is."""

    def __init__(
        self,
        options: Options,
        workplace: Workplace,
        rules: ProjectRules,
        gate: Gate,
        clock: Clock,
        known: Callable[[], list[str]],
    ) -> None:
        self._options = options
        self._workplace = workplace
        self._rules = rules
        self._gate = gate
        self._clock = clock
        self._known = known

    async def __call__(self, context: str) -> str:
        """The message, with what was decided here before and what the person's SessionStart hooks printed."""
        cwd, root = self._options.cwd, self._workplace.root
        place = Place(
            cwd=str(cwd),
            root=str(root),
            today=time.strftime("%Y-%m-%d", time.localtime(self._clock.now())),
            platform=os.uname().sysname,
            git=await describe_state(cwd),
            mode=permissions_in_words(self._gate),
            attended=self._options.attended,
        )
        blocks = [rules_block(root, file) for file in self._rules.files]
        return first_message(place, [*blocks, *self._known()], [context] if context else [])


def permissions_in_words(gate: Gate) -> str:
    """What passes without a question, for the agent."""
    allowed = [rule.text for rule in gate.policy.rules if rule.decision is Decision.ALLOW][:MOST_RULES]
    also = f" Also allowed: {', '.join(allowed)}." if allowed else ""
    return f"{_MODES[gate.mode]}{also}"


_READS = "reading files and commands that only read pass"
_MODES = {
    Mode.ASK: f"{_READS}; all else needs approval.",
    Mode.EDITS: f"{_READS}, and so do edits of files in the repository; all else needs approval.",
    Mode.PLAN: f"{_READS}; nothing that writes does.",
    Mode.AUTO: f"{_READS}, and so do edits of files in the repository; all else needs approval.",
    Mode.YOLO: "every call is allowed unless a rule denies it.",
}
