"""``python -m skmnist`` is the command ``skmnist``."""

import signal
import sys


def run():
    """Run the command line as a process of its own.

    Returns
    -------
    int
        Exit code, as that of :func:`skmnist._cli.main`.
    """
    try:
        # A name that the terminal or file cannot show must not end the command.
        if sys.stdout is not None:
            sys.stdout.reconfigure(errors="backslashreplace")
        from ._cli import main

        return main()
    except KeyboardInterrupt:
        print("skmnist: interrupted", file=sys.stderr)
        return 130
    finally:
        # Ctrl-C must not interrupt the shutdown of Python.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(run())
