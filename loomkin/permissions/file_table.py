"""How the words of known programs are read: which are files, and what happens to them."""

from enum import StrEnum

from loomkin.permissions.simple import names
from loomkin.records.dataclass import dataclass


class Touch(StrEnum):
    """What happens to a file; `list` looks at names and sizes only."""

    LIST = "list"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Files:
    """How a program's words are read: options with values that are no files, and what the rest is."""

    touch: Touch
    valued: frozenset[str] = frozenset()
    reading: frozenset[str] = frozenset()
    writing: frozenset[str] = frozenset()
    skip: int = 0
    unless: frozenset[str] = frozenset()


def _files(
    touch: Touch, valued: str = "", reading: str = "", writing: str = "", skip: int = 0, unless: str = ""
) -> Files:
    return Files(touch, names(valued), names(reading), names(writing), skip, names(unless))


_READ, _WRITE, _LIST = Touch.READ, Touch.WRITE, Touch.LIST
_GREP_LINES = "-m --max-count -A -B -C --context --after-context --before-context --color"
_GREP = _files(
    _READ,
    f"-e --regexp {_GREP_LINES} --include --exclude --exclude-dir -d -D",
    "-f --file",
    skip=1,
    unless="-e --regexp -f --file",
)
_RG = _files(
    _READ,
    f"-e --regexp {_GREP_LINES} -d --max-depth -g --glob --iglob -t --type -T --type-not -r --replace -M "
    "--max-columns -j --threads -E --encoding --sort --sortr",
    "-f --file --ignore-file",
    skip=1,
    unless="-e --regexp -f --file --files --type-list",
)
_READERS = names(
    "cat tac nl less more rev od hexdump strings file md5sum sha1sum sha224sum sha256sum sha512sum b2sum "
    "cksum base64 base32 bat fold expand unexpand pr comm diff cmp zcat bzcat xzcat zless fmt source ."
)

# Only options whose value is a word of its own may be listed: a flag listed by mistake would hide a file.
SPECS = {
    **dict.fromkeys(_READERS, _files(_READ)),
    **dict.fromkeys(["head", "tail"], _files(_READ, "-n -c --lines --bytes -s --pid")),
    **dict.fromkeys(["grep", "egrep", "fgrep", "zgrep"], _GREP),
    "rg": _RG,
    "wc": _files(_READ, reading="--files0-from"),
    "paste": _files(_READ, "-d"),
    "column": _files(_READ, "-s -o"),
    "cut": _files(_READ, "-d -f -c -b --delimiter --fields --characters --output-delimiter"),
    "join": _files(_READ, "-t -1 -2 -o -a -e -j -v"),
    "sort": _files(_READ, "-k -t -S --key --field-separator", "--files0-from", "-o --output -T"),
    **dict.fromkeys(
        ["awk", "gawk", "mawk"],
        _files(_READ, "-F -v -e --assign --field-separator", "-f --file", skip=1, unless="-f --file -e"),
    ),
    "sed": _files(_READ, "-e --expression -l", "-f --file", skip=1, unless="-e --expression -f --file"),
    "jq": _files(_READ, "--indent", "-f --from-file", skip=1, unless="-f --from-file"),
    "yq": _files(_READ, skip=1),
    **dict.fromkeys(names("ls stat du df tree realpath readlink test [ [[ cd pushd exa eza"), _files(_LIST)),
    **dict.fromkeys(["tee", "rmdir", "rm", "unlink"], _files(_WRITE)),
    "shred": _files(_WRITE, "-n -s --iterations --size"),
    "touch": _files(_WRITE, "-d -t --date --time", "-r --reference"),
    "mkdir": _files(_WRITE, "-m --mode"),
    "truncate": _files(_WRITE, "-s --size", "-r --reference"),
    **dict.fromkeys(["chmod", "chown", "chgrp"], _files(_WRITE, skip=1)),
}
COPIERS = names("cp mv ln install rsync scp")
TALKERS = names(
    "echo printf true false : exit return break continue sleep seq basename dirname expr tr which (("
)
GIT_READERS = names(
    "add diff show blame annotate log whatchanged cat-file commit archive grep stash difftool format-patch "
    "apply diff-tree diff-index diff-files hash-object"
)
GIT_LISTERS = names("ls-files status check-ignore rm mv restore checkout ls-tree check-attr")
_LOG = names("--grep --author --committer --since --until --after --before --format -n --max-count -S -G -L")
GIT_VALUED = {
    "commit": names("-m --message --author --date -C -c --reuse-message --trailer"),
    "log": _LOG,
    "show": _LOG,
    "whatchanged": _LOG,
    "grep": names("-e -m --max-count -A -B -C --max-depth --threads"),
    "blame": names("-L --since"),
    "stash": names("-m --message"),
    "tag": names("-m --message"),
}
"""The options of each git command whose value is a word of its own and no file."""
