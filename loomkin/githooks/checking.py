"""What must not be committed: keys, conflict markers, and what the project's rules deny."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from loomkin.githooks.hook import Call
from loomkin.githooks.staged import Added, Staged
from loomkin.permissions.operations import operations_to_rules
from loomkin.project import rules as project_rules
from loomkin.project.listing import shown_path
from loomkin.project.secrets import Redactor, is_secret_path, secret_values, secrets_of
from loomkin.records.permission import Decision, Rule
from loomkin.records.regex import pattern

TELLING = 12
"""Characters from which on a value of the environment is taken for a secret; shorter ones are words."""
_ALLOWED = ("pragma: allowlist secret", "gitleaks:allow", "EXAMPLE")
_MARK = pattern(r"\[redacted:([^\]]+)\]")
_CONFLICT = pattern(r"(?:<{7}|>{7}|\|{7})(?: .*)?")
_KEY = "PRIVATE KEY"


def secrets(call: Call, files: Sequence[Staged], lines: Sequence[Added]) -> list[str]:
    """Where secrets are about to be committed, one line each; the secrets themselves are not shown."""
    found = [
        f"{shown_path(one.path)}: files of that name hold secrets"
        for one in files
        if one.status in "AR" and is_secret_path(one.path)
    ]
    redactor = redactor_of(call)
    by_file: dict[str, list[Added]] = defaultdict(list)
    for line in lines:
        if not any(mark in line.text for mark in _ALLOWED):
            by_file[line.path].append(line)
    for path, added in by_file.items():
        whole = "\n".join(line.text for line in added)
        if not is_secret_path(path) and redactor.redact(whole) != whole:
            found += _where(path, added, redactor)
    return found


def redactor_of(call: Call) -> Redactor:
    """What takes keys, tokens and the project's own secret values out of a text."""
    values = {**secrets_of(call.root.path), **secret_values(call.environ)}
    return Redactor({name: value for name, value in values.items() if len(value) >= TELLING})


def _where(path: str, added: Sequence[Added], redactor: Redactor) -> Iterator[str]:
    alone = False
    for line in added:
        redacted = redactor.redact(line.text)
        if redacted != line.text:
            alone = True
            kinds = [kind for kind in _MARK.findall(redacted) if f"[redacted:{kind}]" not in line.text]
            yield f"{shown_path(path)}:{line.number}: {kinds[0] if kinds else 'a secret'}"
    if not alone:
        # a key over several lines
        first = next((line for line in added if _KEY in line.text), added[0])
        yield f"{shown_path(path)}:{first.number}: private-key"


def conflicts(lines: Sequence[Added]) -> list[str]:
    """Where conflict markers are about to be committed."""
    return [
        f"{shown_path(line.path)}:{line.number}: {line.text[:7]}"
        for line in lines
        if line.text[:7] in ("<<<<<<<", ">>>>>>>", "|||||||") and _CONFLICT.fullmatch(line.text.rstrip("\r"))
    ]


def denials(call: Call) -> list[Rule]:
    """What LOOMKIN.md and the settings deny."""
    rules = [one.rule for one in call.loaded.rule_sources if one.rule.decision is Decision.DENY]
    for file in project_rules.load(call.root.path, call.root.path, call.environ).files:
        listed = [(line.kind, line.line, f"- {line.text}") for line in file.operations]
        rules += [
            Rule(rule.decision, rule.text, f"project {rule.source}")
            for rule in operations_to_rules(listed, file.path.name)
            if rule.decision is Decision.DENY
        ]
    return rules
