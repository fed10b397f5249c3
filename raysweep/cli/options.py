"""Shared by all commands: the options that say where things are, and how a mistake is reported."""

import argparse
import difflib
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError
from typing_extensions import override

from raysweep.errors import UserError, encodable
from raysweep.results.patience import StorageError
from raysweep.study.core import describe_errors

DONE, INCOMPLETE, REFUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all done; something failed and is recorded; the user's input cannot be used; stopped by Ctrl-C."""

TENSORBOARD_READERS = {"s3": "boto3", "gs": "gcsfs", "abfs": "adlfs"}
"""The package that lets TensorBoard read from URLs."""


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument like any other wrong input."""

    @override
    def error(self, message: str) -> NoReturn:
        given = next((word for word in message.split() if word.startswith("--")), "")
        near = difflib.get_close_matches(
            given.partition("=")[0], set(self._option_string_actions) - {given}, n=1, cutoff=0.8
        )
        meant = f"; did you mean {near[0]}?" if near and message.startswith("unrecognized") else ""
        raise UserError(f"{message}{meant} ({self.prog} -h lists what can be given)")


def add_cluster(parser: argparse._ActionsContainer, use: str) -> None:
    """Adds `--cluster [ADDRESS]`; `use` says what is done with the cluster."""
    parser.add_argument(
        "--cluster",
        nargs="?",
        const="auto",
        metavar="ADDRESS",
        help=f"{use} a Ray cluster: HOST:PORT, ray://HOST:PORT, or without ADDRESS the one that this machine belongs "
        "to; by default this machine alone is used",
    )


def add_places(parser: argparse.ArgumentParser) -> None:
    """Adds the options for the folders of results and data and for the weights."""
    parser.add_argument(
        "--results",
        type=_at_home,
        default="results",
        metavar="DIR",
        help="folder of results, or a URL such as s3://BUCKET/FOLDER (default: ./results)",
    )
    parser.add_argument(
        "--data", type=_path, metavar="DIR", help="folder of data sets (default: $RAYSWEEP_DATA, else ./data)"
    )
    parser.add_argument(
        "--fid-weights",
        type=_path,
        metavar="FILE",
        help="Inception weights of pytorch-fid (pt_inception-2015-12-05-6726825d.pth), where it cannot download them",
    )


def _at_home(text: str) -> str:
    """The path with the user's home for a first `~`, which shells leave alone in `--results=~/results`."""
    return os.path.expanduser(text)  # noqa: PTH111 - it may be a URL


def _path(text: str) -> Path:
    return Path(_at_home(text))


def data_folder(given: Path | None) -> Path:
    """The folder of data sets. A folder that the user names must exist; a download creates the default one."""
    variable = os.environ.get("RAYSWEEP_DATA")
    named = given or (Path(variable) if variable else None)
    if named is not None and not named.is_dir():
        source = "--data" if given else "RAYSWEEP_DATA"
        raise UserError(f"data folder {named} ({source}): not a folder; make it, or name another with --data DIR")
    return (named or Path("data")).absolute()


def weights_file(given: Path | None) -> Path | None:
    """The file of Inception's weights, which must be readable."""
    if given is None:
        return None
    try:
        given.open("rb").close()
    except OSError as error:
        raise UserError(f"--fid-weights {given}: cannot be read ({error.strerror})") from error
    return given.absolute()


def tensorboard(folder: str) -> str:
    """The command that shows the training whose event files are in the folder, or below.

    At a URL TensorBoard needs one more package, and the command that installs it comes first.
    """
    scheme, remote, _ = folder.partition("://")
    package = TENSORBOARD_READERS.get(scheme) if remote else None
    first = f"pip install {package}, then " if package and importlib.util.find_spec(package) is None else ""
    where = folder.partition("?")[0] if remote else folder
    return f"{first}{program('tensorboard') or 'tensorboard'} --logdir {shlex.quote(where)}"


def program(name: str) -> str | None:
    """A program as the user can type it: with its path unless the shell would find it; None if it is not installed."""
    installed, found = Path(sys.executable).with_name(name), shutil.which(name)
    if not installed.is_file():
        return name if found else None
    return name if found and Path(found).samefile(installed) else shlex.quote(str(installed))


def answer(command: Callable[[], int]) -> int:
    """Runs a command and returns its exit code. An error that concerns the user is reported in one line."""
    encodable(sys.stdout, sys.stderr)
    try:
        return command()
    except UserError as error:
        print(f"raysweep: {error}", file=sys.stderr)
        return REFUSED
    except ValidationError as error:  # a study.json that another version of raysweep has written
        print(f"raysweep: {describe_errors(error)}", file=sys.stderr)
        return REFUSED
    except StorageError as error:
        print(f"raysweep: {error}; the same command continues where this one stopped", file=sys.stderr)
        return INCOMPLETE
    except FileNotFoundError as error:
        if _has_working_directory():
            raise
        print(
            f"raysweep: the working directory is gone ({error.strerror}); change to one that is there", file=sys.stderr
        )
        return REFUSED
    except KeyboardInterrupt:
        print("raysweep: interrupted; the same command continues where this one stopped", file=sys.stderr)
        return INTERRUPTED


def _has_working_directory() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
