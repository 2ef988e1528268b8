"""From what went wrong on the wire to one leaf of our error tree, in words with a mend."""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from loomkin.errors import (
    AuthError,
    BadRequestError,
    ContentPolicyError,
    ContextLengthError,
    ModelNotFoundError,
    OverloadedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimeoutExceeded,
)
from loomkin.llm.models_providers import PROVIDERS
from loomkin.llm.wire import Endpoint
from loomkin.records.regex import pattern

LONGEST_WORDS = 300
STATUS_OF_CODE = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "tokens": 429,
    "requests": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "billing_error": 402,
    "insufficient_quota": 402,
    "not_found_error": 404,
    "model_not_found": 404,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
    "request_too_large": 413,
}
CONTEXT = pattern(
    r"context[_ ]length|context[_ ]window|context size|context limit|maximum context|exceeds? the context"
    r"|prompt is too long|prompt too long|input is too long|reduce the length of"
    r"|exceeds the maximum number of tokens|request_too_large|model_max_prompt_tokens",
    re.IGNORECASE,
)
CONTENT = pattern(
    r"content[_ ]?policy|content[_ ]filter|content management policy|safety system|responsible ?ai"
    r"|usage polic|moderation|prohibited_content",
    re.IGNORECASE,
)
MONEY = pattern(
    r"insufficient[_ ](quota|balance|credits?|funds)|credit balance|payment required", re.IGNORECASE
)
NO_MODEL = pattern(
    r"model_not_found|(unknown|invalid|no such) model|not a valid model"
    r"|model\b.{0,120}\b(not found|does not exist|not exist)",
    re.IGNORECASE | re.DOTALL,
)
SECRET = pattern(r"\b(sk|pk|rk|gsk|xai|AIza|ghp|hf)[-_][\w*.-]{6,}|\bAIza[\w-]{20,}|(?<=Bearer )\S+")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def host_of(endpoint: Endpoint) -> str:
    """Host and port of an endpoint, never its credentials."""
    try:
        parts = urlsplit(endpoint.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or endpoint.base_url[:80]
    except ValueError:
        return "the model server"


def checked_url(endpoint: Endpoint) -> SplitResult:
    """The parts of the base URL; raises BadRequestError where it cannot be one."""
    try:
        parts = urlsplit(endpoint.base_url)
        sound = parts.scheme in ("http", "https") and parts.hostname and " " not in parts.netloc
        sound = sound and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        hint = "Write the base URL as http://host:port/v1 or https://host/v1."
        raise BadRequestError(f"{shorten(endpoint.base_url)!r} is no address of a model server", hint=hint)
    return parts


def from_status(
    endpoint: Endpoint, model: str, status: int, headers: Mapping[str, str], body: bytes
) -> ProviderError:
    """The error of an HTTP status other than 200."""
    code, words = provider_words(body)
    if 300 <= status < 400:
        words = f"it redirects to {headers.get('location', 'another address')}"
    return describe(endpoint, model, status, code, words, wait=retry_after(headers))


def from_payload(endpoint: Endpoint, model: str, payload: object) -> ProviderError:
    """The error of an error object that came inside an answer with status 200."""
    error = payload.get("error", payload) if isinstance(payload, dict) else payload
    code, words = provider_words(json.dumps(payload).encode())
    number = _number(error.get("code") or error.get("status")) if isinstance(error, dict) else 0
    kind = str(error.get("type", "")) if isinstance(error, dict) else ""
    status = number or STATUS_OF_CODE.get(code) or STATUS_OF_CODE.get(kind) or 500
    return describe(endpoint, model, status, code, words, within=True)


def describe(
    endpoint: Endpoint,
    model: str,
    status: int,
    code: str,
    words: str,
    *,
    wait: float | None = None,
    within: bool = False,
) -> ProviderError:
    """The leaf for a status, the provider's code and its words; `wait` is seconds to the next try."""
    leaf = classify(status, code, words)
    host = host_of(endpoint)
    said = f"{host} sent an error inside its answer" if within else f"{host} answered {status}"
    short = redact(endpoint, shorten(words))
    message = f"{said} for model {model}" + (f": {short}" if short else "")
    return leaf(message, hint=hint_for(leaf, endpoint, status, words), status=status, retry_after=wait)


def classify(status: int, code: str, words: str) -> type[ProviderError]:
    """The leaf for a status, with the provider's code and words looked at where the status is not enough."""
    said = f"{code} {words}"
    if status == 402 or (status in (400, 403, 429) and MONEY.search(said)):
        return AuthError
    if status == 429:
        return ContextLengthError if "request too large" in said.lower() else RateLimitError
    if status == 401 or (status == 403 and not CONTENT.search(said)):
        return AuthError
    if status in (404, 410):
        return ModelNotFoundError
    if status == 413 or (status >= 400 and CONTEXT.search(said)):
        return ContextLengthError
    return _by_range(status, said)


def _by_range(status: int, said: str) -> type[ProviderError]:
    if status in (503, 529) or (status >= 500 and "overloaded" in said.lower()):
        return OverloadedError
    if status in (408, 409, 425):
        return TimeoutExceeded if status == 408 else ServerError
    if status >= 400 and NO_MODEL.search(said):
        return ModelNotFoundError
    if status >= 500:
        return ServerError
    if status >= 400:
        return ContentPolicyError if CONTENT.search(said) else BadRequestError
    return ProtocolError


def hint_for(leaf: type[ProviderError], endpoint: Endpoint, status: int, words: str = "") -> str:
    """What to do next."""
    host = host_of(endpoint)
    if leaf is AuthError:
        if status == 402 or MONEY.search(words):
            return f"Top up the account at {host}, or choose another model with `loomkin models`."
        variable = endpoint.key_variable or _key_variable(endpoint)
        return f"Check the key in {variable}, or name another variable with providers.NAME.api_key_env."
    if leaf is ModelNotFoundError:
        return (
            f"See `loomkin models` for names; if the model exists, check the base URL {bare_url(endpoint)}."
        )
    return {
        BadRequestError: "The request does not suit this model: check its options, or choose another model.",
        ContextLengthError: "Begin a new session (or /clear), or take a model with a larger window.",
        ContentPolicyError: "Reword the request, or choose another model.",
        ProtocolError: f"Check that the base URL {bare_url(endpoint)} is a model server of this kind.",
        RateLimitError: "Wait and try again, or set model.fallback.",
        OverloadedError: "Wait and try again, or set model.fallback.",
        ServerError: "Try again; if it stays, choose another model.",
        TimeoutExceeded: "Try again; for slow local models raise model.silence.",
        StreamCutError: "Try again.",
    }.get(leaf, "")


def _key_variable(endpoint: Endpoint) -> str:
    place = urlsplit(endpoint.base_url).netloc
    for provider in PROVIDERS.values():
        if provider.keys and place and urlsplit(provider.base_url).netloc == place:
            return provider.keys[0]
    return "the key variable of this provider"


def bare_url(endpoint: Endpoint) -> str:
    try:
        parts = urlsplit(endpoint.base_url)
    except ValueError:
        return "of the settings"
    return f"{parts.scheme}://{host_of(endpoint)}{parts.path}"


def provider_words(body: bytes) -> tuple[str, str]:
    """The provider's error code and its own sentence, out of the bodies that providers send."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return "", title[1].strip() if title else re.sub(r"<[^>]*>", " ", text)
    value = value[0] if isinstance(value, list) and value else value
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return "", str(error)
    code = next((item for key in ("code", "type", "status") if isinstance(item := error.get(key), str)), "")
    words = error.get("message") or error.get("detail") or error.get("msg") or ""
    raw = error["metadata"].get("raw") if isinstance(error.get("metadata"), dict) else None
    words = words if isinstance(words, str) else json.dumps(words)
    return code, f"{words} ({raw})" if isinstance(raw, str) else words


def shorten(words: str) -> str:
    """One line of at most 300 characters."""
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"


def redact(endpoint: Endpoint, words: str) -> str:
    """Words without keys: the endpoint's own, its secret headers, and whatever looks like one."""
    for secret in (endpoint.api_key, *endpoint.headers.values()):
        if len(secret) >= 6:
            words = words.replace(secret, "***")
    return SECRET.sub("***", words)


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() and 100 <= int(text) < 600 else 0


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait, after `retry-after-ms` or `Retry-After` (RFC 9110, 10.2.3), None where not said."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value) * scale
    moment = _http_date(headers.get("retry-after", ""))
    return None if moment is None else max(0.0, moment - (time.time() if now is None else now))


def _http_date(text: str) -> float | None:
    """Seconds since 1970 of an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`."""
    found = re.fullmatch(r"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", text.strip())
    if not found or found[2] not in MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        moment = datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp()
