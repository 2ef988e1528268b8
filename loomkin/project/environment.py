"""The environment of child processes: no provider keys, no prompts, no pagers, and who started them."""

import os
import re
import sys
from collections.abc import Iterable, Mapping

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

# Names of model providers as they begin the names of their variables.
_PROVIDERS = (
    "AI21|AIMLAPI|ALEPH_?ALPHA|ANTHROPIC|ANYSCALE|AZURE_AI|AZURE_OPENAI|BASETEN|CEREBRAS|CLAUDE_CODE|CODESTRAL|"
    "COHERE|CO|DASHSCOPE|DATABRICKS|DEEPGRAM|DEEPINFRA|DEEPSEEK|ELEVENLABS|FIREWORKS(?:_AI)?|FRIENDLI|GEMINI|"
    "GITHUB_COPILOT|GOOGLE_AI|GOOGLE(?:_GENERATIVE_AI)?|GROQ|HF|HUGGINGFACE(?:HUB)?|HUGGING_FACE(?:_HUB)?|"
    "HYPERBOLIC|JINA(?:_AI)?|KIMI|LAMBDA|LITELLM|LM_STUDIO|MINIMAX|MISTRAL|MOONSHOT|NEBIUS|NOVITA|"
    "NVIDIA(?:_NIM)?|OLLAMA|OPENAI|OPENROUTER|PALM|PERPLEXITY(?:AI)?|PREDIBASE|REPLICATE|SAMBANOVA|"
    "TOGETHER(?:_?AI)?|VERTEX(?:_?AI)?|VLLM|VOLCENGINE|VOYAGE|WATSONX|XAI|XINFERENCE|ZAI|ZHIPUAI"
)
_KEY = "(?:API_?|ADMIN_)?KEY|(?:API_?|ACCESS_?|AUTH_?|OAUTH_|AD_|HUB_)?TOKEN|SECRET(?:_KEY)?"
_PROVIDER_KEY = pattern(rf"(?:{_PROVIDERS})_(?:{_KEY})(?:_\d+)?", re.IGNORECASE)

# Programs that would wait for a person get an answer, a plain page or a refusal instead. `CI` stays as
# it is: test runners change what they do with it.
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "EDITOR": "true",
    "VISUAL": "true",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "MANPAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    "LESS": "-R",
    "SSH_ASKPASS_REQUIRE": "never",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "TQDM_DISABLE": "1",
    "NO_COLOR": "1",
    "TERM": "dumb",
}
_ASKERS = ("GIT_ASKPASS", "SSH_ASKPASS", "SUDO_ASKPASS", "FORCE_COLOR", "CLICOLOR_FORCE")


@dataclass(frozen=True, slots=True)
class ChildEnvironment:
    """The whole environment of the commands that one agent runs."""

    values: Mapping[str, str]


def is_provider_key(name: str) -> bool:
    """Whether a variable of this name holds the key of a model provider."""
    return _PROVIDER_KEY.fullmatch(name) is not None


def child_environment(
    base: Mapping[str, str] | None = None,
    *,
    session_id: str = "",
    agent: str = "",
    secret_names: Iterable[str] = (),
    frozen: bool | None = None,
) -> dict[str, str]:
    """The whole environment for a command that an agent runs, made from `base` (default: our own).

    `secret_names` are further variables to leave out, such as the key names of custom providers.
    A frozen program changed LD_LIBRARY_PATH for itself; children get the original back.
    """
    hidden = {name.upper() for name in secret_names}
    source = os.environ if base is None else base
    env = {
        name: value
        for name, value in source.items()
        if name.upper() not in hidden and not is_provider_key(name) and name not in _ASKERS
    }
    if getattr(sys, "frozen", False) if frozen is None else frozen:
        _restore_library_paths(env)
    env |= _QUIET
    env["LOOMKIN"] = "1"
    for name, value in (("LOOMKIN_SESSION_ID", session_id), ("LOOMKIN_AGENT", agent)):
        if value:
            env[name] = value
        else:
            env.pop(name, None)
    return env


def _restore_library_paths(env: dict[str, str]) -> None:
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        original = env.pop(f"{name}_ORIG", None)
        env.pop(name, None)
        if original:
            env[name] = original
    for name in [name for name in env if name.startswith("_PYI_")]:
        del env[name]
