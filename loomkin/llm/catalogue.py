"""What is known of models without asking anyone: windows, prices and abilities from litellm's packaged table.

The table is read as a file; litellm itself is never imported here, which would cost seconds.
"""

import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from importlib.util import find_spec
from pathlib import Path

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern
from loomkin.records.usage import PICO_PER_USD, Price

PRICE_TABLE = "model_prices_and_context_window_backup.json"
PROVIDER_TABLE = "provider_endpoints_support_backup.json"
CHAT_MODES = frozenset({"chat", "responses"})
_LONGEST_ENTRY = 30_000
_LONGER = pattern(r"(?:input|output)_cost_per_token_above_(\d+)k_tokens")


@dataclass(frozen=True, slots=True)
class Facts:
    """One model of the table; `window` and `max_output` are tokens, 0 when the table does not say.

    `price` holds for requests of up to `price_up_to` tokens (0: of any size); longer ones cost more.
    An ability is None when unknown: the table's `false` on tools is often just a gap.
    """

    name: str
    provider: str
    mode: str
    window: int
    max_output: int
    price: Price | None
    price_up_to: int = 0
    tools: bool | None = None
    vision: bool | None = None
    reasoning: bool | None = None


def packaged_folder() -> Path | None:
    """The folder of the installed litellm, found without importing it; None when it is not installed."""
    try:
        spec = find_spec("litellm")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


class Catalogue:
    """The table on disk; one model costs a search through raw bytes (milliseconds), a listing the whole file.

    A missing or unreadable folder is an empty catalogue. The methods read files of 3 MB: from a coroutine,
    call them in a thread.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Facts | None] = {}

    @classmethod
    def packaged(cls) -> "Catalogue":
        """The catalogue that came with the installed litellm."""
        return cls(packaged_folder())

    def facts(self, name: str) -> Facts | None:
        """The entry of exactly this name (`gpt-5`, `groq/openai/gpt-oss-120b`), or None."""
        if name not in self._known:
            entry = _entry(self._bytes(PRICE_TABLE), name)
            self._known[name] = None if entry is None else _facts(name, entry)
        return self._known[name]

    def every(self) -> Iterator[Facts]:
        """All models that can hold a conversation, in the table's order."""
        try:
            table = json.loads(self._bytes(PRICE_TABLE) or b"{}", parse_float=Decimal)
        except ValueError:
            return
        for name, entry in table.items():
            if name != "sample_spec" and isinstance(entry, dict):
                facts = _facts(name, entry)
                if facts.mode in CHAT_MODES:
                    yield facts

    def knows_provider(self, provider: str) -> bool:
        """Whether litellm can speak to a provider of this name."""
        key = json.dumps(provider).encode()
        if key + b": {" in self._bytes(PROVIDER_TABLE):
            return True
        return b'\n    "' + key[1:-1] + b"/" in self._bytes(PRICE_TABLE)

    def _bytes(self, name: str) -> bytes:
        if self._folder is None:
            return b""
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return b""


def _entry(table: bytes, name: str) -> dict[str, object] | None:
    """The object that follows `"name":` in the raw table; nested keys of the same name are passed over."""
    key = json.dumps(name, ensure_ascii=False).encode()
    decoder = json.JSONDecoder(parse_float=Decimal)
    at = table.find(key)
    while at >= 0:
        rest = table[at + len(key) : at + len(key) + _LONGEST_ENTRY].decode(errors="ignore").lstrip()
        if rest.startswith(":"):
            try:
                value, _ = decoder.raw_decode(rest[1:].lstrip())
            except ValueError:
                return None
            if isinstance(value, dict) and "litellm_provider" in value and name != "sample_spec":
                return value
        at = table.find(key, at + 1)
    return None


def _facts(name: str, entry: dict[str, object]) -> Facts:
    limit = _whole(entry.get("max_tokens"))
    return Facts(
        name=name,
        provider=str(entry.get("litellm_provider", "")),
        mode=str(entry.get("mode", "")),
        window=_whole(entry.get("max_input_tokens")) or limit,
        max_output=_whole(entry.get("max_output_tokens")) or limit,
        price=_price(entry),
        price_up_to=_price_up_to(entry),
        tools=True if entry.get("supports_function_calling") is True else None,
        vision=_flag(entry.get("supports_vision")),
        reasoning=_flag(entry.get("supports_reasoning")),
    )


def _price(entry: dict[str, object]) -> Price | None:
    """Missing cache prices count as the input price: never less than what will be billed.

    Two zeros mean that nobody filled the entry in, not that the model is free.
    """
    into, out = (_pico(entry.get(f"{side}_cost_per_token")) for side in ("input", "output"))
    if into is None or out is None or into == out == 0:
        return None
    read = _pico(entry.get("cache_read_input_token_cost"))
    write = _pico(entry.get("cache_creation_input_token_cost"))
    return Price(
        input=into,
        output=out,
        cache_read=into if read is None else read,
        cache_write=into if write is None else write,
        source="litellm",
    )


def _price_up_to(entry: dict[str, object]) -> int:
    found = (_LONGER.fullmatch(key) for key in entry)
    return min((int(step[1]) * 1000 for step in found if step), default=0)


def _pico(dollars: object) -> int | None:
    if isinstance(dollars, bool) or not isinstance(dollars, int | Decimal):
        return None
    return int((Decimal(dollars) * PICO_PER_USD).to_integral_value(ROUND_HALF_UP))


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else 0


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
