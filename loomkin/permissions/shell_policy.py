"""Judges a shell command line: every part must be allowed, and any denied part denies."""

import os.path
import re
from pathlib import Path

from loomkin.permissions.dangerous import danger, fetched_and_run, is_fetcher
from loomkin.permissions.file_policy import Cover, FilePolicy
from loomkin.permissions.file_table import TALKERS, Touch
from loomkin.permissions.file_words import file_uses, opens_words
from loomkin.permissions.offers import command_offers
from loomkin.permissions.parts import Part, read_parts
from loomkin.permissions.paths import expand, place
from loomkin.permissions.readonly import is_plain_writer, is_quiet_name, is_read_only
from loomkin.permissions.rulebook import RuleBook
from loomkin.permissions.rules import exact_rule_text, host_of
from loomkin.permissions.simple import Command
from loomkin.permissions.undoing import speaks_of_undoing, undoes
from loomkin.permissions.verdicts import Finding, always_asks, built_in, by_rule
from loomkin.project.secrets import is_secret_path
from loomkin.records.dataclass import dataclass, replace
from loomkin.records.permission import Decision, Mode, Rule, ToolUse, Verdict
from loomkin.records.regex import pattern

_HARMLESS = pattern(
    r"NO_COLOR|FORCE_COLOR|CLICOLOR|CI|LANG|LANGUAGE|LC_\w+|TERM|COLUMNS|LINES|TZ|PYTHONDONTWRITEBYTECODE|"
    r"PYTHONUNBUFFERED|PYTHONIOENCODING|PYTHONUTF8|DEBIAN_FRONTEND"
)
_NEVER = pattern(
    r"PATH|LD_\w*|DYLD_\w*|GIT_\w*|PYTHON(?:PATH|HOME|STARTUP|INSPECT|WARNINGS|BREAKPOINT)|NODE_OPTIONS|"
    r"BASH_ENV|ENV|IFS|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS4|CDPATH|HOME|PERL5LIB|PERL5OPT|RUBYOPT|RUBYLIB|"
    r"NODE_PATH|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|EDITOR|VISUAL|PAGER|LESSOPEN|LESSCLOSE|MANPAGER|BROWSER|"
    r"XDG_\w+|SHELL|\w*\[.*"
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A command line under judgement; `whole` is the rule that names all of it, if there is one."""

    use: ToolUse
    whole: Rule | None
    readable: bool


class ShellPolicy:
    """Decides about one command line at a time."""

    def __init__(self, book: RuleBook, files: FilePolicy, mode: Mode, home: str, sandboxed: bool) -> None:
        self._book = book
        self._files = files
        self._mode = mode
        self._home = home
        self._sandboxed = sandboxed

    def judge(self, use: ToolUse) -> tuple[Finding, ...]:
        """One finding for each part, for each file that a part opens, and for the line as a whole."""
        parts, problem = read_parts(use.command, use.cwd, self._home)
        text = use.command.strip()
        line = _Line(use, self._book.for_command(Decision.ALLOW, [text], exact=True), not problem)
        found = self._folder(use)
        denied = self._book.for_command(Decision.DENY, [text])
        if denied is not None:
            found.append(Finding(text, by_rule(denied, f"The rule {denied.text} denies it.")))
        if problem:
            found.append(Finding(text, self._unreadable(line, problem)))
        for part in parts:
            verdict = self._command(line, part)
            found.append(Finding(part.command.source or "redirection", verdict))
            found.extend(self._opened(line, part, verdict))
        fetched = self._fetched(line, parts)
        if any(one.verdict.decision is Decision.ASK for one in fetched):
            found = [Finding(one.subject, replace(one.verdict, offers=())) for one in found]
        return (*found, *fetched)

    def only_reads(self, use: ToolUse) -> bool:
        """Whether every part of a command line is known to change nothing; rules and modes do not count."""
        parts, problem = read_parts(use.command, use.cwd, self._home)
        return not problem and all(self._quiet(part) for part in parts)

    def undoes(self, use: ToolUse, root: Path) -> str:
        """The git command in a line that takes back what is not committed below `root`, if there is one."""
        parts, problem = read_parts(use.command, use.cwd, self._home)
        found = undoes((part.command for part in parts), root)
        return found or (speaks_of_undoing(use.command) if problem else "")

    def _quiet(self, part: Part) -> bool:
        writes = (one.word for one in file_uses(part.command) if one.touch is Touch.WRITE)
        return (self._only_reads(part) or not part.judged) and all(one.text == os.devnull for one in writes)

    def _folder(self, use: ToolUse) -> list[Finding]:
        """The folder that the line starts in, where that alone is a question."""
        verdict = self._files.judge("shell", Touch.LIST, place(use.cwd, use.cwd, self._home))
        return [] if verdict.decision is Decision.ALLOW else [Finding(use.cwd, verdict)]

    def _unreadable(self, line: _Line, problem: str) -> Verdict:
        why = f"The command {problem}"
        for piece in re.split(r"[;&|\n(){}`]+", line.use.command):
            rule = self._book.for_command(Decision.DENY, [piece.strip()])
            if rule is not None:
                return by_rule(rule, f"{why}, and part of it is denied by {rule.text}.")
        return self._opaque(line.use.command, why, line.whole)

    def _opaque(self, text: str, why: str, exact: Rule | None) -> Verdict:
        if self._mode is Mode.PLAN:
            return built_in(Decision.DENY, f"{why}, and plan mode runs only what reads.", "plan mode")
        if self._mode is Mode.YOLO:
            denials = self._book.denials()
            if denials:
                return by_rule(
                    denials[0], f"{why}, and {denials[0].text} could concern it. Write it plainly."
                )
            if _mentions_secret(text):
                return built_in(Decision.DENY, f"{why}, and it speaks of a secret file.", "secret file")
            return built_in(Decision.ALLOW, f"{why}; yolo mode asks nothing.", "yolo mode")
        if exact is not None:
            return by_rule(exact, "A rule allows exactly this command line.")
        return always_asks(f"{why}, so nobody can tell what it does.", "unreadable command")

    def _command(self, line: _Line, part: Part) -> Verdict:
        forms = _forms(part.command)
        denied = self._book.for_command(Decision.DENY, forms.denying)
        if denied is not None:
            return by_rule(denied, f"The rule {denied.text} denies {part.command.source}.")
        exact = line.whole or self._book.for_command(
            Decision.ALLOW, [*forms.allowing, *part.within], exact=True
        )
        if part.problem:
            return self._opaque(line.use.command, f"{part.command.source} {part.problem}", exact)
        reads = self._only_reads(part)
        if self._mode is Mode.PLAN and part.judged and not reads:
            reason = f"{part.command.source} may write, and plan mode runs only what reads."
            return built_in(Decision.DENY, reason, "plan mode")
        if self._mode is Mode.YOLO:
            return built_in(Decision.ALLOW, "Yolo mode asks nothing.", "yolo mode")
        asks = self._book.for_command(Decision.ASK, forms.denying)
        if asks is not None:
            return by_rule(asks, f"A rule asks about {part.command.source}.", self._offers(part))
        if exact is not None:
            return by_rule(exact, "A rule allows exactly this command.")
        why = danger(part.command)
        if why:
            return always_asks(f"{part.command.source} {why}.")
        return self._allowed(part, reads, forms)

    def _allowed(self, part: Part, reads: bool, forms: "_Forms") -> Verdict:
        command = part.command
        if not part.judged:
            return built_in(Decision.ALLOW, "It only runs what is judged by itself.", "wrapper")
        loud = [one.name for one in command.assignments if not _is_harmless(one.name, command)]
        fixed = next(filter(_NEVER.fullmatch, loud), "")
        if fixed:
            reason = f"{command.source} sets {fixed}, which changes what other commands run."
            return always_asks(reason, "variable that always asks")
        rule = self._book.for_command(Decision.ALLOW, forms.allowing)
        if rule is not None:
            return by_rule(rule, f"The rule {rule.text} allows {command.source}.")
        if reads:
            return built_in(Decision.ALLOW, f"{command.source} only reads.", "read-only command")
        if is_plain_writer(command) and not loud:
            return built_in(Decision.ALLOW, "It only writes the files it names.", "plain writer")
        if self._mode is Mode.AUTO and self._sandboxed:
            return built_in(Decision.ALLOW, f"{command.source} runs in the sandbox.", "auto mode")
        return built_in(Decision.ASK, f"No rule covers {command.source}.", "no rule", self._offers(part))

    def _only_reads(self, part: Part) -> bool:
        command = part.command
        loud = any(not _is_harmless(one.name, command) for one in command.assignments)
        hardened = not (part.nested and command.program == "git")
        return hardened and not loud and not part.problem and is_read_only(command)

    def _opened(self, line: _Line, part: Part, verdict: Verdict) -> list[Finding]:
        command = part.command
        by_rule_ = verdict.decision is Decision.ALLOW and not verdict.built_in
        forms = [*_forms(command).allowing, *part.within]
        exact = line.whole or self._book.for_command(Decision.ALLOW, forms, exact=True)
        found: list[Finding] = []
        for use in file_uses(command):
            cover = Cover(inside=by_rule_ and not use.shell, everywhere=exact is not None)
            relative = not os.path.isabs(use.word.text)
            unknown = (command.lost and relative) or (use.word.pattern and not line.readable)
            places = None if unknown else expand(use.word, command.places, self._home)
            for one in places or ():
                judged = self._files.judge("shell", use.touch, one, cover)
                if danger(command):
                    judged = replace(judged, offers=())
                found.append(Finding(one.path, judged))
            certain = use.shell or opens_words(command.program)
            if places is None and certain and not cover.everywhere and self._mode is not Mode.YOLO:
                reason = f"Nobody can tell which file {use.word.source} is in {command.source}."
                decision = (
                    Decision.DENY if self._mode is Mode.PLAN and use.touch is Touch.WRITE else Decision.ASK
                )
                found.append(Finding(use.word.source, built_in(decision, reason, "unknown file")))
        return [*found, *self._named(command)]

    def _named(self, command: Command) -> list[Finding]:
        """Paths given to a program that loomkin does not know, where a rule keeps them from being read.

        A word without a slash is a path where there is such a file; `make build` names no folder.
        """
        if opens_words(command.program) or command.program in TALKERS | {"git"}:
            return []
        found: list[Finding] = []
        for word in command.words[1:]:
            for one in expand(word, command.places, self._home) or ():
                rule = self._book.for_path(Decision.DENY, "shell", Touch.READ, one)
                is_path = "/" in word.text or os.path.isfile(one.path)
                if rule is not None and is_path and "(" in rule.text:
                    reason = f"{command.source} names {one.path}, which the rule {rule.text} denies."
                    found.append(Finding(one.path, by_rule(rule, reason)))
        return found

    def _fetched(self, line: _Line, parts: tuple[Part, ...]) -> list[Finding]:
        found: list[Finding] = []
        commands = [part.command for part in parts]
        for command in filter(is_fetcher, commands):
            for word in command.words[1:]:
                found.extend(self._address(word.text))
        why = fetched_and_run(commands)
        if why and line.whole is None and self._mode not in (Mode.YOLO, Mode.PLAN):
            reason = f"It {why}."
            found.append(Finding(line.use.command.strip(), always_asks(reason, "fetched and run")))
        return found

    def _address(self, text: str) -> list[Finding]:
        if text.startswith("-") or ("." not in text and "://" not in text):
            return []
        for decision in (Decision.DENY, Decision.ASK):
            rule = self._book.for_url(decision, "shell", text)
            if rule is not None and (decision is Decision.DENY or self._mode is not Mode.YOLO):
                return [Finding(text, by_rule(rule, f"The rule {rule.text} concerns {host_of(text)}."))]
        return []

    def _offers(self, part: Part) -> tuple[str, ...]:
        if part.nested or danger(part.command):
            return ()
        kept = tuple(one for one in part.command.assignments if not _is_harmless(one.name, part.command))
        return command_offers(replace(part.command, assignments=kept))

    def line_offer(self, use: ToolUse, findings: tuple[Finding, ...]) -> tuple[str, ...]:
        """The rule for exactly this line, where every question in it may be settled by a rule."""
        asked = [one.verdict for one in findings if one.verdict.decision is Decision.ASK]
        if len(findings) < 2 or not asked or any(not verdict.offers for verdict in asked):
            return ()
        return (exact_rule_text(use.command),)


@dataclass(frozen=True, slots=True)
class _Forms:
    """The texts of a command that rules are matched against."""

    allowing: tuple[str, ...]
    denying: tuple[str, ...]


def _forms(command: Command) -> _Forms:
    kept = [one.source for one in command.assignments if not _is_harmless(one.name, command)]
    source = " ".join([*kept, *(word.source for word in command.words)])
    plain = " ".join(word.source for word in command.words)
    resolved = " ".join([*kept, *command.texts])
    texts = " ".join(command.texts)
    bare = " ".join([command.program, *command.texts[1:]])
    denying = [source, resolved, plain, texts, bare]
    if command.program == "git":
        denying.append(" ".join(["git", *_without_globals(command.texts[1:])]))
    allowing = [source] if re.search(r"\s", command.name) else [source, resolved]
    return _Forms(tuple(dict.fromkeys(allowing)), tuple(dict.fromkeys(denying)))


def _without_globals(texts: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(texts) and texts[at].startswith("-"):
        at += 2 if texts[at] in ("-C", "-c", "--git-dir", "--work-tree", "--namespace") else 1
    return texts[at:]


def _is_harmless(name: str, command: Command) -> bool:
    if _HARMLESS.fullmatch(name) or (name == "IFS" and command.name == "read"):
        return True
    return is_quiet_name(name) and not command.words


def _mentions_secret(text: str) -> bool:
    bare = re.sub(r"['\"\\]", "", text)
    return any(is_secret_path(word) for word in re.split(r"[\s;&|<>()=:@,`{}]+", bare))
