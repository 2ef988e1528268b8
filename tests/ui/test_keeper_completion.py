"""`@k` offers the keepers of the repository, with what they are about."""

from pathlib import Path

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from loomkin.ui.completer import WordCompleter


async def offered(completer: WordCompleter, text: str) -> list[tuple[str, str]]:
    found = completer.get_completions_async(Document(text), CompleteEvent(completion_requested=True))
    return [(one.display_text, one.display_meta_text) async for one in found]


async def test_keepers_are_offered_after_their_sign_and_files_still_are(tmp_path: Path) -> None:
    (tmp_path / "kitchen.py").write_text("")
    completer = WordCompleter(tmp_path)
    known = (("k12", "the plover gateway"), ("k7", "the wombat"))
    completer.know({}, lambda command: (), lambda: (), lambda: known)
    assert await offered(completer, "see @k") == [
        ("@k12", "the plover gateway"), ("@k7", "the wombat"), ("kitchen.py", ""),
    ]  # fmt: skip
    assert await offered(completer, "see @k1") == [("@k12", "the plover gateway")]
    assert await offered(completer, "see @kit") == [("kitchen.py", "")]
