"""Questions about real work of agents find their answers among the first five passages."""

from pathlib import Path

import pytest

from benchmarks import recall_quality
from benchmarks.recall_sessions import QUESTIONS, unpacked

LEAST = 0.9
"""The aim (docs/memory.md): with fewer answers found, the ranking has become worse."""


@pytest.mark.timeout(60)
@pytest.mark.feature("C7")
def test_most_questions_about_earlier_sessions_find_their_answer_among_the_first_five(tmp_path: Path) -> None:
    questions = recall_quality.read(QUESTIONS)
    assert len(questions) >= 60
    root = tmp_path / "repository"
    recall_quality.load(unpacked(tmp_path), root)
    asked = list(recall_quality.ask(root, questions))
    found = sum(one.place > 0 for one in asked)
    assert found >= LEAST * len(asked), "\n".join(recall_quality.told(asked))
