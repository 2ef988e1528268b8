"""The permission policy of a run, from settings, LOOMKIN.md and the command line."""

from collections.abc import Sequence
from pathlib import Path

from loomkin.config.load import Loaded
from loomkin.config.paths import Layer
from loomkin.permissions.operations import operations_to_rules
from loomkin.permissions.policy import Policy
from loomkin.permissions.rules import ALIASES
from loomkin.project.rules import RulesFile
from loomkin.project.workplace import Workplace
from loomkin.records.permission import Decision, Rule

_RANKS = {
    Layer.MANAGED: "managed",
    Layer.SYSTEM: "user",
    Layer.USER: "user",
    Layer.PROJECT: "project",
    Layer.LOCAL: "project",
    Layer.ENVIRONMENT: "environment",
    Layer.OPTION: "flag",
    Layer.FLAG: "flag",
}


def all_rules(loaded: Loaded, files: Sequence[RulesFile], trusted: bool) -> list[Rule]:
    """Every rule in force, each with the line it came from.

    What a rules file allows counts in a trusted folder only; what it denies always does.
    """
    rules = [
        Rule(layered.rule.decision, layered.rule.text, f"{_RANKS[layered.layer]} {layered.rule.source}")
        for layered in loaded.rule_sources
    ]
    for file in files:
        listed = [(line.kind, line.line, f"- {line.text}") for line in file.operations]
        for rule in operations_to_rules(listed, file.path.name):
            if trusted or rule.decision is not Decision.ALLOW:
                rules.append(Rule(rule.decision, rule.text, f"project {rule.source}"))
    rules += [
        Rule(Decision.ALLOW, f"web_fetch(domain:{host})", "user web.allow_hosts")
        for host in loaded.settings.web.allow_hosts
    ]
    return rules


def build_policy(rules: Sequence[Rule], loaded: Loaded, workplace: Workplace, home: Path) -> Policy:
    """The policy; raises ConfigError for a rule that cannot be read."""
    readable = (workplace.outputs,)
    return Policy(rules, loaded.settings.permissions.mode, workplace.roots, home, readable=readable)


def denied_tools(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Tools that a rule denies as a whole: a model is not told of them at all."""
    bare = [rule.text.strip() for rule in rules if rule.decision is Decision.DENY and "(" not in rule.text]
    return tuple(ALIASES.get(name, name) for name in bare)
