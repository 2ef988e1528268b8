"""Deltas and errors as JSON values and back; secrets are found over all fragments of a block."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from loomkin import errors
from loomkin.errors import ProviderError
from loomkin.llm.wire import CallDelta, Delta, Finished, FinishReason, TextDelta, ThinkingDelta
from loomkin.records.dataclass import replace
from loomkin.records.usage import Usage

_FAILURES: dict[str, type[ProviderError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ProviderError)
}


def redacted(deltas: Sequence[Delta], redact: Callable[[str], str]) -> list[Delta]:
    """The deltas without secrets, also those that a provider cut into several fragments.

    Where a block holds a secret its fragments become one.
    """
    kept: list[Delta] = []
    at = 0
    while at < len(deltas):
        end = at + 1
        while end < len(deltas) and _block(deltas[end]) == _block(deltas[at]) is not None:
            end += 1
        kept.extend(_clean(deltas[at:end], redact))
        at = end
    return kept


def delta_to_line(delta: Delta) -> dict[str, object]:
    """A delta as a JSON object."""
    if isinstance(delta, TextDelta):
        return {"text": delta.text}
    if isinstance(delta, ThinkingDelta):
        return {"thinking": delta.text, "signature": delta.signature}
    if isinstance(delta, CallDelta):
        return {"call": delta.index, "id": delta.id, "name": delta.name, "arguments": delta.arguments}
    return {"finished": delta.reason.value, "usage": asdict(delta.usage) if delta.usage else None}


def delta_from_line(line: dict[str, object]) -> Delta:
    """The delta in a JSON object; raises ValueError, KeyError or TypeError when there is none."""
    if "text" in line:
        return TextDelta(str(line["text"]))
    if "thinking" in line:
        return ThinkingDelta(str(line["thinking"]), str(line["signature"]))
    if "call" in line:
        index = line["call"]
        if not isinstance(index, int):
            raise TypeError("a call without a number")
        return CallDelta(index, str(line["id"]), str(line["name"]), str(line["arguments"]))
    usage = line["usage"]
    counts = Usage(**usage) if isinstance(usage, dict) else None
    return Finished(FinishReason(str(line["finished"])), counts)


def error_to_line(error: ProviderError | None, redact: Callable[[str], str]) -> dict[str, object] | None:
    """A failure as a JSON object."""
    if error is None:
        return None
    return {
        "class": type(error).__name__,
        "message": redact(error.message),
        "hint": redact(error.hint),
        "status": error.status,
        "retry_after": error.retry_after,
    }


def error_from_line(line: object) -> ProviderError | None:
    """The failure in a JSON object; raises KeyError for a class that does not exist."""
    if not isinstance(line, dict):
        return None
    return _FAILURES[line["class"]](
        line["message"], hint=line["hint"], status=line["status"], retry_after=line["retry_after"]
    )


def _block(delta: Delta) -> object:
    if isinstance(delta, Finished):
        return None
    return delta.index if isinstance(delta, CallDelta) else type(delta)


def _clean(block: Sequence[Delta], redact: Callable[[str], str]) -> Sequence[Delta]:
    whole = "".join(_words(delta) for delta in block)
    clean = redact(whole)
    if clean == whole:
        return block
    first, signature = block[0], "".join(d.signature for d in block if isinstance(d, ThinkingDelta))
    if isinstance(first, CallDelta):
        return [replace(first, arguments=clean)]
    return [ThinkingDelta(clean, signature) if isinstance(first, ThinkingDelta) else TextDelta(clean)]


def _words(delta: Delta) -> str:
    if isinstance(delta, CallDelta):
        return delta.arguments
    return "" if isinstance(delta, Finished) else delta.text
