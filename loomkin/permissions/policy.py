"""The permission policy: rules, mode and built-in sets to one verdict for each call."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loomkin.permissions.file_policy import FilePolicy, both_forms
from loomkin.permissions.file_table import Touch
from loomkin.permissions.paths import place
from loomkin.permissions.rulebook import RuleBook
from loomkin.permissions.rules import host_of
from loomkin.permissions.verdicts import Finding, built_in, by_rule, joined
from loomkin.records.dataclass import replace
from loomkin.records.permission import Access, Decision, Mode, Rule, ToolUse, Verdict

if TYPE_CHECKING:
    from loomkin.permissions.shell_policy import ShellPolicy


class Policy:
    """Decides about calls; immutable, and without effects except that it looks at names and links on disk.

    Denials come first, whatever their source and the mode; then rules that ask, rules that allow, grants, and
    last the mode. Sources rank by their first word: managed, user, project (`LOOMKIN.md:4`), others, grants.
    Without a sandbox `auto` is `edits`: rules, file edits in the project, and commands that only read.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        mode: Mode,
        roots: Sequence[Path],
        home: Path,
        *,
        readable: Sequence[Path] = (),
        opened: Collection[Path] = (),
        sandboxed: bool = False,
    ) -> None:
        """`readable` are more folders that may be read, `opened` secret files that a person opened.

        Raises ConfigError for a rule that cannot be read.
        """
        self._rules = tuple(rules)
        self._mode = mode
        self._roots = tuple(roots)
        self._home_path = home
        self._readable = tuple(readable)
        self._opened = tuple(opened)
        self._sandboxed = sandboxed
        self._home = str(home)
        forms = both_forms(self._roots)
        self._book = RuleBook(self._rules, forms, self._home)
        opened_forms = frozenset(both_forms(self._opened))
        self._files = FilePolicy(self._book, mode, forms, both_forms(self._readable), opened_forms)
        self._shell: ShellPolicy | None = None

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return self._mode

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order given."""
        return self._rules

    def with_rules(self, rules: Sequence[Rule]) -> "Policy":
        """The same policy with more rules."""
        return self._changed((*self._rules, *rules), self._mode, self._opened) if rules else self

    def with_mode(self, mode: Mode) -> "Policy":
        """The same policy in another mode."""
        return self._changed(self._rules, mode, self._opened)

    def with_opened(self, path: Path) -> "Policy":
        """The same policy after a person has opened one secret file."""
        return self._changed(self._rules, self._mode, (*self._opened, path))

    def _changed(self, rules: tuple[Rule, ...], mode: Mode, opened: tuple[Path, ...]) -> "Policy":
        return Policy(
            rules,
            mode,
            self._roots,
            self._home_path,
            readable=self._readable,
            opened=opened,
            sandboxed=self._sandboxed,
        )

    @property
    def _commands(self) -> "ShellPolicy":
        """What judges commands; it brings a parser along and is made when the first command comes."""
        if self._shell is None:
            from loomkin.permissions.shell_policy import ShellPolicy  # heavy: late on purpose

            self._shell = ShellPolicy(self._book, self._files, self._mode, self._home, self._sandboxed)
        return self._shell

    def only_reads(self, use: ToolUse) -> bool:
        """Whether a command line certainly changes nothing, whatever the rules say of it."""
        return self._commands.only_reads(use)

    def undoes(self, use: ToolUse, root: Path) -> str:
        """The git command in a line that takes back what is not committed below `root`, if there is one."""
        return self._commands.undoes(use, root)

    def decide(self, use: ToolUse) -> Verdict:
        """The verdict on a call; reads names and links on disk, never raises for any call."""
        findings = self.findings(use)
        verdict = joined(findings)
        if verdict.decision is not Decision.ASK or not use.command:
            return verdict
        offers = dict.fromkeys([*self._commands.line_offer(use, findings), *verdict.offers])
        return replace(verdict, offers=tuple(offers))

    def findings(self, use: ToolUse) -> tuple[Finding, ...]:
        """The verdict on each piece of a call, in the order of the call."""
        found = list(self._commands.judge(use)) if use.command else []
        for touch, paths in ((Touch.READ, use.reads), (Touch.WRITE, use.writes)):
            for path in paths:
                one = place(path, use.cwd, self._home)
                found.append(Finding(one.path, self._files.judge(use.tool, touch, one)))
        if use.url:
            found.append(Finding(use.url, self._address(use)))
        if not use.command:
            found.append(Finding(use.tool, self._tool(use, settled=bool(found))))
        return tuple(found)

    def _address(self, use: ToolUse) -> Verdict:
        for decision in Decision.DENY, Decision.ASK, Decision.ALLOW:
            if decision is not Decision.DENY and self._mode is Mode.YOLO:
                return built_in(Decision.ALLOW, "Yolo mode asks nothing.", "yolo mode")
            rule = self._book.for_url(decision, use.tool, use.url)
            if rule is not None:
                return by_rule(rule, f"The rule {rule.text} concerns {host_of(use.url)}.")
        host = host_of(use.url)
        offers = (f"web_fetch(domain:{host})",) if host and use.tool == "web_fetch" else ()
        return built_in(Decision.ASK, f"It talks to {host or use.url}.", "the network asks", offers)

    def _tool(self, use: ToolUse, *, settled: bool) -> Verdict:
        text = " ".join(str(value) for value in use.arguments.values())
        denied = self._book.for_tool(Decision.DENY, use.tool, text)
        if denied is not None:
            return by_rule(denied, f"The rule {denied.text} denies {use.tool}.")
        if use.access is Access.NONE:
            return built_in(Decision.ALLOW, f"{use.tool} touches nothing.", "nothing to touch")
        writes = use.access in (Access.WRITE, Access.EXECUTE)
        if self._mode is Mode.PLAN and writes:
            return built_in(
                Decision.DENY, f"{use.tool} may write, and plan mode writes nothing.", "plan mode"
            )
        if self._mode is Mode.YOLO:
            return built_in(Decision.ALLOW, "Yolo mode asks nothing.", "yolo mode")
        asks = self._book.for_tool(Decision.ASK, use.tool, text)
        if asks is not None:
            return by_rule(asks, f"A rule asks about {use.tool}.")
        allows = self._book.for_tool(Decision.ALLOW, use.tool, text)
        if allows is not None:
            return by_rule(allows, f"The rule {allows.text} allows {use.tool}.")
        if use.access is Access.READ or (settled and use.access is not Access.EXECUTE):
            return built_in(
                Decision.ALLOW, f"{use.tool} is judged by what it touches.", "nothing more to touch"
            )
        offers = () if use.tool == "shell" else (use.tool,)
        return built_in(Decision.ASK, f"No rule covers {use.tool}.", "no rule", offers)
