"""What must not be committed: keys, conflict markers, and what the project's rules deny."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

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


def denied(call: Call, files: Sequence[Staged]) -> list[str]:
    """What the commit does against denials of LOOMKIN.md and the settings, with the line that says so."""
    rules = _denials(call)
    if not rules:
        return []
    deny, deny_command = _judges(call, rules)
    found = []
    for one in files:
        for path in filter(None, (one.path, one.earlier)):
            if rule := deny("file_edit", path):
                found.append(f"{shown_path(path)}: {_says(rule)}")
    if call.agent and (rule := deny_command("git commit")):
        found.append(f"git commit: {_says(rule)}")
    return found


def unseen(call: Call, files: Sequence[Staged]) -> list[str]:
    """The files that no model is shown: secret ones by their names, and those that may not be read."""
    deny, _ = _judges(call, _denials(call))
    names = dict.fromkeys(name for one in files for name in (one.path, one.earlier) if name)
    return [name for name in names if is_secret_path(name) or deny("file_read", name)]


def _says(rule: Rule) -> str:
    return f"{rule.source.removeprefix('project ')} denies {rule.text}"


def _judges(
    call: Call, rules: list[Rule]
) -> tuple[Callable[[str, str], Rule | None], Callable[[str], Rule | None]]:
    """The rule that denies a tool a path, and the one that denies a command.

    What they need costs as much to load as all that the hook does where nothing is denied.
    """
    from loomkin.permissions.file_policy import both_forms  # heavy: late on purpose
    from loomkin.permissions.file_table import Touch  # heavy: late on purpose
    from loomkin.permissions.paths import place  # heavy: late on purpose
    from loomkin.permissions.rulebook import RuleBook  # heavy: late on purpose

    top, home = call.root.path, str(Path.home())
    book = RuleBook(rules, both_forms((top,)), home)

    def path(tool: str, name: str) -> Rule | None:
        touch = Touch.READ if tool == "file_read" else Touch.WRITE
        return book.for_path(Decision.DENY, tool, touch, place(name, str(top), home))

    return path, lambda command: book.for_command(Decision.DENY, [command])


def _denials(call: Call) -> list[Rule]:
    rules = [one.rule for one in call.loaded.rule_sources if one.rule.decision is Decision.DENY]
    for file in project_rules.load(call.root.path, call.root.path, call.environ).files:
        listed = [(line.kind, line.line, f"- {line.text}") for line in file.operations]
        rules += [
            Rule(rule.decision, rule.text, f"project {rule.source}")
            for rule in operations_to_rules(listed, file.path.name)
            if rule.decision is Decision.DENY
        ]
    return rules
