"""Starting Ray on this machine, or joining a cluster, with one clear message where that fails."""

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from raysweep.errors import UserError

PROBE_SECONDS = 5.0

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
    if address is not None:
        _use_token()
    import ray

    options = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    if address is None:
        ray.init(address="local", include_dashboard=False, **options)
    else:
        _probe(_known_address() if address == "auto" else address)
        try:
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


def _use_token() -> None:
    """Uses this machine's Ray token, if it has one, where the user has not said otherwise.

    A cluster with token authentication refuses a driver without; one without authentication does not mind a token.
    Ray itself uses it only for clusters that it starts.
    """
    places = [os.environ.get("RAY_AUTH_TOKEN_PATH"), str(Path.home() / ".ray" / "auth_token")]
    if os.environ.get("RAY_AUTH_TOKEN") or any(place and Path(place).is_file() for place in places):
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _known_address() -> str | None:
    """The cluster that "auto" means: the one that Ray last noted on this machine, which may be long gone."""
    note = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir())) / "ray" / "ray_current_cluster"
    named = os.environ.get("RAY_ADDRESS", "")
    if ":" in named:
        return named
    return note.read_text().strip() if note.is_file() else None


def _probe(address: str | None) -> None:
    """A dead address hangs Ray for minutes, so the port is tried first."""
    if address is None:
        return  # Ray says so itself, at once
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"--cluster {address}: not an address; give auto, HOST:PORT or ray://HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=PROBE_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"Ray cluster {address}: nothing answers there ({error}). Start one with `ray start --head`, or run "
            "without --cluster to use this machine alone"
        ) from error


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
