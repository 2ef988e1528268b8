"""The servers that loomkin knows, as data: languages, commands, marks of their roots, settings."""

from collections.abc import Mapping
from typing import Any

from loomkin.records.dataclass import dataclass, field

_JS = (".js", ".jsx", ".mjs", ".cjs")
_TS = (".ts", ".tsx", ".mts", ".cts")
_C = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".mm", ".cu")

LANGUAGES: dict[str, str] = {
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascriptreact",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "typescriptreact",
    ".go": "go", ".rs": "rust", ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".scala": "scala",
    ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp",
    ".hxx": "cpp", ".m": "objective-c", ".mm": "objective-cpp", ".cu": "cuda-cpp",
    ".cs": "csharp", ".rb": "ruby", ".rake": "ruby", ".gemspec": "ruby", ".php": "php",
    ".ex": "elixir", ".exs": "elixir", ".heex": "phoenix-heex", ".erl": "erlang", ".hrl": "erlang",
    ".sh": "shellscript", ".bash": "shellscript", ".lua": "lua", ".zig": "zig", ".swift": "swift",
    ".dart": "dart", ".hs": "haskell", ".ml": "ocaml", ".mli": "ocaml.interface", ".gleam": "gleam",
    ".vue": "vue", ".svelte": "svelte", ".tf": "terraform", ".nix": "nix", ".clj": "clojure",
}  # fmt: skip
"""The protocol's name of a language by the suffix of its files."""


@dataclass(frozen=True, slots=True)
class ServerKind:
    """A kind of server; of those that have the same `duty` the first that is found does it.

    `commands` are tried in order. `options` go into its start, `settings` are what it is told when it asks
    (dotted sections are tables in tables). `install` is how a person gets it.
    """

    name: str
    extensions: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    roots: tuple[str, ...] = ()
    install: str = ""
    duty: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> str:
        """What it does, for which one server is enough."""
        return self.duty or self.name


def _kind(
    name: str, extensions: tuple[str, ...], command: str, roots: str = "", install: str = "", **more: Any
) -> ServerKind:
    commands = tuple(tuple(one.split()) for one in command.split("|"))
    return ServerKind(name, extensions, commands, tuple(roots.split()), install, **more)


_PYTHON = "pyrightconfig.json pyproject.toml setup.py setup.cfg requirements.txt Pipfile"
_NODE = "package.json tsconfig.json jsconfig.json"
_ANALYSIS = {"autoSearchPaths": True, "useLibraryCodeForTypes": True, "diagnosticMode": "openFilesOnly"}
_RUBY, _PHP = (".rb", ".rake", ".gemspec"), (".php",)

