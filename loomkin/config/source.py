"""One settings file as a tree of values with lines."""

import os
import re
import stat
from pathlib import Path as FilePath

from loomkin.config.catalogue import Path
from loomkin.config.lines import line_numbers
from loomkin.errors import ConfigError
from loomkin.records.dataclass import dataclass

LARGEST = 1 << 20
_AT_LINE = r"\s*\(at line (\d+), column \d+\)"


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file says; `shown` is its name for people."""

    shown: str
    table: dict[str, object]
    lines: dict[Path, int]

    def where(self, path: Path) -> str:
        """`file:line` of a key, or the file where the line is not known."""
        line = self.lines.get(path)
        return f"{self.shown}:{line}" if line else self.shown

    def items(self, path: Path) -> tuple[str, ...]:
        """`file:line` of each item of a list."""
        places: list[str] = []
        while (*path, len(places)) in self.lines:
            places.append(self.where((*path, len(places))))
        return tuple(places)


def read_text(path: FilePath, shown: str) -> str | None:
    """The text of a settings file, without a byte order mark; None where there is none.

    Raises ConfigError for what cannot be read: a folder, a pipe, over 1 MiB, not UTF-8, no permission.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{shown} is not a file.", hint="Move it away, or put settings there.")
        if status.st_size > LARGEST:
            raise ConfigError(f"{shown} is larger than 1 MiB; settings are not.")
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{shown} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8."
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown} cannot be read: {error}.") from error


def read_tree(path: FilePath, shown: str) -> Tree | None:
    """The parsed file, or None where there is none; ConfigError names the line of a fault."""
    text = read_text(path, shown)
    return None if text is None else parse(text, shown)


def parse(text: str, shown: str) -> Tree:
    """The tree of a TOML text; ConfigError names the line of a fault."""
    import tomllib  # heavy: late on purpose

    try:
        table = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{shown} is nested too deeply.") from error
    except ValueError as error:
        found = re.search(_AT_LINE, str(error))
        place = f"{shown}:{found[1]}" if found else shown
        raise ConfigError(f"{place}: not valid TOML: {re.sub(_AT_LINE, '', str(error))}.") from error
    return Tree(shown, table, line_numbers(text))
