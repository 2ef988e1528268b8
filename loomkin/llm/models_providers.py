"""The providers that loomkin knows by name: wire, address, variable of the key, first model."""

from urllib.parse import urlsplit

from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider; an empty `base_url` leaves the address to the wire.

    `keys` are environment variables, the first set one counts. `prefix` is how the catalogue files its
    models, `tag` how it labels them. `defaults` are names from best to oldest: the first that the
    catalogue holds is taken.
    """

    wire: str
    base_url: str = ""
    keys: tuple[str, ...] = ()
    base_url_variable: str = ""
    prefix: str = ""
    tag: str = ""
    defaults: tuple[str, ...] = ()
    local: bool = False


def _openai(
    base_url: str, key: str, prefix: str, *defaults: str, more_keys: tuple[str, ...] = ()
) -> Provider:
    return Provider("openai", base_url, (key, *more_keys), prefix=f"{prefix}/", tag=prefix, defaults=defaults)


def _litellm(key: str, tag: str, *defaults: str) -> Provider:
    return Provider("litellm", keys=(key,), prefix=f"{tag}/", tag=tag, defaults=defaults)


def _local(port: int) -> Provider:
    return Provider("openai", f"http://127.0.0.1:{port}/v1", local=True)


PROVIDERS: dict[str, Provider] = {
    "anthropic": Provider(
        "anthropic",
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY",),
        base_url_variable="ANTHROPIC_BASE_URL",
        tag="anthropic",
        defaults=("claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5"),
    ),
    "openai": Provider(
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        base_url_variable="OPENAI_BASE_URL",
        tag="openai",
        defaults=("gpt-6.1-sol", "gpt-6-sol", "gpt-5.5", "gpt-5.1", "gpt-5", "gpt-4.1"),
    ),
    "gemini": _openai(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        "gemini",
        "gemini-4-argon",
        "gemini-3.8-flash",
        "gemini-3.5-flash",
        "gemini-2.5-pro",
        more_keys=("GOOGLE_API_KEY",),
    ),
    "openrouter": _openai(
        "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openrouter", "openrouter/auto"
    ),
    "xai": _openai("https://api.x.ai/v1", "XAI_API_KEY", "xai", "grok-4.7", "grok-4.5", "grok-code-fast-1"),
    "deepseek": _openai(
        "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek", "deepseek-v4-pro", "deepseek-chat"
    ),
    "mistral": _openai(
        "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "mistral", "devstral-latest", "devstral-medium-latest"
    ),
    "groq": _openai("https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq", "openai/gpt-oss-120b"),
    "together": _openai(
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        "together_ai",
        "zai-org/GLM-5.3",
        "moonshotai/Kimi-K2-Instruct",
        more_keys=("TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY"),
    ),
    "fireworks": _openai(
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        "fireworks_ai",
        "accounts/fireworks/models/glm-5p3",
        "accounts/fireworks/models/kimi-k3",
        more_keys=("FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY"),
    ),
    "moonshot": _litellm("MOONSHOT_API_KEY", "moonshot", "kimi-k3", "kimi-k2.7-code", "kimi-k2.5"),
    "zai": _litellm("ZAI_API_KEY", "zai", "glm-5.3", "glm-5.1", "glm-4.6"),
    "cerebras": _litellm("CEREBRAS_API_KEY", "cerebras", "gpt-oss-120b"),
    "dashscope": _litellm("DASHSCOPE_API_KEY", "dashscope", "qwen-coder", "qwen-plus"),
    "deepinfra": _litellm("DEEPINFRA_API_KEY", "deepinfra", "Qwen/Qwen3-Coder-480B-A35B-Instruct"),
    "sambanova": _litellm("SAMBANOVA_API_KEY", "sambanova", "gpt-oss-120b"),
    "minimax": _litellm("MINIMAX_API_KEY", "minimax", "MiniMax-M3", "MiniMax-M2.1"),
    "ollama": Provider(
        "ollama", "http://127.0.0.1:11434", ("OLLAMA_API_KEY",), base_url_variable="OLLAMA_HOST", local=True
    ),
    "llamacpp": _local(8080),
    "lmstudio": _local(1234),
    "vllm": _local(8000),
}

ALIASES = {
    "google": "gemini",
    "grok": "xai",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "ollama_chat": "ollama",
    "llama.cpp": "llamacpp",
    "llama-cpp": "llamacpp",
    "lm_studio": "lmstudio",
    "lm-studio": "lmstudio",
    "hosted_vllm": "vllm",
}


def ollama_url(host: str) -> str:
    """The address in `OLLAMA_HOST`, read as Ollama's own client reads it.

    `host`, `host:port`, `:port` and `http://host` are understood; a listening address (`0.0.0.0`) becomes
    this machine. Without a scheme the port is 11434, with one it is the scheme's. Raises ValueError for a
    bad port.
    """
    text = host.strip().strip("\"'")
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "http", text
    parts = urlsplit(f"{scheme}://{rest}")
    name = parts.hostname or "127.0.0.1"
    if name in ("0.0.0.0", "::"):
        name = "127.0.0.1"
    port = parts.port or (11434 if not found else {"https": 443}.get(scheme, 80))
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}:{port}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether an address can only be this machine."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    octets = name.split(".")
    in_127 = len(octets) == 4 and octets[0] == "127" and all(octet.isdigit() for octet in octets)
    return name in ("localhost", "::1") or name.endswith(".localhost") or in_127
