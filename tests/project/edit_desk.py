"""A workspace on disk with an agent that edits in it, for the tests of the applier."""

from pathlib import Path

from loomkin.project.edit import Applied, Edit, Refused, RefusedKind, Target, apply_edits
from loomkin.project.text import sha_of

PYTHON = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


class Desk:
    """A workspace with one agent that knows what it read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, data: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def target(self, name: str, seen: str | None = "now") -> Target:
        path = self.root / name
        if seen == "now":
            seen = sha_of(path.read_bytes()) if path.is_file() else None
        return Target(Path(name), (self.root,), seen)

    def edit(
        self, name: str, old: str, new: str, *, seen: str | None = "now", everywhere: bool = False
    ) -> Applied | Refused:
        return apply_edits(self.target(name, seen), [Edit(old, new, everywhere)], durable=False)


def applied(result: Applied | Refused) -> Applied:
    assert isinstance(result, Applied), result
    return result


def refused(result: Applied | Refused, kind: RefusedKind) -> str:
    assert isinstance(result, Refused), result
    assert result.kind is kind, result
    return result.message
