"""From an exception of litellm to one leaf of our error tree; its classes are known by name."""

import re

from loomkin.errors import (
    AuthError,
    BadRequestError,
    ConnectError,
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
from loomkin.llm.connection_failures import causes, reach_hint, tls_error
from loomkin.llm.failures import classify, hint_for, host_of, provider_words, redact, retry_after, shorten
from loomkin.llm.wire import Endpoint
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

# The most particular class of an exception counts: its method resolution order is read from the left.
LEAVES: dict[str, type[ProviderError]] = {
    "AuthenticationError": AuthError,
    "PermissionDeniedError": AuthError,
    "NotFoundError": ModelNotFoundError,
    "ModelNotMappedError": ModelNotFoundError,
    "LiteLLMUnknownProvider": ModelNotFoundError,
    "ContextWindowExceededError": ContextLengthError,
    "ContentPolicyViolationError": ContentPolicyError,
    "GuardrailRaisedException": ContentPolicyError,
    "BlockedPiiEntityError": ContentPolicyError,
    "ModifyResponseException": ContentPolicyError,
    "SensitiveDataRouteException": ContentPolicyError,
    "RateLimitError": RateLimitError,
    "BudgetExceededError": BadRequestError,
    "VectorStoreSearchError": BadRequestError,
    "BadRequestError": BadRequestError,
    "InvalidRequestError": BadRequestError,
    "UnprocessableEntityError": BadRequestError,
    "ConflictError": ServerError,
    "Timeout": TimeoutExceeded,
    "APITimeoutError": TimeoutExceeded,
    "TimeoutException": TimeoutExceeded,
    "TimeoutError": TimeoutExceeded,
    "BadGatewayError": ServerError,
    "InternalServerError": ServerError,
    "ServiceUnavailableError": OverloadedError,
    "APIResponseValidationError": ProtocolError,
    "APIConnectionError": ConnectError,
    "APIError": ServerError,
    "OpenAIError": ServerError,
    "HTTPError": ConnectError,
    "OSError": ConnectError,
    "ImportError": BadRequestError,
    "ValueError": ProtocolError,
    "LookupError": ProtocolError,
    "TypeError": ProtocolError,
    "AttributeError": ProtocolError,
    "RuntimeError": ProtocolError,
}
PREFIX = pattern(r"^(litellm\.\w+:\s*)?(\w+Error:\s*)?(\w+(Exception|Error)\s*-\s*)?")
SUFFIX = pattern(r"\.?\s*Handle with `litellm\.\w+`\.?$")
TRACEBACK = "Traceback (most recent call last)"
WITHOUT_STATUS = (ConnectError, ProtocolError, StreamCutError, TimeoutExceeded)
TLS = pattern(r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", re.IGNORECASE)
UNREACHED = pattern(
    r"connection error|cannot connect|connect call failed|connection attempts failed|connection refused"
    r"|name or service not known|nodename nor servname|disconnected without|server disconnected",
    re.IGNORECASE,
)
UNEXPECTED = "unexpected response from Ollama"
SILENT = pattern(r"timeout on reading|timed out|readtimeout|timeout error", re.IGNORECASE)
CUT = pattern(
    r"payload is not completed|incomplete|peer closed|connection closed|connection lost|connection reset"
    r"|server disconnected|transferencoding|contentlength",
    re.IGNORECASE,
)
GARBLED = pattern(
    r"codec can't decode|expecting (value|property name|',')|unterminated string|extra data: line",
    re.IGNORECASE,
)


BROKEN: tuple[tuple[re.Pattern[str], type[ProviderError]], ...] = (
    (CUT, StreamCutError),
    (GARBLED, ProtocolError),
)


@dataclass(frozen=True, slots=True)
class Failed:
    """An exception of litellm in its words; `started` says that the answer had begun."""

    endpoint: Endpoint
    model: str
    error: BaseException
    started: bool

    def leaf(self) -> ProviderError:
        """The error of ours; TLS and connection are told by the words, which is all that litellm keeps."""
        text = f"{self.error} {_origin(self.error)}"
        host = self._host()
        if found := next((link for link in causes(self.error) if TLS.search(str(link))), None):
            return tls_error(self._named(), shorten(_words(str(found))))
        words = redact(self.endpoint, shorten(_words(str(_origin(self.error)))))
        kind = self._kind(text, words)
        status = 0 if kind in WITHOUT_STATUS else _status(self.error)
        headers = getattr(self.error, "litellm_response_headers", None) or {}
        said = f" {status}" if status else ""
        return kind(
            f"{host} failed{said} for model {self.model}: {words}",
            hint=self._hint(kind, status, words),
            status=status,
            retry_after=retry_after({str(name).lower(): str(value) for name, value in headers.items()}),
        )

    def _kind(self, text: str, words: str) -> type[ProviderError]:
        names = [base.__name__ for base in type(_origin(self.error)).__mro__]
        leaf = next((LEAVES[name] for name in names if name in LEAVES), ServerError)
        status = _status(self.error)
        vague = leaf in (ConnectError, ServerError)
        if self.started and (vague or leaf is OverloadedError or UNEXPECTED in words):
            return _by_words(words, text, ((SILENT, TimeoutExceeded), *BROKEN)) or classify(500, "", words)
        if vague and (found := _by_words(words, text, ((UNREACHED, ConnectError), *BROKEN))):
            return found
        if leaf in (BadRequestError, ServerError, RateLimitError, ConnectError) and status >= 400:
            return classify(status, "", words)
        return leaf

    def _hint(self, kind: type[ProviderError], status: int, words: str) -> str:
        if self.endpoint.base_url:
            return (
                reach_hint(self.endpoint)
                if kind is ConnectError
                else hint_for(kind, self.endpoint, status, words)
            )
        if kind is ConnectError:
            return "Check the network and the proxy settings."
        named = kind not in (ModelNotFoundError, ProtocolError)
        return hint_for(kind, self.endpoint, status, words) if named else "See `loomkin models`."

    def _host(self) -> str:
        return host_of(self.endpoint) if self.endpoint.base_url else self.model.partition("/")[0]

    def _named(self) -> Endpoint:
        return Endpoint(self.endpoint.base_url or f"https://{self._host()}")


def _by_words(
    words: str, text: str, patterns: tuple[tuple[re.Pattern[str], type[ProviderError]], ...]
) -> type[ProviderError] | None:
    for one, leaf in patterns:
        if one.search(words):
            return leaf
    # litellm shows where it fell over the form of an answer
    return ProtocolError if TRACEBACK in text else None


def silent(endpoint: Endpoint, model: str) -> TimeoutExceeded:
    """No byte came in the endpoint's time."""
    host = host_of(endpoint) if endpoint.base_url else model.partition("/")[0]
    hint = hint_for(TimeoutExceeded, endpoint, 0)
    return TimeoutExceeded(f"{host} sent no byte for {endpoint.silence:g} s", hint=hint)


def _origin(error: BaseException) -> BaseException:
    """What lies under litellm's wrapper for failures in the middle of a stream."""
    origin = getattr(error, "original_exception", None)
    return origin if isinstance(origin, BaseException) else error


def _status(error: BaseException) -> int:
    status = getattr(_origin(error), "status_code", 0)
    return status if isinstance(status, int) else 0


def _words(text: str) -> str:
    """The provider's sentence without litellm's wrapping."""
    text = SUFFIX.sub("", PREFIX.sub("", text.partition(TRACEBACK)[0].strip())).replace("\\'", "'")
    body = re.search(r"\{.*\}", text, re.DOTALL)
    words = provider_words(body[0].encode())[1] if body else ""
    return words if words and not words.lstrip().startswith("{") else provider_words(text.encode())[1]
