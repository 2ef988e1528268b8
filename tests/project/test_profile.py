"""What a project is written in and how it is tested, found from its files."""

import os
from pathlib import Path

import pytest

from loomkin.project.profile import Found, Profiles, find_profile

CASES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "ruby": ({"Gemfile": 'gem "rspec"\ngem "rubocop"\n'}, "Ruby", "bundle exec rspec", "bundle exec rubocop"),
    "rake": ({"Rakefile": "Rake::TestTask.new\n"}, "Ruby", "rake test", ""),
    "php": ({"composer.json": '{"scripts": {"test": "phpunit", "lint": "x"}}'}, "PHP", "composer run test",
            "composer run lint"),
    "phpunit": ({"phpunit.xml.dist": "", "composer.json": "[]"}, "PHP", "vendor/bin/phpunit", ""),
    "gradle": ({"build.gradle.kts": ""}, "Kotlin", "gradle test", ""),
    "tox": ({"tox.ini": "[tox]\n[testenv]\n"}, "Python", "tox", ""),
    "setup.cfg": ({"setup.cfg": "[tool:pytest]\n[flake8]\n"}, "Python", "pytest", "flake8"),
    "dotnet": ({"Shop.sln": ""}, "", "dotnet test", ""),
    "elixir": ({"mix.exs": ""}, "Elixir", "mix test", ""),
    "bare python": ({"calc.py": "", "tests/test_calc.py": ""}, "Python", "python3 -m pytest", ""),
    "ci": (
        {".github/workflows/ci.yml": "jobs:\n  t:\n    steps:\n      - run: pip install x\n"
         "      - run: python -m pytest -x tests\n      - run: flake8 src\n", "a.py": ""},
        "Python", "python -m pytest -x tests", "flake8 src",
    ),
    "ci with what only it knows": (
        {".travis.yml": "script:\n  - go test ${FLAGS}\n", "a.go": ""},
        "Go", "", "",
    ),
    "its own words": (
        {"LOOMKIN.md": "# x\n\n- Test: `./run-tests --fast`\n* lint: `./lint`\n", "Makefile": "test:\n\tx\n"},
        "", "./run-tests --fast", "./lint",
    ),
    "words of a peer": ({"AGENTS.md": "- Tests: `bin/check`\n"}, "", "bin/check", ""),
    "nothing": ({}, "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_project_tells_its_language_and_commands(tmp_path: Path, name: str) -> None:
    files, language, test, lint = CASES[name]
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    found = find_profile(tmp_path)
    assert (found.command("test"), found.command("Lint")) == (test, lint)
    assert (found.languages[:1] or ("",)) == (language,)


def test_one_line_says_it_all(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "run.sh").write_text("")
    line = find_profile(tmp_path).line(lambda command: False)
    assert line.startswith(
        "Project: Go, shell. build `go build ./...` (go.mod); test `go test ./...` (go.mod);"
    )
    assert "\n" not in line
    assert find_profile(tmp_path / "nowhere").line(lambda command: False) == ""


def test_it_is_found_anew_only_when_a_file_that_tells_has_changed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("test:\n\tx\n")
    profiles = Profiles(tmp_path)
    first = profiles.profile()
    assert profiles.profile() is first
    (tmp_path / "Makefile").write_text("check:\n\tx\n")
    os.utime(tmp_path / "Makefile", ns=(1, 1))
    assert profiles.profile().commands == (Found("Test", "make check", "Makefile"),)


def test_foreign_folders_do_not_count_for_languages(tmp_path: Path) -> None:
    for name in ("node_modules/a.js", "node_modules/b.js", ".venv/c.js", "src/d.rs"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert find_profile(tmp_path).languages == ("Rust",)


def test_the_line_says_what_is_not_installed_and_what_writes(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text("[tool.ruff]\nfix = true\n[tool.mypy]\n")
    line = find_profile(tmp_path).line(lambda command: command.startswith("mypy"))
    assert "lint `ruff check .` (pyproject.toml) (writes); " in line
    assert "type check `mypy .` (pyproject.toml) (not installed)" in line
    settings.write_text("[tool.ruff]\n")
    assert "(writes)" not in find_profile(tmp_path).line(lambda command: False)
    (tmp_path / "ruff.toml").write_text("fix = true\n")
    assert "(writes)" in find_profile(tmp_path).line(lambda command: False)
