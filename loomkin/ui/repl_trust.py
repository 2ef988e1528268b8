"""What a folder brings along that counts only once its owner is trusted."""

from collections.abc import Mapping
from pathlib import Path

from loomkin.config.catalogue import find
from loomkin.config.load import Loaded, load, parse_key
from loomkin.errors import ConfigError
from loomkin.project import rules
from loomkin.records.permission import Decision

ROLES = ".loomkin/roles"


def withheld(root: Path, cwd: Path, environ: Mapping[str, str], loaded: Loaded, bare: bool) -> list[str]:
    """One line for each thing in an untrusted folder that asks for trust, with what it is set to.

    `loaded` was read without trust.
    """
    found = []
    try:
        trusted = load(root, environ, trusted=True)
    except ConfigError as error:
        return [f"settings that cannot be read: {error.message}"]
    found += _settings(loaded, trusted)
    if bare:
        return sorted(found)
    roles = sorted(path.name for path in (root / ROLES).glob("*.md"))
    if roles:
        found.append(f"{ROLES}: {', '.join(roles)}")
    for file in rules.load(root, cwd, environ).files:
        allowed = [line.text for line in file.operations if line.kind is Decision.ALLOW]
        if allowed:
            shown = file.path.relative_to(root) if file.path.is_relative_to(root) else file.path
            found.append(f"{shown}: allows {'; '.join(allowed)}")
    return sorted(found)


def _settings(loaded: Loaded, trusted: Loaded) -> list[str]:
    """The hooks, with their commands, and the other settings that come with trust."""
    found = []
    for hook in trusted.settings.hooks:
        if hook not in loaded.settings.hooks:
            tools = f" on {hook.matcher}" if hook.matcher else ""
            found.append(f"{hook.source}: a {hook.event} hook{tools} runs: {hook.command}")
    for key, origins in trusted.provenance.items():
        setting = find(parse_key(key))
        for origin in origins:
            if origin in loaded.provenance.get(key, ()) or key.startswith("hooks["):
                continue
            values = origin.value if isinstance(origin.value, tuple) else (origin.value,)
            shown = "…" if setting and setting.secret else ", ".join(map(str, values))
            found.append(f"{origin.where}: {key} = {shown}")
    return found
