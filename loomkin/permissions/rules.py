"""The language of permission rules: `tool`, `tool(spec)`, and how a rule is matched."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from loomkin.errors import ConfigError
from loomkin.permissions.simple import names
from loomkin.records.dataclass import dataclass, field
from loomkin.records.permission import Decision, Rule
from loomkin.records.regex import pattern

ALIASES = {
    "Bash": "shell",
    "Read": "file_read",
    "Edit": "file_edit",
    "MultiEdit": "file_edit",
    "Write": "file_write",
    "WebFetch": "web_fetch",
    "Glob": "file_search",
    "Grep": "content_search",
    "LS": "directory_list",
    "Agent": "sub_agent",
    "Task": "sub_agent",
}
"""Tool names of other assistants, so that lists can be imported."""

EDITING = names("file_edit file_write file_patch")
READING = names(
    "file_read file_search content_search directory_list repo_map code_outline find_symbol find_references"
)

_RULE = pattern(r"([A-Za-z_][\w.-]*\*?|\*)(?:\((.*)\))?", re.S)
_HELP = "Write it as `tool` or `tool(spec)`, for example `shell(git diff *)` or `file_edit(src/**)`."


@dataclass(frozen=True, slots=True)
class ParsedRule:
    """A rule ready to be matched; `spec` is None for a rule about the tool as a whole."""

    rule: Rule
    tool: str
    spec: str | None
    pattern: re.Pattern[str] = field(repr=False, compare=False)

    @property
    def decision(self) -> Decision:
        """What the rule decides."""
        return self.rule.decision

    @property
    def is_exact(self) -> bool:
        """Tell whether the rule names one command without a wildcard."""
        return self.spec is not None and not _has_star(self.spec)

    def names_tool(self, tool: str) -> bool:
        """Tell whether the rule speaks of this tool; `mcp__server` means all tools of that server."""
        if self.tool.endswith("*"):
            return tool.startswith(self.tool[:-1])
        return tool == self.tool or (self.tool.startswith("mcp__") and tool.startswith(self.tool + "__"))

    def matches_command(self, text: str) -> bool:
        """Match one simple command, or a whole line, written with single spaces."""
        return self.names_tool("shell") and (self.spec is None or self.pattern.fullmatch(text) is not None)

    def matches_text(self, text: str) -> bool:
        """Match the text of any other call."""
        return self.spec is None or self.pattern.fullmatch(text) is not None

    def matches_url(self, url: str) -> bool:
        """Match an address; a denied or asked-for domain includes the domains below it."""
        if self.spec is None:
            return True
        if not self.spec.startswith("domain:"):
            return self.pattern.fullmatch(url) is not None
        host, wanted = host_of(url), self.spec[len("domain:") :].strip().lower().rstrip(".")
        if wanted.startswith("*."):
            return host.endswith(wanted[1:])
        below = self.decision is not Decision.ALLOW and host.endswith("." + wanted)
        return wanted == "*" or host == wanted or below


def parse_rule(rule: Rule) -> ParsedRule:
    """Read one rule; raises ConfigError that names the rule and its source."""
    text = rule.text.strip()
    match = _RULE.fullmatch(text)
    if match is None:
        raise ConfigError(f"{rule.source}: the permission rule `{text}` cannot be read.", hint=_HELP)
    tool, spec = ALIASES.get(match[1], match[1]), match[2]
    if spec is not None:
        spec = spec.strip()
        if not spec or spec == "domain:":
            raise ConfigError(f"{rule.source}: the permission rule `{text}` has nothing in it.", hint=_HELP)
    if tool == "git":
        # calls of that tool are judged as the command lines that they are
        tool, spec = "shell", f"git {(spec or '*').removeprefix('git ')}"
    return ParsedRule(rule, tool, spec, command_pattern(spec or "*"))


def split_rules(text: str) -> tuple[str, ...]:
    """Split a list such as `Bash(git diff *), Read` at the commas and spaces outside brackets."""
    found, start, depth = [], 0, 0
    for at, letter in enumerate(text):
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth = max(0, depth - 1)
        elif depth == 0 and (letter.isspace() or letter == ","):
            found.append(text[start:at])
            start = at + 1
    found.append(text[start:])
    return tuple(one for one in found if one)


def exact_rule_text(command: str) -> str:
    """The rule that names one command and no other: stars are escaped."""
    return f"shell({command.strip().replace('*', chr(92) + '*')})"


def _has_star(spec: str) -> bool:
    return re.search(r"(?<!\\)\*", spec) is not None


@lru_cache(maxsize=1024)
def command_pattern(spec: str) -> re.Pattern[str]:
    """Compile a command pattern: `*` is any text, a space before a last `*` a word boundary, `\\*` a star."""
    if spec.endswith(":*"):
        spec = spec[:-2] + " *"
    end = ""
    if spec.endswith(" *"):
        spec, end = spec[:-2].rstrip(), r"(?:\s.*)?"
    pieces = re.split(r"(\\\*|\*+)", spec)
    texts = [
        re.escape("*") if one == r"\*" else ".*" if set(one) == {"*"} else re.escape(one) for one in pieces
    ]
    return re.compile("".join(texts) + end, re.S)


def host_of(url: str) -> str:
    """The host of an address in lower case, or nothing when it has none."""
    try:
        return (urlsplit(url if "://" in url else f"https://{url}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def path_matches(spec: str, path: str, roots: tuple[str, ...], home: str, *, wide: bool) -> bool:
    """Match an absolute path against the spec of a file rule.

    A spec without a slash means the name at any depth, one with a slash is relative to the project, `/x` and
    `~/x` are absolute. `wide` matching, for denials, also covers what is below a match and ignores case.
    """
    return any(pattern.fullmatch(path) is not None for pattern in _path_patterns(spec, roots, home, wide))


@lru_cache(maxsize=1024)
def _path_patterns(spec: str, roots: tuple[str, ...], home: str, wide: bool) -> tuple[re.Pattern[str], ...]:
    if spec.startswith("~"):
        spec = home.rstrip("/") + spec[1:]
    folder = spec.endswith("/")
    spec = spec.rstrip("/") or "/"
    if spec.startswith("//"):
        spec = spec[1:]
    if spec.startswith("/"):
        bases, rest = [""], spec
    elif "/" in spec:
        bases, rest = [root.rstrip("/") for root in roots], "/" + spec.removeprefix("./")
    elif spec == ".":
        bases, rest = [root.rstrip("/") for root in roots], ""
    else:
        bases, rest = ["" if wide else root.rstrip("/") for root in roots], "/**/" + spec
    while re.match(r"/\.\./", rest):
        bases, rest = [base.rsplit("/", 1)[0] for base in bases], rest[3:]
    below = wide or folder or not re.search(r"[*?[]", spec.rsplit("/", 1)[-1])
    end = r"(?:/.*)?" if below else ""
    flags = re.S | (re.I if wide else 0)
    return tuple(re.compile(re.escape(base) + _glob(rest) + end, flags) for base in bases)


def _glob(spec: str) -> str:
    text, at = "", 0
    while at < len(spec):
        if spec.startswith("/**/", at):
            text, at = text + "/(?:.*/)?", at + 4
        elif spec.startswith("/**", at) and at + 3 == len(spec):
            text, at = text + "(?:/.*)?", at + 3
        elif spec.startswith("**", at):
            text, at = text + ".*", at + 2
        elif spec[at] in "*?":
            text, at = text + ("[^/]*" if spec[at] == "*" else "[^/]"), at + 1
        elif spec[at] == "[" and "]" in spec[at + 2 :]:
            end = spec.index("]", at + 2)
            inner = spec[at + 1 : end].replace("\\", r"\\").replace("[", r"\[")
            text += "[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]"
            at = end + 1
        else:
            text, at = text + re.escape(spec[at]), at + 1
    try:
        re.compile(text)
    except re.error:
        return re.escape(spec)
    return text
