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
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            code = code or 1
    # everything is closed and on disk: taking the interpreter apart would only cost a tenth of a second
    os._exit(code)


if __name__ == "__main__":
    main()
