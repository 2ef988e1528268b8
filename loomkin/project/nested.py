"""Rules files of deeper folders, shown once to each agent when it first reads something below them."""

from pathlib import Path

from loomkin.project.rules import RulesFile, nested_for


class NestedRules:
    """Remembers which rules files each agent has been given."""

    def __init__(self, root: Path, given: tuple[RulesFile, ...]) -> None:
        self._root = root
        self._first = {file.path for file in given}
        self._given: dict[str, set[Path]] = {}

    def rules_for(self, agent: str, path: Path) -> str:
        """The text of rules files above `path` that the agent has not seen yet; usually empty."""
        if self._root not in path.parents:
            return ""
        given = self._given.setdefault(agent, set(self._first))
        found = nested_for(self._root, path, given)
        given.update(file.path for file in found.files)
        return "".join(rules_block(self._root, file) + "\n" for file in found.files)


def rules_block(root: Path, file: RulesFile) -> str:
    """One rules file as a model reads it."""
    shown = file.path.relative_to(root) if root in file.path.parents else file.path
    return f'<project_rules file="{shown}">\n{file.text.strip()}\n</project_rules>'
