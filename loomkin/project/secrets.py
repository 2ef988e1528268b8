"""Which paths hold secrets, which values are secrets, and how they are taken out of text."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

from loomkin.project.ignore import BUILT_IN
from loomkin.project.secret_shapes import KEYS, TOKENS, KeyStream, RedactedStream, TokenStream, compiled
from loomkin.records.regex import pattern

_ENV_FILE_BYTES = 256 * 1024
_ENV_DEPTH = 2
_ENV_FOLDERS = 100
_EXAMPLE_ENDINGS = frozenset({"example", "sample", "template", "dist", "defaults", "schema"})
_SECRET_NAMES = frozenset(
    {
        *("id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "id_ed25519_sk", "id_ecdsa_sk"),
        *(".env", ".dev.vars", ".netrc", "_netrc", ".pgpass", ".pypirc", ".git-credentials", ".vault-token"),
        *("application_default_credentials.json", "credentials.tfrc.json", ".boto", ".s3cfg"),
    }
)
_SECRET_SUFFIXES = (".pem", ".key", ".p12", ".pfx", ".ppk")
_SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".azure"})
_SECRET_ENDS = (
    (".aws", "credentials"),
    (".kube", "config"),
    (".docker", "config.json"),
    ("gh", "hosts.yml"),
    (".cargo", "credentials"),
    (".cargo", "credentials.toml"),
    (".gem", "credentials"),
)
_SECRET_PARENTS = ((".config", "gcloud"), (".aws", "sso"), (".aws", "cli"))
# a secret path has one of these endings, or a folder or name that begins with a dot
_TELLING_ENDS = (
    *(name for name in _SECRET_NAMES if not name.startswith(".")),
    *(end for folder, end in _SECRET_ENDS if not folder.startswith(".")),
    *_SECRET_SUFFIXES,
    "environ",
)

_SECRET_WORDS = (
    "KEY KEYS APIKEY TOKEN TOKENS SECRET SECRETS PASSWORD PASSWD PASS PASSPHRASE PASSCODE CREDENTIAL "
    "CREDENTIALS PAT DSN ACCESSKEY SECRETKEY AUTHTOKEN"
)
_HARMLESS_WORDS = "FILE PATH DIR SOCK ID NAME PUBLIC PUB LENGTH COUNT LIMIT MAX MIN TYPE"
_SPEAKING = frozenset(_SECRET_WORDS.split())
_HARMLESS = frozenset(_HARMLESS_WORDS.split())
_SHORTEST = 8
_EVERYBODYS = frozenset(
    {
        *("password", "passw0rd", "postgres", "postgresql", "rabbitmq", "minioadmin", "localhost"),
        *("changeme", "change_me", "change-me", "changeit", "undefined", "developer", "development"),
        *("your-api-key", "your_api_key"),
    }
)
"""Values that hide nothing; a text without these words could not be read."""

_ENV_LINE = pattern(r"^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*[=:]\s*(.*?)\s*$")
_URL_PASSWORD = pattern(r"\w+://[^\s:/@]*:([^\s/@]+)@")
_PLAIN = pattern(r"[a-z]+(?:[-_ ][a-z]+)*|[\d.:,-]+|(?:https?://)?[\w.-]+(?::\d+)?(?:/[\w./-]*)?", re.I)


def is_secret_path(path: str | Path) -> bool:
    """Tell whether a path is denied by default because of its name (case does not matter)."""
    text = str(path).replace("\\", "/")
    parts = [part for part in text.lower().split("/") if part not in ("", ".")]
    if not parts:
        return False
    name = parts[-1]
    if name in _SECRET_NAMES or _is_env_file(name):
        return True
    if name.endswith(_SECRET_SUFFIXES) and name not in _SECRET_SUFFIXES:
        return True
    if not _SECRET_FOLDERS.isdisjoint(parts) or _names_cloud_secret(parts):
        return True
    if name == ".npmrc":
        return text.startswith("~") or os.path.dirname(text) == os.path.expanduser("~").replace("\\", "/")
    return name == "environ" and parts[0] == "proc"


def secret_paths(paths: Sequence[str], above: str = "") -> list[str]:
    """Those of many paths below a folder named `above` that `is_secret_path` tells, with it before them."""
    likely = paths
    if not above.startswith("."):
        likely = [
            path
            for path in paths
            if path.startswith(".") or "/." in path or "\\" in path or path.lower().endswith(_TELLING_ENDS)
        ]
    return [path for path in likely if is_secret_path(f"{above}/{path}")]


def _is_env_file(name: str) -> bool:
    return name.startswith(".env.") and _EXAMPLE_ENDINGS.isdisjoint(name.split(".")[2:])


def _names_cloud_secret(parts: list[str]) -> bool:
    if len(parts) < 2:
        return False
    pairs = list(pairwise(parts))
    return pairs[-1] in _SECRET_ENDS or any(pair in pairs for pair in _SECRET_PARENTS)


def is_secret_name(name: str) -> bool:
    """Tell whether a variable's name says that its value is a key, token or password."""
    words = (
        re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).upper().replace("-", "_").replace(".", "_").split("_")
    )
    if not _HARMLESS.isdisjoint(words):
        return False
    return not _SPEAKING.isdisjoint(words) or words[-1].endswith(("PASSWORD", "TOKEN", "SECRET", "APIKEY"))