KINDS: tuple[ServerKind, ...] = (
    _kind("basedpyright", (".py", ".pyi"), "basedpyright-langserver --stdio", _PYTHON,
          "pip install basedpyright", duty="python types",
          settings={"basedpyright": {"analysis": {**_ANALYSIS, "typeCheckingMode": "standard"}}}),
    _kind("pyright", (".py", ".pyi"), "pyright-langserver --stdio", _PYTHON,
          "npm install -g pyright, or pip install pyright", duty="python types",
          settings={"python": {"analysis": _ANALYSIS}}),
    _kind("pylsp", (".py", ".pyi"), "pylsp", _PYTHON, "pip install python-lsp-server", duty="python types"),
    _kind("ruff", (".py", ".pyi"), "ruff server", f"ruff.toml .ruff.toml {_PYTHON}", "pip install ruff"),
    _kind("typescript", (*_TS, *_JS), "typescript-language-server --stdio", _NODE,
          "npm install -g typescript typescript-language-server", duty="typescript types",
          # its second process answers from single files while the project loads, and wrongly so
          options={"hostInfo": "loomkin", "tsserver": {"useSyntaxServer": "never"},
                   "disableAutomaticTypingAcquisition": True,
                   "preferences": {"providePrefixAndSuffixTextForRename": True}}),
    _kind("tsgo", (*_TS, *_JS), "tsgo --lsp --stdio", _NODE,
          "npm install -g @typescript/native-preview", duty="typescript types"),
    _kind("deno", (*_TS, *_JS), "deno lsp", "deno.json deno.jsonc", "https://deno.com",
          duty="typescript types", options={"enable": True}),
    _kind("gopls", (".go",), "gopls", "go.work go.mod", "go install golang.org/x/tools/gopls@latest"),
    _kind("rust-analyzer", (".rs",), "rust-analyzer", "Cargo.toml", "rustup component add rust-analyzer"),
    _kind("clangd", _C, "clangd --background-index=false", "compile_commands.json compile_flags.txt .clangd",
          "your package manager's clangd"),
    _kind("jdtls", (".java",), "jdtls", "pom.xml build.gradle build.gradle.kts settings.gradle",
          "brew install jdtls, or eclipse.jdt.ls"),
    _kind("kotlin", (".kt", ".kts"), "kotlin-lsp --stdio|kotlin-language-server",
          "settings.gradle settings.gradle.kts build.gradle build.gradle.kts pom.xml",
          "brew install JetBrains/utils/kotlin-lsp"),
    _kind("metals", (".scala",), "metals", "build.sbt build.sc", "coursier install metals"),
    _kind("csharp", (".cs",), "csharp-ls|OmniSharp -lsp|omnisharp -lsp", "",
          "dotnet tool install -g csharp-ls"),
    _kind("ruby-lsp", _RUBY, "ruby-lsp", "Gemfile", "gem install ruby-lsp", duty="ruby"),
    _kind("solargraph", _RUBY, "solargraph stdio", "Gemfile", "gem install solargraph", duty="ruby"),
    _kind("intelephense", _PHP, "intelephense --stdio", "composer.json", "npm install -g intelephense",
          duty="php"),
    _kind("phpactor", _PHP, "phpactor language-server", "composer.json", "https://phpactor.readthedocs.io",
          duty="php"),
    _kind("elixir", (".ex", ".exs", ".heex"),
          "expert --stdio|elixir-ls|language_server.sh|nextls --stdio", "mix.exs",
          "https://github.com/elixir-lang/expert, or elixir-ls"),
    _kind("erlang", (".erl", ".hrl"), "elp server|erlang_ls", "rebar.config erlang.mk",
          "https://whatsapp.github.io/erlang-language-platform"),
    _kind("bash", (".sh", ".bash"), "bash-language-server start", "", "npm install -g bash-language-server"),
    _kind("lua", (".lua",), "lua-language-server", ".luarc.json .luarc.jsonc",
          "your package manager's lua-language-server"),
    _kind("zls", (".zig",), "zls", "build.zig", "https://zigtools.org/zls"),
    _kind("sourcekit", (".swift",), "sourcekit-lsp", "Package.swift", "comes with Swift"),
    _kind("dart", (".dart",), "dart language-server", "pubspec.yaml", "comes with Dart"),
    _kind("haskell", (".hs",), "haskell-language-server-wrapper --lsp", "stack.yaml cabal.project hie.yaml",
          "ghcup install hls"),
    _kind("ocaml", (".ml", ".mli"), "ocamllsp", "dune-project", "opam install ocaml-lsp-server"),
    _kind("gleam", (".gleam",), "gleam lsp", "gleam.toml", "comes with Gleam"),
    _kind("vue", (".vue",), "vue-language-server --stdio", _NODE, "npm install -g @vue/language-server"),
    _kind("svelte", (".svelte",), "svelteserver --stdio", _NODE, "npm install -g svelte-language-server"),
    _kind("terraform", (".tf",), "terraform-ls serve", ".terraform", "your package manager's terraform-ls"),
    _kind("nix", (".nix",), "nixd|nil", "flake.nix", "nix profile install nixpkgs#nixd"),
    _kind("clojure", (".clj",), "clojure-lsp", "deps.edn project.clj", "https://clojure-lsp.io"),
)  # fmt: skip
