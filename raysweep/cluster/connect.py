"""Starting Ray on this machine, or joining a cluster, with one clear message where that fails."""

import contextlib
import os
import platform
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raysweep.errors import UserError

PROBE_SECONDS = 5.0
HEAD_SECONDS = 15.0
"""How long an address, and then a head, may take to answer. A head takes some hundredths of a second."""
CLIENT = "ray://"

# Set before Ray is imported: it reads some of them only then.
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
"""Silences Ray; and a task without a GPU sees none, instead of all of the node's."""


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[str]:
    """Ray, for as long as the context lasts: started on this machine, or the cluster at `address`.

    Args:
        address: None starts Ray here, apart from any other that runs on this machine; "auto" joins the cluster that
            this machine belongs to; "host:port" or "ray://host:port" joins that one.

    Yields:
        What it is connected to, in words.

    Raises:
        UserError: there is no cluster to join, or it cannot be joined.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if address is not None and _has_token():  # a Ray that is started here has one anyway
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    options = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    if address is None:
        ray.init(address="local", include_dashboard=False, **options)
    else:
        found = _known_address() if address == "auto" else address
        if found is not None:  # otherwise Ray says so itself, at once
            _probe(found)
            _check_versions(found)
        try:
            with warnings.catch_warnings(action="ignore"):
                ray.init(address=address, runtime_env={"py_modules": _packages()}, **options)
        except Exception as error:  # Ray raises several kinds, all of which mean that it could not be joined
            reason = " ".join(str(error).split())
            raise UserError(
                f"Ray cluster {address}: cannot be joined ({reason}). Check that it runs (`ray status`), that Ray and "
                "Python have the same versions there, and that RAY_AUTH_MODE and its token are the same on all machines"
            ) from error
    try:
        yield _describe(address)
    finally:
        ray.shutdown()


def _has_token() -> bool:
    """Whether this machine has a Ray token, by which it may join a cluster that asks for one.

    A cluster without authentication does not mind it. Ray itself uses it only for clusters that it starts.
    """
    places = [os.environ.get("RAY_AUTH_TOKEN_PATH"), str(Path.home() / ".ray" / "auth_token")]
    return bool(os.environ.get("RAY_AUTH_TOKEN")) or any(place and Path(place).is_file() for place in places)


def _known_address() -> str | None:
    """The cluster that "auto" means: the one that Ray last noted on this machine, which may be long gone."""
    note = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir())) / "ray" / "ray_current_cluster"
    named = os.environ.get("RAY_ADDRESS", "")
    if ":" in named:
        return named
    return note.read_text().strip() if note.is_file() else None


def _probe(address: str) -> None:
    """A dead address hangs Ray for minutes, so the port is tried first."""
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"--cluster {address}: not an address; give auto, HOST:PORT or ray://HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"Ray cluster {address}: nothing answers there ({error}). Start one with `ray start --head`, or run "
            "without --cluster to use this machine alone"
        ) from error


def _check_versions(address: str) -> None:
    """Compares the head's versions with this machine's, before Ray hangs or speaks of something else.

    A server of Ray's client (`ray://`) compares them itself, first of all.
    """
    if address.startswith(CLIENT):
        return
    cluster = _head_versions(address)
    if cluster is None:
        return
    import ray

    compared = slice(0, 2 if os.environ.get("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL") == "minor" else 3)
    ours = (ray.__version__, platform.python_version())
    if cluster[0] != ours[0] or cluster[1].split(".")[compared] != ours[1].split(".")[compared]:
        raise UserError(
            f"Ray cluster {address}: it runs Ray {cluster[0]} on Python {cluster[1]}, this machine Ray {ours[0]} on "
            f"Python {ours[1]}, and they must be equal; install the same on all machines (one image, or one "
            "constraints.txt)"
        )


def _head_versions(address: str) -> tuple[str, str] | None:
    """Ray's and Python's versions as the head tells them; None where this Ray keeps them elsewhere.

    Raises:
        UserError: what answers is no Ray head, or wants another token.
    """
    try:
        from ray._common.usage.usage_lib import get_cluster_metadata
        from ray._raylet import GcsClient  # type: ignore[attr-defined] # its stub leaves it out
        from ray.exceptions import AuthenticationError
    except ImportError:
        return None
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(get_cluster_metadata(GcsClient(address=address)))
        except Exception as error:  # told apart below
            answers.append(error)

    # In a thread, since what is no Ray head keeps Ray waiting for a minute.
    asking = threading.Thread(target=ask, daemon=True)
    with _silence():
        asking.start()
        asking.join(HEAD_SECONDS)
    answer = answers[0] if answers else None
    if isinstance(answer, AuthenticationError):
        ours = "another one" if _has_token() else "none"
        raise UserError(
            f"Ray cluster {address}: it asks for a token, and this machine has {ours}; copy ~/.ray/auth_token from its "
            "head, or name such a file in RAY_AUTH_TOKEN_PATH, and leave RAY_AUTH_MODE unset or `token`"
        )
    if not isinstance(answer, dict):
        reason = " ".join(str(answer).split()) if answer else f"no answer in {HEAD_SECONDS:g} s"
        raise UserError(
            f"Ray cluster {address}: what listens there does not answer as a Ray head does ({reason}); give the port "
            "of `ray start --head --port=...` (6379 by default), or ray://HOST:PORT for that of Ray's client (10001)"
        )
    return answer["ray_version"], answer["python_version"]


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drops what Ray's libraries write straight to the error output: our messages say it."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _packages() -> list[str]:
    """Our packages' folders: the cluster's workers run the code of this machine."""
    root = Path(__file__).resolve().parents[2]
    return [str(root / name) for name in ("raysweep", "search_spaces", "analysis")]


def _describe(address: str | None) -> str:
    import ray

    resources = ray.cluster_resources()
    nodes = sum(1 for node in ray.nodes() if node["Alive"])
    where = "Ray on this machine" if address is None else f"Ray cluster {address}"
    words = [f"{resources.get('CPU', 0):g} cores"]
    if resources.get("GPU"):
        words.append(f"{resources['GPU']:g} GPUs")
    if nodes > 1:
        words.insert(0, f"{nodes} nodes")
    return f"{where} ({', '.join(words)})"
