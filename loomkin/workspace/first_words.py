"""The first message of a conversation: where the agent is, and the rules of the project."""

import os
import time

from loomkin.agent.prompt import Place, first_message
from loomkin.permissions.gate import Gate
from loomkin.project.git_words import describe_state
from loomkin.project.nested import rules_block
from loomkin.project.rules import ProjectRules
from loomkin.project.workplace import Workplace
from loomkin.runtime.clock import Clock
from loomkin.workspace.options import Options


class Opening:
    """Looks at the place when the first words come, so that they find it as it is."""

    def __init__(
        self, options: Options, workplace: Workplace, rules: ProjectRules, gate: Gate, clock: Clock
    ) -> None:
        self._options = options
        self._workplace = workplace
        self._rules = rules
        self._gate = gate
        self._clock = clock

    async def __call__(self, context: str) -> str:
        """The message, with what the person's SessionStart hooks printed."""
        cwd, root = self._options.cwd, self._workplace.root
        place = Place(
            cwd=str(cwd),
            root=str(root),
            today=time.strftime("%Y-%m-%d", time.localtime(self._clock.now())),
            platform=os.uname().sysname,
            git=await describe_state(cwd),
            mode=self._gate.mode.value,
            attended=self._options.attended,
        )
        blocks = [rules_block(root, file) for file in self._rules.files]
        return first_message(place, blocks, [context] if context else [])
