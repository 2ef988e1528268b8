"""Which rules a person may save when asked; never a wide one for what is dangerous."""

import os
import re

from loomkin.permissions.rules import exact_rule_text
from loomkin.permissions.simple import Command, names
from loomkin.permissions.wrappers import SHELLS

_NEVER_WIDE = SHELLS | names(
    "python python2 python3 node deno bun ruby perl php lua osascript pwsh ssh sudo doas su env xargs "
    "find fd eval "
    "exec source . docker podman kubectl parallel watch curl wget nc awk gawk sed tee cp ln rsync scp "
    "trap (( npx bunx "
    "strace unshare chroot nsenter script flock trap alias export declare"
)
_TWO_VERBS = names("uv poetry pipenv pdm hatch rye bundle docker-compose")
_RUN_VERBS = names("run exec")


def command_offers(command: Command) -> tuple[str, ...]:
    """The rule for exactly this command, then a wider one where that is safe."""
    exact = exact_rule_text(command.source)
    wide = _widened(command)
    return (exact, f"shell({wide} *)") if wide and not command.assignments else (exact,)


def _widened(command: Command) -> str:
    texts = command.texts
    if not texts or re.search(r"[^\w.-]", command.name) or command.words[0].dynamic:
        return ""
    if command.program in ("python", "python3") and texts[1:2] == ("-m",) and len(texts) > 2:
        return " ".join(texts[:3]) if re.fullmatch(r"[\w.]+", texts[2]) else ""
    if command.program in _NEVER_WIDE or (command.program == "git" and not _is_verb(command, 1)):
        return ""
    length = 1
    if _is_verb(command, 1):
        length = 2
        if command.program in _TWO_VERBS and texts[1] in _RUN_VERBS:
            if not _is_verb(command, 2) or texts[2] in _NEVER_WIDE:
                return ""
            length = 3
    return " ".join(texts[:length])


def _is_verb(command: Command, at: int) -> bool:
    if at >= len(command.words) or command.words[at].dynamic:
        return False
    return re.fullmatch(r"[a-z][a-z0-9:-]*", command.words[at].text) is not None


def file_offers(rule: str, path: str, roots: tuple[str, ...]) -> tuple[str, ...]:
    """The rule for this file, then the one for its folder, relative inside the project."""
    if re.search(r"[*?[\](){}\n]", path):
        return ()
    for root in roots:
        if path.startswith(root.rstrip("/") + "/"):
            path = "./" + os.path.relpath(path, root)
            break
    folder = os.path.dirname(path)
    wide = () if folder in ("", "/", ".") else (f"{rule}({folder}/**)",)
    return (f"{rule}({path})", *wide)
