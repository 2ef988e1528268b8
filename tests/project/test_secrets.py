"""Secrets are known by path, by name and by shape, and leave no trace in redacted text."""

import json
import os
import time
from pathlib import Path

import pytest

from loomkin.project.secrets import (
    Redactor,
    is_secret_name,
    is_secret_path,
    secret_paths,
    secret_values,
    secrets_of,
    values_in_env_file,
    without_keys,
)

SECRET_PATHS = [
    ".env",
    "./.env",
    "app/.env.local",
    ".ENV",
    ".env.production",
    "certs/server.pem",
    "a.key",
    "id_rsa",
    "/home/x/id_ed25519",
    "~/.ssh/config",
    ".ssh",
    "home/.ssh/known_hosts",
    ".netrc",
    "~/.aws/credentials",
    "/home/x/.config/gcloud/access_tokens.db",
    ".azure/msal_token_cache.json",
    "~/.kube/config",
    "~/.docker/config.json",
    "~/.npmrc",
    "~/.pypirc",
    ".dev.vars",
    "/proc/self/environ",
    "x\\.env",
    "key.P12",
]
OPEN_PATHS = [
    "",
    "/",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.local.example",
    "environ.py",
    "src/env.py",
    ".envrc.md",
    "id_rsa.pub",
    "project/.npmrc",
    "config.json",
    "docker/config.json",
    "keys.py",
    "pem.txt",
    ".key",
    "kube/config",
    "docs/environ",
]


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_a_path_that_holds_secrets_is_known_by_its_name(path: str) -> None:
    assert is_secret_path(path)


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_other_paths_are_not_secret(path: str) -> None:
    assert not is_secret_path(path)


@pytest.mark.parametrize("above", ["", "folder", ".aws", "gh", "proc"])
def test_many_paths_are_told_as_each_alone(above: str) -> None:
    ends = [path.split("/")[-1] for path in (*SECRET_PATHS, *OPEN_PATHS)]
    paths = [*SECRET_PATHS, *OPEN_PATHS, *ends, *(f"a/{end}" for end in ends)]
    expected = [path for path in paths if is_secret_path(f"{above}/{path}")]
    assert expected
    assert secret_paths(paths, above) == expected


def test_the_npm_settings_of_the_home_folder_are_secret_by_absolute_path() -> None:
    assert is_secret_path(os.path.join(os.path.expanduser("~"), ".npmrc"))


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "PGPASSWORD", "clientSecret", "SENTRY_DSN"]
)
def test_variable_names_that_speak_of_secrets_are_recognised(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["PATH", "PWD", "OLDPWD", "HOME", "SSH_AUTH_SOCK", "KEYBOARD", "MONKEY", "TOKEN_LIMIT", "KEY_FILE"],
)
def test_other_variable_names_are_not_secret(name: str) -> None:
    assert not is_secret_name(name)


def test_short_values_are_not_taken_for_secrets() -> None:
    environ = {"API_KEY": "abcdefgh", "OTHER_KEY": "abc", "LANG": "en_GB.UTF-8"}
    assert secret_values(environ) == {"API_KEY": "abcdefgh"}


def test_known_values_are_replaced_by_their_name() -> None:
    redactor = Redactor({"DB_PASSWORD": "hunter2hunter2", "TINY": "abc"})
    assert redactor.redact("a hunter2hunter2 b abc") == "a [redacted:DB_PASSWORD] b abc"


def test_of_two_overlapping_values_the_longer_goes_first() -> None:
    redactor = Redactor({"A_KEY": "abcdefgh", "B_KEY": "abcdefgh12345"})
    assert redactor.redact("abcdefgh12345 abcdefgh") == "[redacted:B_KEY] [redacted:A_KEY]"


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEabc+/9012\n" * 8 + "-----END RSA PRIVATE KEY-----"
TOKENS = {
    "sk-proj-Abc123Def456Ghi789Jkl012": "api-key",
    "sk-ant-api03-" + "aB3" * 10: "api-key",
    "sk-" + "0a" * 16: "api-key",
    "ghp_" + "aB3" * 12: "github-token",
    "github_pat_" + "aB3" * 12: "github-token",
    "AKIA" + "ABCD1234" * 2: "aws-key",
    "xox" + "b-123456789012-abcdefABCDEF": "slack-token",
    JWT: "jwt",
    KEY_BLOCK: "private-key",
}


