"""When two command lines are the same, and when one means what the other means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.failures.commands import read


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("npm  run build", "npm run build 2>&1 | tail -20"),
        ("cd app && npm test", "cd app && npm test | head -5"),
        ("cd ./app && cd src && make", "cd app/src && make"),
        ("make all  ", "make all 2>&1"),
    ],
)
def test_blanks_folders_and_pipes_that_only_shorten_make_no_difference(one: str, other: str) -> None:
    assert read(one, ".").key == read(other, ".").key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("make all", "cd app && make all"),
        ("make all", "make test"),
        ("FOO=1 make", "make"),
        ("make | grep error", "make"),
    ],
)
def test_another_folder_target_variable_or_filter_makes_a_difference(one: str, other: str) -> None:
    assert read(one, ".").key != read(other, ".").key


@pytest.mark.parametrize(
    ("failed", "worked"),
    [
        ("pytest -q", ".venv/bin/python -m pytest"),
        ("pytest", "uv run pytest -x tests"),
        ("python manage.py migrate", "python3 manage.py migrate"),
        ("pip install yaml", "python3 -m pip install pyyaml"),
        ("npm run build", "yarn build"),
        ("docker-compose up", "docker compose up -d"),
        ("cd app && npm install", "npm --prefix app install"),
        ("jest src", "npx jest src"),
        ("cargo build", "sudo -u me env A=1 cargo build --offline"),
    ],
)
def test_the_same_aim_in_another_way_is_seen(failed: str, worked: str) -> None:
    assert read(worked, ".").like(read(failed, "."))


@pytest.mark.parametrize(
    ("failed", "other"),
    [
        ("npm run build", "npm install"),
        ("git push", "git commit -m x"),
        ("python a.py", "python b.py"),
        ("python -c 'import a'", "python -c 'print(1)'"),
        ("pytest", "pytest --version"),
        ("make", "echo make"),
        ("ls a", "ls b"),
    ],
)
def test_another_aim_is_another(failed: str, other: str) -> None:
    assert not read(other, ".").like(read(failed, "."))


def test_another_program_replaces_one_that_is_not_there_only_for_the_same_words() -> None:
    failed = read("rg -n TODO src", ".")
    assert read("grep -rn TODO src", ".").replaces(failed, "rg")
    assert not read("grep -rn FIXME lib", ".").replaces(failed, "rg")


@pytest.mark.parametrize("other", ["grep -n x calc.py", "cat calc.py", "git add calc.py", "mv calc.py lib"])
def test_looking_at_a_file_or_moving_it_is_no_replacement_for_what_was_to_be_done_with_it(other: str) -> None:
    failed = read("black calc.py", ".")
    assert not read(other, ".").replaces(failed, "black")
    assert read(f"{other} && python3 -m black calc.py", ".").replaces(failed, "black")


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_a_command(text: str) -> None:
    line = read(text, ".")
    assert line.key.startswith((".$", "..")) or "$ " in line.key
    assert line.like(line) in (True, False)
    assert isinstance(line.intent, str)
