"""Text without what differs between two runs of the same thing: folders, times, dates, git's words."""

from collections.abc import Callable

from loomkin.records.regex import pattern

_TIME = pattern(r"\b\d+(?:\.\d+)?(?:e-?\d+)?\s?(?:µs|us|ms|s|sec|secs|second|seconds)\b")
_CLOCK = pattern(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\b|\b\d\d:\d\d:\d\d\b")
_OUTPUT = pattern(r"\bout\d+\b")
_COMMIT = pattern(r"(?<![0-9A-Za-z_])[0-9a-f]{7,40}(?![0-9A-Za-z_])|(?<=\\n)[0-9a-f]{7,40}(?= )")
_GIT = pattern(r"(?<=\\n)Git: .{1,4000}?(?=\\nPermissions: )")
"""What an agent is told of the repository at first: it changes with the recording that is put there."""
_WINDOW = pattern(r"(?<=Your window holds )\d+k?(?= tokens)")
"""A recording plays without the model, so its window is not known."""


def steadily(redact: Callable[[str], str], folders: tuple[str, ...]) -> Callable[[str], str]:
    """A function that redacts a text and puts marks in place of what no two runs share.

    `folders` are replaced longest first, so that a recording can be played in another place.
    """
    ordered = sorted({folder for folder in folders if len(folder) > 1}, key=len, reverse=True)

    def steady(text: str) -> str:
        text = redact(text)
        for folder in ordered:
            text = text.replace(folder, "<folder>")
        text = _WINDOW.sub("<window>", _GIT.sub("<git>", text))
        text = _CLOCK.sub("<date>", _TIME.sub("<time>", text))
        return _OUTPUT.sub("<output>", _COMMIT.sub("<commit>", text))

    return steady
