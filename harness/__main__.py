"""`python -m harness VERB ...`; all else is in `harness.cli`."""

import sys

from harness.cli import run


def main() -> None:
    """Entry point of the command line; ends the process with the verb's exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
