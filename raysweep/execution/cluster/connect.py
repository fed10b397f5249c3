"""Starting Ray on this machine, or joining a cluster, with one clear message where that fails."""

import contextlib
import os
import platform
import re
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raysweep.errors import UserError

ANSWER_SECONDS = 5.0
"""How long an address, and then what listens there, may take to answer. A head takes some hundredths of a second."""
CLIENT = "ray://"
GET_IT = "copy ~/.ray/auth_token from the cluster's head, or name such a file in RAY_AUTH_TOKEN_PATH"
MISMATCH = re.compile(r"The cluster was started with:\s+Ray: (\S+)\s+Python: (\S+)")
"""Finds the cluster's versions in Ray's message about versions that differ from ours."""

# Set before Ray is imported: it reads some of them only then.
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^",  # silences what nodes print of processes that die: we report the consequences
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
"""Silences Ray, and makes tasks without a GPU see none instead of all GPUs of the node."""


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[str]:
    """Ray, for as long as the context lasts: started on this machine, or the cluster at `address`.

    Args:
        address: None starts Ray here, apart from any other that runs on this machine; "auto" joins the cluster that
            RAY_ADDRESS names or `ray start` noted here, never a Ray that some program runs for itself; "host:port" or
            "ray://host:port" joins that one.

    Yields:
        What it is connected to, in words.

    Raises:
        UserError: there is no cluster to join, or it cannot be joined.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    _use_token(address)
    import ray

    options = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    if address is None:
        ray.init(address="local", include_dashboard=False, **options)
    else:
        found, source = _known_address() if address == "auto" else (address, "")
        _probe(found)
        _check_server(found)
        try:
            with warnings.catch_warnings(action="ignore"):
                ray.init(address=found, runtime_env={"py_modules": _packages()}, **options)
        except Exception as error:  # Ray raises several kinds, all of which mean that it could not be joined
            raise _not_joined(found, str(error)) from error
    try:
        yield _describe("Ray on this machine" if address is None else f"Ray cluster {found}{source}")
    finally:
        ray.shutdown()


def _has_token() -> bool:
    """Whether this machine has a Ray token, by which it may join a cluster that asks for one.

    Raises:
        UserError: a file is named that has none. Ray would end this process.
    """
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    try:
        file = Path(named) if named else Path.home() / ".ray" / "auth_token"
        found = bool(file.read_text().strip())
    except (OSError, RuntimeError):  # there is no such file, or the user has no home
        found = False
    if named and not found:
        raise UserError(
            f"RAY_AUTH_TOKEN_PATH={named}: no token can be read there; name the file that has it, or unset it"
        )
    return found


def _use_token(address: str | None) -> None:
    """Has this machine's token sent to a cluster that is joined. Ray by itself has one only where it starts a cluster.

    A cluster without authentication does not mind it.

    Raises:
        UserError: a token is to be sent, and there is none. Ray would end this process.
    """
    has_token = _has_token()
    if address is None:
        return
    if has_token:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    elif _auth_mode() == "token":
        raise UserError(f"RAY_AUTH_MODE=token: this machine has no token; {GET_IT}, or unset RAY_AUTH_MODE")


def _auth_mode() -> str:
    return os.environ.get("RAY_AUTH_MODE", "").lower()


def _known_address() -> tuple[str, str]:
    """The address of the cluster that "auto" means, and in words where it is from and whose cluster it is.

    Asked for "auto", Ray itself would join any Ray that runs on this machine, also one that another user's program runs
    for itself. `ray start` notes the cluster that it starts or joins; the note may be older than the cluster's end.

    Raises:
        UserError: no cluster is named or noted.
    """
    if named := os.environ.get("RAY_ADDRESS", ""):
        return named, ", named by RAY_ADDRESS"
    note = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir())) / "ray" / "ray_current_cluster"
    try:
        address, owner = note.read_text().strip(), note.stat().st_uid
    except OSError as error:
        raise UserError(
            "--cluster: no Ray cluster was started on this machine, and a Ray that a program runs for itself is not "
            "joined; give --cluster HOST:PORT, start one with `ray start --head`, or run without --cluster to use this "
            "machine alone"
        ) from error
    return address, "" if owner == os.getuid() else f" of user {_user(owner)}"


def _user(number: int) -> str:
    """A user's name; the number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _probe(address: str) -> None:
    """A dead address hangs Ray for minutes, so the port is tried first."""
    host, _, port = address.removeprefix(CLIENT).rpartition(":")
    if not host or not port.isdigit():
        raise UserError(f"--cluster {address}: not an address; give auto, HOST:PORT or ray://HOST:PORT")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"Ray cluster {address}: nothing answers there ({error}). Start one with `ray start --head`, or run "
            "without --cluster to use this machine alone"
        ) from error


def _check_server(address: str) -> None:
    """Finds out what listens there, before Ray waits for half a minute or reports something unrelated.

    Raises:
        UserError: it is not Ray, or another of its servers; it wants another token; it has other versions.
    """
    place, wants_client = address.removeprefix(CLIENT), address.startswith(CLIENT)
    answer = _ping(place)
    if answer is None:
        return
    status, details = answer
    is_client, is_head = status in {"OK", "UNAUTHENTICATED"}, status == "UNIMPLEMENTED"
    if is_client and not wants_client:
        raise UserError(f"Ray cluster {address}: that is the port of Ray's client; write {CLIENT}{place}")
    if is_head and wants_client:
        raise UserError(
            f"Ray cluster {address}: that is not the port of Ray's client (10001 by default); if it is that of the "
            f"head, write {place}"
        )
    if not is_client and not is_head:
        raise _not_ray(address, details)
    if status == "UNAUTHENTICATED":
        raise _wants_token(address)
    if is_head:
        _check_head(place)


