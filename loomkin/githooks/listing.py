"""The git hooks that there are, found by listing the package."""

from functools import cache
from types import ModuleType

from loomkin.githooks.hook import Hook
from loomkin.runtime import plugins

ORDER = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite", "pre-push",
    "post-checkout", "post-merge",
)  # fmt: skip
"""The hooks as git runs them; others follow by name."""


@cache
def names() -> tuple[str, ...]:
    """The names of the hooks as git knows them; none of them is imported."""
    package = "loomkin.githooks"
    found = [name.rpartition(".")[2].replace("_", "-") for name in plugins.names(package)]
    hooks = [name for name in found if name.startswith(("pre-", "post-", "prepare-")) or name == "commit-msg"]
    return tuple(sorted(hooks, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def module_of(name: str) -> ModuleType:
    """The module of a hook."""
    return plugins.load(f"loomkin.githooks.{name.replace('-', '_')}")


def hooks() -> list[Hook]:
    """All hooks, imported."""
    return [module_of(name).HOOK for name in names()]
