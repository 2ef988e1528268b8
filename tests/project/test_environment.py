import pytest

from loomkin.project.environment import child_environment, is_provider_key


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY", "GOOGLE_API_KEY",
        "HF_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENROUTER_API_KEY", "XAI_API_KEY",
        "GROQ_API_KEY", "AZURE_OPENAI_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "openai_api_key", "CO_API_KEY",
        "OPENAI_API_KEY_2", "DEEPSEEK_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "OPENAI_ADMIN_KEY",
        "NVIDIA_NIM_API_KEY",
    ],
)  # fmt: skip
def test_provider_keys_do_not_reach_commands(name: str) -> None:
    assert is_provider_key(name)
    assert name not in child_environment({name: "secret"})


@pytest.mark.parametrize(
    "name",
    ["PATH", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "STRIPE_API_KEY", "GOOGLE_MAPS_KEY", "OPENAI_BASE_URL",
     "MY_OPENAI_API_KEY_FILE", "OLLAMA_HOST", "CI", "HF_HOME"],
)  # fmt: skip
def test_what_the_projects_own_commands_need_stays(name: str) -> None:
    assert child_environment({name: "value"})[name] == "value"


def test_keys_of_custom_providers_are_left_out_by_name() -> None:
    env = child_environment({"MY_GATE": "secret", "OTHER": "x"}, secret_names=["my_gate"])
    assert "MY_GATE" not in env
    assert env["OTHER"] == "x"


def test_a_command_learns_who_started_it() -> None:
    env = child_environment(
        {"LOOMKIN_AGENT": "parent", "LOOMKIN_SESSION_ID": "old"}, session_id="s1", agent="coder"
    )
    assert (env["LOOMKIN"], env["LOOMKIN_SESSION_ID"], env["LOOMKIN_AGENT"]) == ("1", "s1", "coder")
    assert "LOOMKIN_AGENT" not in child_environment({"LOOMKIN_AGENT": "parent"})


def test_nothing_waits_for_a_person() -> None:
    base = {"PAGER": "less", "EDITOR": "vim", "GIT_ASKPASS": "/gui", "TERM": "xterm", "FORCE_COLOR": "1"}
    env = child_environment(base)
    assert (env["PAGER"], env["EDITOR"], env["GIT_TERMINAL_PROMPT"], env["TERM"]) == (
        "cat",
        "true",
        "0",
        "dumb",
    )
    assert "GIT_ASKPASS" not in env
    assert "FORCE_COLOR" not in env
    assert "CI" not in env


def test_children_of_the_frozen_program_get_their_library_path_back() -> None:
    base = {"LD_LIBRARY_PATH": "/bundle", "LD_LIBRARY_PATH_ORIG": "/usr/local/lib", "_PYI_ARCHIVE_FILE": "x"}
    frozen = child_environment(base, frozen=True)
    assert frozen["LD_LIBRARY_PATH"] == "/usr/local/lib"
    assert not {"LD_LIBRARY_PATH_ORIG", "_PYI_ARCHIVE_FILE"} & frozen.keys()
    assert "LD_LIBRARY_PATH" not in child_environment({"LD_LIBRARY_PATH": "/bundle"}, frozen=True)
    assert child_environment(base, frozen=False)["LD_LIBRARY_PATH"] == "/bundle"