def _ping(place: str) -> tuple[str, str] | None:
    """A server's answer to the first request of Ray's client: gRPC's status, and what went wrong in words.

    A head does not know the request, and a server that does not speak gRPC does not understand it. None if this Ray
    keeps its client elsewhere.
    """
    try:
        import grpc
        from ray._private.grpc_utils import init_grpc_channel
        from ray.core.generated.ray_client_pb2 import ClusterInfoRequest, ClusterInfoType
        from ray.core.generated.ray_client_pb2_grpc import RayletDriverStub
        from ray.util.client.common import GRPC_OPTIONS
    except ImportError:
        return None
    question = ClusterInfoRequest(type=ClusterInfoType.PING)
    with contextlib.closing(init_grpc_channel(place, GRPC_OPTIONS)) as channel, _silence():
        try:
            RayletDriverStub(channel).ClusterInfo(question, timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            late = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            cause = error.details().rpartition("last error: ")[2]
            return error.code().name, f"no answer in {ANSWER_SECONDS:g} s" if late else cause
    return "OK", ""


def _check_head(address: str) -> None:
    """Compares the head's versions with this machine's, and looks for a node here.

    A server of Ray's client needs no node here, and compares the versions itself, when it is joined.
    """
    try:
        from ray._common.usage.usage_lib import get_cluster_metadata
        from ray._raylet import GcsClient  # type: ignore[attr-defined] # its stub leaves it out
        from ray.exceptions import AuthenticationError
    except ImportError:  # this Ray keeps them elsewhere
        return
    try:
        with _silence():
            client = GcsClient(address=address)
            head = get_cluster_metadata(client)
    except AuthenticationError as error:
        raise _wants_token(address) from error
    except Exception as error:  # Ray raises several kinds, all of which mean that it is no head
        raise _not_ray(address, " ".join(str(error).split())) from error
    theirs, ours = (head["ray_version"], head["python_version"]), _versions()
    compared = slice(0, 2 if os.environ.get("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL") == "minor" else 3)
    if theirs[0] != ours[0] or theirs[1].split(".")[compared] != ours[1].split(".")[compared]:
        raise _other_versions(address, *theirs)
    _check_node(address, client)


def _check_node(address: str, client: Any) -> None:
    """Makes sure that a node of the cluster runs here, through which Ray joins: it would look for one for a minute."""
    try:
        from ray._private.services import find_node_ids
        from ray.core.generated.gcs_pb2 import GcsNodeInfo
    except ImportError:  # this Ray has other ways
        return
    nodes = client.get_all_node_info(timeout=ANSWER_SECONDS)
    alive = {identity.hex() for identity, node in nodes.items() if node.state == GcsNodeInfo.ALIVE}
    if alive.isdisjoint(find_node_ids()):
        raise UserError(
            f"Ray cluster {address}: this machine is not one of its nodes; go through Ray's client with --cluster "
            f"{CLIENT}{address.rpartition(':')[0]}:10001, run this on a node, or make this machine one with "
            f"`ray start --address={address}`"
        )


def _versions() -> tuple[str, str]:
    """Ray's and Python's, here."""
    import ray

    return ray.__version__, platform.python_version()


def _wants_token(address: str) -> UserError:
    if _auth_mode() == "disabled":
        return UserError(f"Ray cluster {address}: it asks for a token; unset RAY_AUTH_MODE, which is `disabled` here")
    ours = "another one" if _has_token() else "none"
    return UserError(f"Ray cluster {address}: it asks for a token, and this machine has {ours}; {GET_IT}")


def _not_ray(address: str, reason: str) -> UserError:
    return UserError(
        f"Ray cluster {address}: what listens there does not answer as Ray does ({reason}); give the port of "
        "`ray start --head --port=...` (6379 by default), or ray://HOST:PORT for that of Ray's client (10001)"
    )


def _other_versions(address: str, ray_version: str, python_version: str) -> UserError:
    ours = _versions()
    return UserError(
        f"Ray cluster {address}: it runs Ray {ray_version} on Python {python_version}, this machine Ray {ours[0]} on "
        f"Python {ours[1]}, and they must be equal; install the same on all machines (one image, or one "
        "constraints.txt)"
    )


def _not_joined(address: str, reason: str) -> UserError:
    """What Ray said when it could not join."""
    if versions := MISMATCH.search(reason):
        return _other_versions(address, *versions.groups())
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    words = lines[-1] if "Traceback" in reason else " ".join(lines)  # of a traceback, the last line is the cause
    return UserError(
        f"Ray cluster {address}: cannot be joined ({words}). Check that it runs (`ray status`), and that Ray, Python, "
        "RAY_AUTH_MODE and the token are the same on all machines"
    )


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drops what Ray's libraries write directly to the error output, since our messages say the same."""
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
    root = Path(__file__).resolve().parents[3]
    return [str(root / name) for name in ("raysweep", "search_spaces", "analysis")]


def _describe(where: str) -> str:
    import ray

    resources = ray.cluster_resources()
    nodes = sum(1 for node in ray.nodes() if node["Alive"])
    words = [f"{resources.get('CPU', 0):g} cores"]
    if resources.get("GPU"):
        words.append(f"{resources['GPU']:g} GPUs")
    if nodes > 1:
        words.insert(0, f"{nodes} nodes")
    return f"{where} ({', '.join(words)})"
