"""What a folder brings along that counts only once its owner is trusted."""

from collections.abc import Mapping
from pathlib import Path

from loomkin.config.load import Loaded, load
from loomkin.errors import ConfigError
from loomkin.project import rules
from loomkin.records.permission import Decision

ROLES = ".loomkin/roles"


def withheld(root: Path, cwd: Path, environ: Mapping[str, str], loaded: Loaded, bare: bool) -> list[str]:
    """One line for each thing in an untrusted folder that asks for trust; `loaded` was read without it."""
    found = []
    try:
        trusted = load(root, environ, trusted=True)
    except ConfigError as error:
        return [f"settings that cannot be read: {error.message}"]
    kept = set(loaded.warnings) - set(trusted.warnings)
    found += [warning.replace(" ignored until you trust this folder (--trust).", "") for warning in kept]
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
