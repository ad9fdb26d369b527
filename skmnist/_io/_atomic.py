"""Files that are written whole or not at all."""

import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from errno import EEXIST, ENOENT
from pathlib import Path
from secrets import token_hex


def write_files(contents, what):
    """Write some files; if one of them cannot be written, all stay as they were.

    Parameters
    ----------
    contents : dict of path-like to bytes
        What goes into each file.
    what : str
        What is written, for the message of the OSError, which names the file.
    """
    with ExitStack() as clean_up:
        written = []
        for path, data in contents.items():
            with _naming(path, what):
                target, temporary = _places(path, clean_up)
                with open(temporary, "xb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                if target.exists():
                    shutil.copymode(target, temporary)
            written.append((path, target, temporary))
        with ExitStack() as undo:
            for path, target, temporary in written:
                with _naming(path, what):
                    if temporary != written[-1][-1]:  # nothing fails after the last
                        undo.callback(*_way_back(target, clean_up))
                    os.replace(temporary, target)
            undo.pop_all()


def check_writable(path, what):
    """Find out whether :func:`write_files` can write a file, and leave no trace."""
    with ExitStack() as clean_up, _naming(path, what):
        _, temporary = _places(path, clean_up)
        temporary.touch(exist_ok=False)


def _places(path, clean_up):
    """Return the file that a path or a link leads to, and a new name beside it."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise FileExistsError(EEXIST, "it exists and is not a file")
    return target, _beside(target, clean_up)


def _beside(target, clean_up):
    temporary = target.with_name(f".skmnist-{token_hex(8)}.tmp")
    clean_up.callback(_remove, temporary)
    return temporary


def _way_back(target, clean_up):
    """Return what brings back the file that is there, as a call."""
    if not target.exists():
        return _remove, target
    copy = _beside(target, clean_up)
    shutil.copy2(target, copy)
    return os.replace, copy, target


def _remove(path):
    with suppress(OSError):
        path.unlink()


@contextmanager
def _naming(path, what):
    """Name the file that cannot be written, not the temporary one beside it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror
        parent = Path(os.path.realpath(path)).parent
        if error.errno == ENOENT and not parent.exists():
            reason = f"there is no folder {parent}"
        raise OSError(
            error.errno, f"{what} cannot be saved ({reason})", os.fspath(path)
        ) from error