@pytest.mark.parametrize(("token", "label"), TOKENS.items())
def test_well_known_token_shapes_are_replaced(token: str, label: str) -> None:
    redacted = Redactor({}).redact(f"before {token}\nafter")
    assert redacted == f"before [redacted:{label}]\nafter"


SOURCE = """
HEADER = "-----BEGIN PRIVATE KEY-----"
if line.startswith("sk-") or token[:4] in ("ghp_", "AKIA", "xoxb-"):
    css = "sk-folding-cube-animation-wrapper"
    risk = task_sk("eyJ"); disk-usage-in-a-very-long-hyphenated-name
password = os.environ["DB_PASSWORD"]
url = f"postgres://{user}:{password}@{host}/db"
digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"""


def test_source_code_that_only_speaks_of_secrets_is_left_alone() -> None:
    assert Redactor({"X_KEY": "not in the text"}).redact(SOURCE) == SOURCE


def test_a_redacted_text_stays_as_it_is() -> None:
    redactor = Redactor({"API_TOKEN": "s3cr3t-value"})
    once = redactor.redact(f"s3cr3t-value {JWT}")
    assert redactor.redact(once) == once


def test_a_megabyte_without_secrets_takes_little_time() -> None:
    redactor = Redactor({f"KEY_{n}": f"value-number-{n}" for n in range(50)})
    text = SOURCE * 2000
    begun = time.process_time()
    assert redactor.redact(text) == text
    assert time.process_time() - begun < 1.0


def test_env_files_of_a_project_are_found_below_its_top_each_with_its_own_values(tmp_path: Path) -> None:
    for folder, value in ((".", "first-value-1"), ("apps/api", "second-value-2"), ("a/b/c", "too-deep-3")):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / ".env").write_text(f"API_KEY={value}\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".env").write_text("API_KEY=of-a-package\n")
    (tmp_path / ".env.local").mkdir()
    assert secrets_of(tmp_path) == {
        "API_KEY in .env": "first-value-1",
        "API_KEY in apps/api/.env": "second-value-2",
    }
    assert secrets_of(tmp_path / "nowhere") == {}


def test_words_that_everybody_uses_and_paths_that_exist_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    text = f"DB_PASSWORD=postgres\nSECRET_KEY=changeme\nCREDENTIALS={tmp_path}/key.json\nTOKEN=/no/there+1\n"
    assert values_in_env_file(text) == {"TOKEN": "/no/there+1"}
    assert secret_values({"MY_PASSWORD": "Postgres", "CREDENTIALS": str(tmp_path)}) == {}


def test_values_of_an_env_file_are_found_and_plain_ones_left() -> None:
    text = """
# API_KEY=commented-out-value
export API_KEY="quoted value 1"
NODE_ENV=development
HOST=localhost:8000
SERVICE_URL=https://example.org/some/long/path
DATABASE_URL=postgres://me:p4ssw0rd9@db/x
SALT=9f86d081884c7d659a2feaa0+c55
PASSWORD='with # hash'
SHORT_KEY=abc
broken line
"""
    assert values_in_env_file(text) == {
        "API_KEY": "quoted value 1",
        "DATABASE_URL": "p4ssw0rd9",
        "SALT": "9f86d081884c7d659a2feaa0+c55",
        "PASSWORD": "with # hash",
    }


def test_json_stays_json_without_keys_also_where_a_string_of_it_holds_json_again() -> None:
    for token in TOKENS:
        plain: object = {"words": [f"a\n{token}\nb", json.dumps({"command": f"x\n{token}\ty"})]}
        for indent in (None, 2):
            told = json.loads(without_keys(json.dumps(plain, indent=indent)))
            assert token not in str(told)
            again = json.loads(told["words"][1])["command"]
            assert (again[:12], again[-2:]) == ("x\n[redacted:", "\ty")
