"""`loomkin` and `python -m loomkin`."""

import sys


def main() -> None:
    """Answer `--version` at once, else hand over to the command line."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from loomkin import __version__

        sys.stdout.write(f"loomkin {__version__}\n")
        return
    from loomkin.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