def secret_values(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Pick the variables whose names speak of secrets and whose values have at least 8 characters."""
    return {name: value for name, value in environ.items() if _hides(value) and is_secret_name(name)}


def secrets_of(root: Path) -> Mapping[str, str]:
    """The values in the `.env` files of a project, to be redacted wherever they show up.

    Looked for at the top and in the two levels of folders below, in at most 100 folders: a start must be
    quick. The names say which file they come from.
    """
    found: dict[str, str] = {}
    folders = [(str(root), 0)]
    for folder, depth in folders:
        files, below = _env_files(folder)
        for file in files:
            with suppress(OSError):
                text = Path(file).read_text(encoding="utf-8", errors="replace")
                # files and the environment use the same names for different values
                shown = os.path.relpath(file, root)
                found |= {f"{name} in {shown}": value for name, value in values_in_env_file(text).items()}
        if depth < _ENV_DEPTH:
            folders += [(path, depth + 1) for path in below[: _ENV_FOLDERS - len(folders)]]
    return found


def _env_files(folder: str) -> tuple[list[str], list[str]]:
    """The `.env` files of a folder, and the folders in it that may belong to the project."""
    files: list[str] = []
    below: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".env"):
                    if is_secret_path(name) and entry.is_file() and entry.stat().st_size <= _ENV_FILE_BYTES:
                        files.append(entry.path)
                elif name[0] != "." and name not in BUILT_IN and entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
    except OSError:
        return files, below
    return sorted(files), sorted(below)


def values_in_env_file(text: str) -> Mapping[str, str]:
    """Pick the secret values of an `.env` file; plain words, numbers and addresses are left out.

    A URL with a password yields the password alone.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ENV_LINE.match(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        name, value = match[1], _unquoted(match[2])
        password = _URL_PASSWORD.search(value)
        if password is not None:
            value = password[1]
        elif not is_secret_name(name) and (len(value) < 16 or _PLAIN.fullmatch(value)):
            continue
        if _hides(value):
            found[name] = value
    return found


def _hides(value: str) -> bool:
    """Whether a value is worth hiding; the place where a secret lies is not: a mark would hide the file."""
    if len(value) < _SHORTEST or value.lower() in _EVERYBODYS:
        return False
    return not (value[0] == "/" and os.path.exists(value))


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'`":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()


def _forms(value: str) -> tuple[str, ...]:
    """A value as it is, and as it reads in JSON where that is another text."""
    if len(value) < _SHORTEST:
        return ()
    if value.isalnum() and value.isascii():
        return (value,)
    forms = [value]
    for form in (value, *_as_json(value)):  # the arguments of a call are JSON, and stand in the log's
        forms += _as_json(form)
    return tuple(dict.fromkeys(forms))


def _as_json(value: str) -> tuple[str, str]:
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


class Redactor:
    """Takes known secret values and well-known token shapes out of text; immutable."""

    __slots__ = ("_firsts", "_keys", "_tokens", "_values")

    def __init__(self, values: Mapping[str, str]) -> None:
        forms = [(form, name) for name, value in values.items() for form in _forms(value)]
        self._values = [
            (form, f"[redacted:{name}]")
            for form, name in sorted(forms, key=lambda pair: (-len(pair[0]), pair[1]))
        ]
        self._firsts = frozenset(form[0] for form, _ in forms)
        self._keys = compiled(KEYS)
        self._tokens = compiled(TOKENS)

    def redact(self, text: str) -> str:
        """Replace each secret by `[redacted:NAME]`; text without secrets comes back as it is."""
        for value, mark in self._values:
            if value in text:
                text = text.replace(value, mark)
        return self._without(self._tokens, self._without(self._keys, text))

    def stream(self) -> RedactedStream:
        """What does the same with a text that comes in pieces."""
        keys, tokens = partial(self._without, self._keys), partial(self._without, self._tokens)
        return RedactedStream(self._values, self._firsts, KeyStream(keys), TokenStream(tokens))

    def _without(self, shapes: "Sequence[tuple[str, str, re.Pattern[str]]]", text: str) -> str:
        for label, mark, shape in shapes:
            if mark in text:
                text = shape.sub(f"[redacted:{label}]", text)
        return text


@cache
def _of_shapes() -> Redactor:
    return Redactor({})


def without_keys(text: str) -> str:
    """Text as it may leave the database: what looks like a key or token reads `[redacted:KIND]`.

    JSON stays JSON, also where a string of it holds JSON again.
    """
    return _of_shapes().redact(text)
