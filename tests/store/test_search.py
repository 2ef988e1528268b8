"""Everything that was said is found by its words, and nothing that anybody looks for breaks the search."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loomkin.records.event import Event, MessageAdded
from loomkin.records.ids import CallId, MessageId, TaskId
from loomkin.records.message import Image, Message, Part, Role, Text, Thinking, ToolCall, ToolResult
from loomkin.records.task import Handoff
from loomkin.records.team_event import AgentReported, HandedOff
from loomkin.store.database import Database
from loomkin.store.journal import write
from loomkin.store.search import Query, search
from tests.store.facts import event, fill, said, started

FILLER = "\n".join(f"{number}| the value of line number {number} is returned here" for number in range(80))


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(None)
    yield database
    database.close()


def message(*parts: Part, identity: str = "m1", sender: str = "coder", at: float = 1.7e9) -> MessageAdded:
    role = Role.USER if sender in ("person", "loomkin") else Role.ASSISTANT
    return MessageAdded(Message(MessageId(identity), role, parts, sender, at))


def found(database: Database, words: str, **more: object) -> list[str]:
    """The ids of the messages that are found."""
    return [hit.message for hit in search(database, Query(words, **more))]  # type: ignore[arg-type]


def test_a_hit_says_where_it_stands_and_who_said_it(database: Database) -> None:
    fill(database, said("Nothing of that.", identity="m0"), said(f"{FILLER}\nUse the kingfisher.\n{FILLER}"))
    (hit,) = search(database, Query("kingfisher", width=300))
    assert (hit.seq, hit.session, hit.agent, hit.message, hit.sender) == (3, "s-1", "coder", "m1", "person")
    assert "Use the kingfisher." in hit.text
    assert len(hit.text) < 500
    whole = f"{FILLER}\nUse the kingfisher.\n{FILLER}"
    assert whole[hit.start : hit.start + len(hit.text)] == hit.text
    assert hit.whole == len(whole)


@pytest.mark.parametrize(
    "words",
    [
        "getUserName", "get_user_name", "user", "name", "foo::bar", "x->y", "--dry-run", "std.sort",
        "C++", "C#", "größe",
        "src/auth/login.py", "login.py", "E0308", "3.11.7", "deadbeefcafe1234deadbeef", "@decorated",
        "TypeError: 'NoneType' object is not iterable", "naïve", "naive", "пароль", "λάμδα", "数据库",
        "データ", "비밀번호", "हिन्दी", "ภาษาไทย", "كلمة", "decide", "retries", "caching", "$HOME",
        "port 8080",
        "a1b2c3d4e5f6", "HTTPServer", "snake_case_and_CamelCase", "日本語の文章", "ﷺ", "½ cup",
    ],
)  # fmt: skip
def test_words_of_all_kinds_find_themselves(database: Database, words: str) -> None:
    text = (
        "Call getUserName or get_user_name in src/auth/login.py; foo::bar and x->y;\n"
        "pass --dry-run to std.sort. C++ and C# say E0308 at 3.11.7 of deadbeefcafe1234deadbeef @decorated.\n"
        "TypeError: 'NoneType' object is not iterable. Ein naïve Größe, пароль λάμδα 数据库を使う データ"
        " 비밀번호를 हिन्दी ภาษาไทย كلمة. We decided: it retried with the cache in $HOME, port 8080,"
        " a1b2c3d4e5f6 HTTPServer snake_case_and_CamelCase 日本語の文章 ﷺ ½ cup."
    )
    others = [said(f"{FILLER} {number}", identity=f"x{number}") for number in range(20)]
    fill(database, *others[:10], said(text), *others[10:])
    assert found(database, words)[:1] == ["m1"]


def test_all_parts_of_a_message_are_found_but_pictures_and_signatures(database: Database) -> None:
    parts = (
        Text("spoken"),
        Thinking("pondered", "signed"),
        Image("image/png", "picture"),
        ToolCall(CallId("c1"), "shell_run", '{"command": "echo one\\nprintenv", "more": {"deep": "below"}}'),
        ToolCall(CallId("c2"), "shell_run", '{"command": "broken'),
        ToolResult(CallId("c3"), "shell_run", "resulting"),
    )
    fill(database, message(*parts))
    for word in ("spoken", "pondered", "printenv", "below", "broken", "resulting", "shell_run"):
        assert found(database, word) == ["m1"], word
    for word in ("signed", "picture"):
        assert found(database, word) == [], word


def test_reports_and_handoffs_are_found(database: Database) -> None:
    handoff = HandedOff(TaskId("t1"), Handoff(decided="Use argon2.", changed=("src/hashing.py",)))
    fill(database, AgentReported("tester", "lead", "The flamingo test fails.", "done"), handoff)
    (report,) = search(database, Query("flamingo"))
    assert (report.kind, report.message) == ("AgentReported", "")
    assert [hit.kind for hit in search(database, Query("argon2 hashing.py"))] == ["HandedOff"]
    assert search(database, Query("flamingo", kinds=("MessageAdded",))) == []


def test_quoted_words_must_stand_together_in_this_order(database: Database) -> None:
    fill(
        database,
        said("the lock order matters", identity="a"),
        said("the order of the lock", identity="b"),
        said("first the LOCK\n   order, then the rest", identity="c"),
    )
    assert sorted(found(database, '"lock order"')) == ["a", "c"]
    assert set(found(database, "lock order")) == {"a", "b", "c"}
    assert found(database, '"to be or not"') == []


def test_more_and_rarer_words_come_first_and_what_is_common_everywhere_does_not_count(
    database: Database,
) -> None:
    common = [said(f"the value is returned {number}", identity=f"c{number}") for number in range(600)]
    best = said("the value of the heron is returned by the kestrel", identity="best")
    good = said("a heron", identity="good")
    fill(database, *common[:300], good, best, *common[300:])
    assert found(database, "value returned heron kestrel")[:2] == ["best", "good"]
    newest = found(database, "value returned")
    assert newest[0] == "c599"
    assert len(newest) == 10


def test_of_equals_the_newer_comes_first_and_the_same_file_before_it(database: Database) -> None:
    facts = [
        event(said("the heron of src/auth.py", identity="file"), at=1.70e9),
        event(said("the heron of old", identity="old"), at=1.70e9),
        event(said("the heron of new", identity="new"), at=1.71e9),
    ]
    write(database, [event(started()), *facts])
    assert found(database, "heron")[0] == "new"
    assert found(database, "heron", files=("src/auth.py",))[0] == "file"


def test_what_a_query_names_and_how_it_is_written_decides_between_equal_words(database: Database) -> None:
    facts = [
        message(Text("The heron is at an end."), identity="tester", sender="tester"),
        message(Text("The heron is at an end, so."), identity="person", sender="person"),
        message(Text("They stop, and a list of herons ends: it was changed."), identity="words"),
        message(Text("It must not touch STOP."), identity="name"),
        message(Text("file of an egret, or none, not found in the directory"), identity="loose"),
        message(Text("file or directory not found: egret"), identity="row"),
    ]
    fill(database, *facts)
    assert found(database, "heron end")[0] == "person"
    assert found(database, "what did tester say of the heron's end?")[0] == "tester"
    assert found(database, "STOP")[0] == "name"
    assert found(database, "file or directory not found")[0] == "row"


def test_of_a_long_passage_that_part_is_shown_in_which_the_name_stands_with_the_rarest_words(
    database: Database,
) -> None:
    early = (
        "Three commands belong together: /failures, /decisions, /keepers. The coder of /failures begins.\n"
    )
    text = f"{early}{FILLER[:1400]}\nThe page names /failures. Do not touch cost.py.\n"
    fill(database, said(text), *(said(f"A coder met failures {n}.", identity=f"x{n}") for n in range(9)))
    hits = search(database, Query("what must not be touched by the coder of /failures?", width=700))
    assert any("Do not touch cost.py." in hit.text for hit in hits if hit.message == "m1")


def test_a_question_that_names_the_program_does_not_ask_for_what_it_says_itself(database: Database) -> None:
    fill(
        database,
        message(Text("Start loomkin as a module."), identity="ours"),
        message(Text("Start loomkin as a program."), identity="told", sender="loomkin"),
        message(Text("Others."), identity="x"),
    )
    of_agents = {hit.message: hit.score for hit in search(database, Query("how does loomkin start here?"))}
    assert of_agents["ours"] == pytest.approx(of_agents["told"], rel=0.01)


def test_what_others_repeat_is_shown_once(database: Database) -> None:
    order = "Mend the heron in the pond so that it stands on one leg again, and count its feathers."
    facts = [said(f"m{number}: {order}", identity=f"m{number}") for number in range(9)]
    fill(database, *facts, said("The heron stood.", identity="other"))
    assert set(found(database, "heron")) == {"m8", "other"}


def test_the_same_text_is_shown_once(database: Database) -> None:
    fill(database, *[said("exactly the same heron", identity=f"m{number}") for number in range(30)])
    assert found(database, "heron") == ["m29"]


@pytest.mark.parametrize("words", ["日本", "日", "??", '"??"', "=>", "!", '""', "日本 ??"])
def test_words_that_stand_nowhere_find_nothing_and_signs_are_looked_for_as_they_stand(
    database: Database, words: str
) -> None:
    fill(database, said("Nothing of that."), said("The port is 6543, so it is.", identity="m2"))
    assert found(database, words) == []
    write(database, [event(said(f"Then {words} was said.", identity="m3"))])
    assert found(database, words) == (["m3"] if words.strip('"') else [])


def test_a_query_keeps_to_what_it_names(database: Database) -> None:
    first = fill(database, said("heron one", identity="a"), said("heron two", "coder", identity="b"))
    write(database, [event(started(), "s-2"), event(said("heron three", identity="c"), "s-2", "tester")])
    assert len(first) == 3
    assert set(found(database, "heron")) == {"a", "b", "c"}
    assert set(found(database, "heron", session="s-1")) == {"a", "b"}
    assert found(database, "heron", session="s-2") == ["c"]
    assert found(database, "heron", session="s-3") == []
    assert found(database, "heron", agent="tester") == ["c"]
    assert found(database, "heron", messages=frozenset({"b"})) == ["b"]
    assert set(found(database, "heron", without=frozenset({"a"}))) == {"b", "c"}
    assert len(found(database, "heron", limit=1)) == 1
    assert found(database, "heron", limit=0) == []


@pytest.mark.parametrize("phrase", ["that is what it was for", "is not to be", "of the"])
def test_a_phrase_of_common_words_only_is_found(database: Database, phrase: str) -> None:
    others = [said(f"and so it is on the line {number}", identity=f"x{number}") for number in range(300)]
    fill(database, said(f"Keep it: {phrase}.", identity="meant"), *others)
    assert found(database, f'"{phrase}"') == ["meant"]


def test_what_says_the_same_is_found_below_the_word_itself(database: Database) -> None:
    fill(
        database,
        said("t7 was refused.", identity="same"),
        said("t7 is not accepted (attempt 1 of 3).", identity="equal"),
        *[said(f"t7 stands in line {number}", identity=f"x{number}") for number in range(5)],
    )
    assert found(database, "why was t7 refused?")[:2] == ["same", "equal"]
    assert found(database, "refuse") == ["same", "equal"]


def test_a_keeper_that_went_along_is_not_found_again_in_the_prompt(database: Database) -> None:
    along = '<keeper id="k1" title="The heron" messages="3">\nThe heron stands at 6543.\n</keeper>'
    parts = (Text("@k1: where does it stand?"), Text(f'<file path="a.md">\nA bittern.\n</file>\n{along}'))
    prompt = Message(MessageId("prompt"), Role.USER, parts, "person", 1_700_000_000.0)
    fill(database, said("The heron stands at 6543.", identity="first"), MessageAdded(prompt))
    assert found(database, "heron 6543") == ["first"]
    assert found(database, "bittern") == ["prompt"]
    assert "<keeper" not in search(database, Query("bittern"))[0].text


def test_a_phrase_that_goes_on_in_the_next_passage_is_found(database: Database) -> None:
    text = ("word " * 397) + "kingfisher " + "heron " + ("word " * 900)
    fill(database, said(text))
    assert found(database, '"kingfisher heron"') == ["m1"]


ODD = [
    '"',
    "'",
    "*",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "terms:",
    "^",
    "-",
    "+",
    "{",
    "}",
    "\0",
    ";",
    "--",
    "%",
]
WORDS = st.lists(
    st.one_of(st.text(max_size=20), st.sampled_from([*ODD, "heron", "größe", "数据"])), max_size=8
)


@given(WORDS.map(" ".join))
@settings(max_examples=150, deadline=None)
@example('"unbalanced')
@example("a AND OR NOT NEAR(b, 3) terms:c* ^d - {e}")
@example("\ud800 half")
@example("x" * 10_000)
@example("")
def test_no_query_breaks_the_search(words: str) -> None:
    for hit in search(_shared(), Query(words)):
        assert hit.text


_kept: list[Database] = []


def _shared() -> Database:
    if not _kept:
        _kept.append(Database(None))
        fill(_kept[0], said("a heron and NOT an AND of größe 数据库"), said("OR NEAR terms --flag c++"))
    return _kept[0]


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_longer_text_is_found_by_its_own_first_word(texts: list[str]) -> None:
    database = Database(None)
    try:
        events: list[Event] = fill(
            database,
            *[said(f"{text} kingfisher{number}", identity=f"m{number}") for number, text in enumerate(texts)],
        )
        assert len(events) == len(texts) + 1
        for number in range(len(texts)):
            assert found(database, f"kingfisher{number}") == [f"m{number}"]
    finally:
        database.close()
