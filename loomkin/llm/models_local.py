"""What a local server says of its own model: the real window and abilities, which no catalogue can know."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from loomkin.errors import ModelNotFoundError, NoModelError, ProviderError
from loomkin.llm.models import CallerLevel, ModelOverride, ModelSettings, ModelSpec
from loomkin.records.dataclass import replace

LEAST_WINDOW = 8_192
USUAL_NUM_CTX = 32_768


class HttpProbe(Protocol):
    """Asks a server one question and gives the JSON of its answer.

    Raises ModelNotFoundError on 404 and another ProviderError for whatever else goes wrong, silence longer
    than `timeout` seconds included.
    """

    async def __call__(self, url: str, *, body: dict[str, object] | None = None, timeout: float) -> object:
        """GET, or POST when there is a body."""
        ...


async def measure_local(
    spec: ModelSpec, settings: ModelSettings, probe_http: HttpProbe, *, timeout: float = 5.0
) -> ModelSpec:
    """The spec with what its local server reports; a spec of any other server comes back as it is.

    Raises NoModelError when Ollama does not have the model or its window would be under 8,192 tokens (a
    shorter one cuts the instructions off without a word), and a ProviderError when Ollama does not answer.
    A silent server of another kind leaves the spec as it is.
    """
    if spec.wire == "ollama":
        return await _measure_ollama(spec, settings, probe_http, timeout)
    if not spec.local or settings.models.get(spec.id, ModelOverride()).window:
        return spec
    ask = _WINDOWS.get(spec.provider)
    if ask is None:
        return spec
    try:
        window = await ask(spec, probe_http, timeout)
    except ProviderError:
        return spec
    return (
        replace(spec, window=window, max_output=max(1, min(spec.max_output, window // 2))) if window else spec
    )


async def _measure_ollama(
    spec: ModelSpec, settings: ModelSettings, probe_http: HttpProbe, timeout: float
) -> ModelSpec:
    url = spec.endpoint.base_url
    try:
        answer = await probe_http(f"{url}/api/show", body={"model": spec.name}, timeout=timeout)
    except ModelNotFoundError as error:
        raise NoModelError(
            f"Ollama at {url} does not have {spec.name}.",
            hint=f"Fetch it with `ollama pull {spec.name}`, or see `ollama list` for what is there.",
        ) from error
    shown = _mapping(answer)
    override = settings.models.get(spec.id, ModelOverride())
    longest = _context_length(shown)
    window = _num_ctx(spec, override, settings, shown, longest)
    abilities = shown.get("capabilities")
    abilities = abilities if isinstance(abilities, list) else []
    level = CallerLevel.RESCUE if "tools" in abilities or not abilities else CallerLevel.TEXT
    return replace(
        spec,
        window=window,
        max_output=max(1, min(spec.max_output, window // 2)),
        caller=override.caller or level,
        options={**spec.options, "num_ctx": window},
        vision="vision" in abilities,
        reasoning="thinking" in abilities,
    )


def _num_ctx(
    spec: ModelSpec,
    override: ModelOverride,
    settings: ModelSettings,
    shown: Mapping[str, object],
    longest: int,
) -> int:
    if longest and longest < LEAST_WINDOW:
        raise NoModelError(
            f"{spec.name} can hold {longest} tokens; work on code needs at least {LEAST_WINDOW}.",
            hint="Choose one that can hold more, e.g. `ollama pull qwen3-coder`, and name it with --model.",
        )
    asked = override.window or settings.num_ctx
    in_file = _modelfile_num_ctx(str(shown.get("parameters", "")))
    window = asked or in_file or USUAL_NUM_CTX
    window = min(window, longest) if longest else window
    if window < LEAST_WINDOW:
        where = "The settings give" if asked else "Its Modelfile gives"
        most = f" (the model can hold {longest})" if longest else ""
        raise NoModelError(
            f"{where} {spec.name} a window of {window} tokens{most}; "
            f"work on code needs at least {LEAST_WINDOW}.",
            hint="Run `loomkin config set model.num_ctx 16384`; Ollama then loads the model with it.",
        )
    return window


def _context_length(shown: Mapping[str, object]) -> int:
    lengths = (
        value
        for key, value in _mapping(shown.get("model_info")).items()
        if key.endswith(".context_length") and isinstance(value, int)
    )
    return max(lengths, default=0)


def _modelfile_num_ctx(parameters: str) -> int:
    for line in parameters.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "num_ctx" and words[1].isdigit():
            return int(words[1])
    return 0


async def _llamacpp_window(spec: ModelSpec, probe_http: HttpProbe, timeout: float) -> int:
    answer = _mapping(await probe_http(f"{_root(spec)}/props", timeout=timeout))
    return _whole(_mapping(answer.get("default_generation_settings")).get("n_ctx"))


async def _lmstudio_window(spec: ModelSpec, probe_http: HttpProbe, timeout: float) -> int:
    entry = _entry(await probe_http(f"{_root(spec)}/api/v0/models", timeout=timeout), spec.name)
    return _whole(entry.get("loaded_context_length")) or _whole(entry.get("max_context_length"))


async def _vllm_window(spec: ModelSpec, probe_http: HttpProbe, timeout: float) -> int:
    entry = _entry(await probe_http(f"{spec.endpoint.base_url}/models", timeout=timeout), spec.name)
    return _whole(entry.get("max_model_len"))


_WINDOWS: dict[str, Callable[[ModelSpec, HttpProbe, float], Awaitable[int]]] = {
    "llamacpp": _llamacpp_window,
    "lmstudio": _lmstudio_window,
    "vllm": _vllm_window,
    "openai": _vllm_window,
}


def _entry(answer: object, name: str) -> Mapping[str, object]:
    listed = _mapping(answer).get("data")
    entries = (_mapping(entry) for entry in (listed if isinstance(listed, list) else []))
    return next((entry for entry in entries if entry.get("id") == name), {})


def _root(spec: ModelSpec) -> str:
    return spec.endpoint.base_url.removesuffix("/v1")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
