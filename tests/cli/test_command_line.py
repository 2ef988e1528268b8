"""Reading the words of a command line by the table of flags."""

from pathlib import Path

import pytest

from loomkin import __version__
from loomkin.cli.ask import FORM
from loomkin.cli.command_line import help_of, read
from loomkin.cli.flag_table import OF_ASK, SHARED, VALUE_FLAGS, OutputFormat
from loomkin.cli.flags import Flags
from loomkin.cli.repl import FORM as TALK
from loomkin.errors import UsageError
from loomkin.records.permission import Mode
from tests.cli.project import loomkin


def test_flags_and_words_may_stand_in_any_order() -> None:
    typed = read(FORM, ["-c", "mend", "--permission-mode", "edits", "it", "-m", "a/b"])
    assert typed.words == ("mend", "it")
    assert typed.values == {"go_on": True, "mode": Mode.EDITS, "model": "a/b"}


@pytest.mark.parametrize(
    "words", [["--model", "a/b"], ["--model=a/b"], ["-m", "a/b"], ["-ma/b"], ["-m=a/b"], ["-cqm", "a/b"]]
)
def test_a_value_can_be_joined_to_its_flag_in_every_usual_way(words: list[str]) -> None:
    assert read(FORM, words).values["model"] == "a/b"


def test_repeatable_flags_gather_and_others_keep_the_last() -> None:
    typed = read(FORM, ["--set", "a=1", "-m", "x/y", "--set=b=2", "-m", "z/z", "--add-dir", "d"])
    assert typed.values == {"settings": ["a=1", "b=2"], "model": "z/z", "add_dirs": [Path("d")]}


def test_both_spellings_of_a_flag_fill_one_field() -> None:
    typed = read(FORM, ["--allowedTools", "shell(ls)", "--allowed-tools", "git"])
    assert typed.values == {"allowed": ["shell(ls)", "git"]}


def test_numbers_and_choices_arrive_as_such() -> None:
    typed = read(FORM, ["--max-turns", "3", "--timeout", "2.5", "--output-format", "json"])
    assert typed.values == {"max_turns": 3, "timeout": 2.5, "output": OutputFormat.JSON}


def test_after_two_dashes_everything_is_a_word() -> None:
    assert read(FORM, ["-c", "--", "-v", "--help"]).words == ("-v", "--help")


def test_a_single_dash_is_a_word() -> None:
    assert read(FORM, ["-"]).words == ("-",)


def test_help_wins_wherever_it_stands() -> None:
    assert read(FORM, ["mend", "--help", "--bogus"]).help


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--modle", "x"], "Did you mean --model?"),
        (["--zzzzzzzz"], "there is no flag --zzzzzzzz"),
        (["--nonsense"], "there is no flag --nonsense.\nAll flags"),
        (["--permision"], "Did you mean --permission-mode?"),
        (["mend", "--version"], "--version stands alone: loomkin --version"),
        (["-vqZ"], "there is no flag -vqZ"),
        (["--model"], "--model needs a value"),
        (["--continue=3"], "--continue takes no value"),
        (["--max-turns", "x"], "a whole number"),
        (["--max-turns", "1.5"], "a whole number"),
        (["--max-turns", "0"], "at least 1"),
        (["--max-budget-usd", "nan"], "at least 0"),
        (["--max-budget-usd", "inf"], "at least 0"),
        (["--permission-mode", "all"], "ask, edits, plan, auto, yolo"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_mend(words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(FORM, words)
    assert said in str(refused.value)


def test_a_word_without_a_command_names_the_nearest_command() -> None:
    with pytest.raises(UsageError, match="Did you mean loomkin sessions"):
        read(TALK, ["sesions"])


def test_every_shared_flag_fills_a_field_of_the_options_and_no_field_lacks_a_flag() -> None:
    fields = set(Flags.__slots__) - {"environ"}
    assert {row.field for row in SHARED} == fields
    assert not {row.field for row in OF_ASK} & fields


def test_the_help_page_names_every_flag_once_and_fits_the_screen() -> None:
    page = help_of(FORM)
    for row in (*OF_ASK, *SHARED):
        assert row.hidden or all(
            f"{name} " in page or f"{name}," in page or f"{name}\n" in page for name in row.names
        )
    assert max(map(len, page.splitlines())) <= 100


def test_flags_that_take_a_value_are_known_before_the_command_is() -> None:
    assert {"-m", "--set", "-C", "--output-format"} <= VALUE_FLAGS
    assert not {"-c", "--trust", "-v"} & VALUE_FLAGS


def test_a_word_that_resembles_no_command_suggests_none() -> None:
    with pytest.raises(UsageError, match="For one job: loomkin ask 'test'"):
        read(TALK, ["test"])


@pytest.mark.parametrize("words", [["--version", "--help"], ["ask", "--version"], ["sessions", "-V"]])
def test_the_version_is_told_at_the_beginning_and_after_any_command(words: list[str]) -> None:
    told = loomkin(*words)
    assert (told.code, told.out, told.err) == (0, f"loomkin {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["sessions", "list", "--limit", "0"], "loomkin sessions list"),
        (["sessions", "export"], "loomkin sessions export"),
        (["config", "set", "K"], "loomkin config set"),
        (["models", "probe"], "loomkin models probe"),
        (["audit", "--limit", "x"], "loomkin audit"),
    ],
)
def test_wrong_usage_points_to_the_help_of_the_command_itself(words: list[str], command: str) -> None:
    refused = loomkin(*words)
    assert refused.code == 2
    assert refused.err.startswith(f"{command}: ")
    assert f"Try `{command} --help`." in refused.err


@pytest.mark.parametrize(
    "words",
    ["completion", "graph", "sessions list", "sessions import", "sessions export", "sessions fork", "audit"],
)
def test_help_names_values_as_people_do_and_ends_its_sentences(words: str) -> None:
    told = loomkin(*words.split(), "--help").out
    assert not [line for line in told.splitlines()[1:] if line.endswith("...")]
    assert not [odd for odd in ("<str>", "<path>", "<int", "x>=", "}:<") if odd in told]
