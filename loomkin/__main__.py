"""`loomkin` and `python -m loomkin`."""

import gc
import os
import sys


def main() -> None:
    """Answer `--version` at once, else hand over to the command line, and leave without dawdling."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from loomkin import __version__

        sys.stdout.write(f"loomkin {__version__}\n")
        return
    # hundreds of modules make garbage collections that find nothing; the command line switches it on again
    gc.disable()
    from loomkin.cli.main import run

    code = run(sys.argv[1:])
    if not _flushed():
        code = code or 1
    # everything is closed and on disk: taking the interpreter apart would only cost a tenth of a second
    os._exit(code)


def _flushed() -> bool:
    """Write out what is left; False where standard output did not take it."""
    taken = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            taken = taken and stream is not sys.stdout
    return taken


if __name__ == "__main__":
    main()
