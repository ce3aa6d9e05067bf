"""What the launcher says: one clear French sentence, and the way it gives up."""

import sys
from collections.abc import Callable


class LauncherError(Exception):
    """Something the person at the terminal can act upon; its text is the sentence they read."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def speaking(main: Callable[[], int]) -> int:
    """Run a command; a LauncherError becomes one sentence on stderr and exit code 1."""
    try:
        return main()
    except LauncherError as error:
        print(f"✗ {error}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            print("✗ Le disque est plein : libérez de l’espace, puis relancez.", file=sys.stderr, flush=True)
            return 1
        raise
