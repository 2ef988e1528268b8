"""Writes the completion scripts of three shells from one tree of commands."""

from collections.abc import Iterator, Mapping, Sequence

from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag by all its names; `choices` are the values it may have, where they are known, or sessions."""

    names: tuple[str, ...]
    takes_value: bool
    choices: tuple[str, ...]
    about: str
    sessions: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One command by its path (empty: the program); `values`, or sessions, are what its first argument is."""

    path: tuple[str, ...]
    about: str
    flags: tuple[Flag, ...]
    children: Mapping[str, str]
    values: tuple[str, ...] = ()
    sessions: bool = False


SESSIONS = "loomkin sessions list --short 2>/dev/null"
"""What a shell runs at the moment of completing to know the sessions."""


def bash_script(tree: Sequence[Word]) -> str:
    """A script for bash 3.2 and newer."""
    cases = [f'        "{_joined(word)}") words="{_bash_offers(word)}" ;;' for word in tree]
    return _BASH.format(
        paths=_paths(tree),
        valued=_valued(tree),
        choices="\n".join(
            f"        {one}) words={_quoted(' '.join(flag.choices)) if flag.choices else _BASH_SESSIONS} ;;"
            for one, flag in _choices(tree)
        ),
        cases="\n".join(cases),
    )


def zsh_script(tree: Sequence[Word]) -> str:
    """A script for zsh, sourced or as the file `_loomkin` on its function path."""
    cases = []
    for word in tree:
        lines = " ".join(_quoted(f"{_colons(name)}:{about}") for name, about in _described(word))
        ids = f" {_ZSH_SESSIONS}" if word.sessions else ""
        cases.append(f'    "{_joined(word)}") offers=({lines}{ids}) ;;')
    return _ZSH.format(
        paths=_paths(tree),
        valued=_valued(tree),
        choices="\n".join(
            f"    {one}) compadd {_zsh_words(flag)}; return ;;" for one, flag in _choices(tree)
        ),
        cases="\n".join(cases),
    )


def fish_script(tree: Sequence[Word]) -> str:
    """A script for fish."""
    lines = []
    for word in tree:
        here = f"""-n '__loomkin_at "{_joined(word)}"'"""
        for name, about in word.children.items():
            lines.append(f"complete -c loomkin -f {here} -a {name} -d {_quoted(about)}")
        if word.sessions:
            lines.append(f"complete -c loomkin -f {here} -a '({SESSIONS})'")
        for value in word.values:
            lines.append(f"complete -c loomkin -f {here} -a {_quoted(value)}")
        for flag in word.flags:
            lines.append(f"complete -c loomkin {here} {_fish_flag(flag)} -d {_quoted(flag.about)}")
    return _FISH.format(paths=_paths(tree), valued=_valued(tree), lines="\n".join(lines))


def _fish_flag(flag: Flag) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names]
    choices = f"({SESSIONS})" if flag.sessions else " ".join(flag.choices)
    values = f" -x -a {_quoted(choices)}" if choices else " -r" if flag.takes_value else ""
    return " ".join(names) + values


def _zsh_words(flag: Flag) -> str:
    if flag.sessions:
        return f"-- {_ZSH_SESSIONS}"
    # a key is followed by its value, with no space between
    apart = "-S '' " if flag.choices[0].endswith("=") else ""
    return f"{apart}-- ${{=:-{_quoted(' '.join(flag.choices))}}}"


def _bash_offers(word: Word) -> str:
    return " ".join([*_offers(word), *([f"$({SESSIONS})"] if word.sessions else [])])


def _joined(word: Word) -> str:
    return " ".join(word.path)


def _paths(tree: Sequence[Word]) -> str:
    """Shell pattern of all paths."""
    return "|".join(f'"{_joined(word)}"' for word in tree if word.path)


def _valued(tree: Sequence[Word]) -> str:
    """Shell pattern of all flags that a value follows."""
    names = {name: None for word in tree for flag in word.flags if flag.takes_value for name in flag.names}
    return "|".join(names)


def _choices(tree: Sequence[Word]) -> Iterator[tuple[str, Flag]]:
    """For each flag with known values, a shell pattern of `path flag`, and the flag."""
    for word in tree:
        for flag in word.flags:
            if flag.choices or flag.sessions:
                pattern = "|".join(f'"{_joined(word)} {name}"' for name in flag.names)
                yield pattern, flag


def _offers(word: Word) -> list[str]:
    return [name for name, _ in _described(word)]


def _described(word: Word) -> Iterator[tuple[str, str]]:
    yield from word.children.items()
    for value in word.values:
        yield value, ""
    for flag in word.flags:
        for name in flag.names:
            yield name, flag.about


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return "'" + plain.replace("'", "'\\''") + "'"


def _colons(name: str) -> str:
    return name.replace(":", "\\:")


_BASH_SESSIONS = f'"$({SESSIONS})"'
_ZSH_SESSIONS = f'${{(f)"$({SESSIONS})"}}'
_BASH = """\
# bash completion for loomkin
_loomkin() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local at="" next="" skip="" words="" word="" i
    [[ "$current" == "=" ]] && current=""
    [[ "$before" == "=" ]] && before="${{COMP_WORDS[COMP_CWORD-2]}}"
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        [[ "$word" == "=" ]] && continue
        if [[ -n "$skip" ]]; then skip=""; continue; fi
        case "$word" in
            {valued}) skip=1 ;;
            -*) ;;
            *) next="${{at:+$at }}$word"
               case "$next" in {paths}) at="$next" ;; esac ;;
        esac
    done
    COMPREPLY=()
    case "$at $before" in
{choices}
        *) [[ -n "$skip" ]] && return ;;
    esac
    if [[ -z "$words" ]]; then
        case "$at" in
{cases}
        esac
    fi
    for word in $words; do
        # flags once a dash is typed, so that files and names come first
        [[ "$word" == -* && "$current" != -* ]] && continue
        [[ "$word" == "$current"* ]] && COMPREPLY+=("$word")
    done
    # a key is followed by its value, with no space between; bash 3 cannot do that
    [[ "${{COMPREPLY[0]}}" == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}}
complete -o default -F _loomkin loomkin
"""
_ZSH = """\
#compdef loomkin
# zsh completion for loomkin
_loomkin() {{
  local at="" next="" skip="" word="" i
  local -a offers
  for ((i = 2; i < CURRENT; i++)); do
    word="${{words[i]}}"
    if [[ -n "$skip" ]]; then skip=""; continue; fi
    case "$word" in
      {valued}) skip=1 ;;
      -*) ;;
      *) next="${{at:+$at }}$word"
         case "$next" in {paths}) at="$next" ;; esac ;;
    esac
  done
  case "$at ${{words[CURRENT-1]}}" in
{choices}
    *) [[ -n "$skip" ]] && {{ _files; return; }} ;;
  esac
  case "$at" in
{cases}
  esac
  _describe -o loomkin offers || _files
}}
if [[ "${{funcstack[1]}}" == _loomkin ]]; then
  _loomkin "$@"
elif (( $+functions[compdef] )); then
  compdef _loomkin loomkin
fi
"""
_FISH = """\
# fish completion for loomkin
function __loomkin_at
    set -l at ""
    set -l skip ""
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ""
            continue
        end
        if string match -qr -- '^({valued})$' $word
            set skip 1
        else if not string match -q -- '-*' $word
            set -l next (string trim -- "$at $word")
            if contains -- $next (string split '|' -- (string replace -a '"' '' -- '{paths}'))
                set at $next
            end
        end
    end
    test "$at" = "$argv[1]"
end
{lines}
"""
