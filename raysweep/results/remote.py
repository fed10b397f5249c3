"""A results folder at a URL that pyarrow opens: `s3://`, `gs://`, `abfs://`, `hdfs://`."""

import contextlib
import functools
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
from pyarrow import fs
from typing_extensions import override

from raysweep.errors import UserError
from raysweep.results.files import CHUNK, URL, Folder, LocalFolder, Location, Mirror, Result, Writer, inside, join
from raysweep.results.patience import StorageError, patiently

SCHEMES = {"s3": "BUCKET", "gs": "BUCKET", "abfs": "CONTAINER@ACCOUNT.dfs.core.windows.net", "hdfs": "HOST:PORT"}
"""How the URLs of remote folders begin, and how they go on."""


OPTIONS = {"s3": "allow_delayed_open=true", "gs": "retry_limit_seconds=10"}
"""Added to a URL's own options: small files take one request, and failures are reported soon, since we retry them."""


SAS_TOKEN = "AZURE_STORAGE_SAS_TOKEN"  # noqa: S105 - the name of a variable
"""Variable with a shared access signature, which pyarrow accepts only as options of an abfs URL."""


SECRET_OPTIONS = {"sig", "client_secret"}
"""Options of an abfs URL that nobody else may see."""


WHOLE_ONCE_CLOSED = ("s3", "gcs")
"""Stores in which a file appears when it is closed. Elsewhere (in abfs it is there, empty, as soon as it is opened) it
is written under a temporary name."""


DENIED = re.compile("ACCESS_DENIED|PERMISSION_DENIED|Authorization")


HOPELESS = re.compile(
    f"{DENIED.pattern}|NO_SUCH_BUCKET|ACCESS_KEY|SIGNATURE|TOKEN|UNAUTHENTICATED|access token|Authentication"
    "|Unable to load"
)
"""Errors that another try does not mend."""


READERS, BATCH = 16, 512
"""How many remote files are read at a time, and at most ahead of their use."""


CREDENTIALS = {
    "s3": "of the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, say), of the account's files (~/.aws), or "
    "of the machine's role",
    "gs": "of the file named in GOOGLE_APPLICATION_CREDENTIALS, of `gcloud auth application-default login`, or of the "
    "machine's role",
    "abfs": f"of the environment ({SAS_TOKEN}; or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_TENANT_ID), of "
    "`az login`, or of the machine's identity",
    "hdfs": "of the user, or of Kerberos' ticket",
}
"""Where each store's credentials come from."""


class RemoteFolder(Folder):
    """A folder that pyarrow reaches over the network. Failures are retried for a while."""

    path = None

    def __init__(self, url: str) -> None:
        self.url = url

    @override
    def locate(self, name: str = "") -> str:
        return join(self.url, inside(name)) if name else self.url

    @override
    def reach(self) -> None:
        """Tries once, so that the user who named the folder gets the error at once."""
        try:
            files, base = _connect(self.url)
            root = "/" if base.startswith("/") else base.partition("/")[0]
            with _problems():
                there = files.get_file_info(root).type != fs.FileType.NotFound
        except OSError as error:
            if DENIED.search(str(error)):
                return  # access to the whole bucket; a folder in it may be accessible
            raise self._refusal("reached", error) from error
        if not there:
            raise UserError(f"results folder {self}: there is no {root!r}; make it, or name another with --results URL")

    @override
    def check(self) -> None:
        self.reach()
        name = f".check-{uuid.uuid4().hex}"
        try:
            with _problems(), tempfile.NamedTemporaryFile() as file:
                self._upload(Path(file.name), name)
                self._files.delete_file(self._at(name))
        except OSError as error:
            raise self._refusal("written", error) from error

    @override
    def read(self, name: str) -> bytes:

        def read() -> bytes:
            with self._files.open_input_file(self._at(name)) as file:
                return bytes(file.read())

        return self._patiently(f"{name} cannot be read", read)

    @override
    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Reads several files at a time, since each waits for the network."""
        waiting = iter(names)
        with ThreadPoolExecutor(READERS) as pool:
            while batch := list(islice(waiting, BATCH)):
                for found in pool.map(lambda name: list(super(RemoteFolder, self).read_all([name])), batch):
                    yield from found

    @override
    def open(self, name: str) -> BinaryIO:
        """Copies the file here, since reading it remotely in small pieces would take very long."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it

        def download() -> None:
            copy.seek(0)
            copy.truncate()
            with self._files.open_input_file(self._at(name)) as file:
                shutil.copyfileobj(file, copy, CHUNK)

        try:
            self._patiently(f"{name} cannot be read", download)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return cast("BinaryIO", copy)

    @override
    def write(self, name: str, write: Writer) -> None:
        """Writes it here first: a remote file that is abandoned half-way would be kept as it is."""
        with tempfile.NamedTemporaryFile(prefix="raysweep-") as file:
            write(cast("BinaryIO", file))
            file.flush()
            self.send(Path(file.name), name)

    @override
    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._patiently(f"{name} cannot be removed", lambda: self._files.delete_file(self._at(name)))

    @override
    def delete_all(self, names: Iterable[str]) -> None:
        """Removes several files at a time."""
        with ThreadPoolExecutor(READERS) as pool:
            for _ in pool.map(self.delete, names):
                pass

    @override
    def exists(self, name: str = "") -> bool:
        info = self._patiently(f"{name or 'it'} cannot be read", lambda: self._files.get_file_info(self._at(name)))
        return bool(info.type != fs.FileType.NotFound)

    @override
    def tree(self, name: str) -> set[str]:
        """Uses one listing for all: a request for each folder would take minutes."""

        def listing() -> set[str]:
            folder = fs.FileSelector(self._at(name), allow_not_found=True, recursive=True)
            root = len(self._at("")) + 1
            return {info.path[root:] for info in self._files.get_file_info(folder) if info.type == fs.FileType.File}

        return self._patiently(f"{name or 'it'} cannot be listed", listing)

    @override
    def mirror(self, name: str) -> Mirror:
        return RemoteMirror(self, inside(name))

    @override
    def send(self, source: Path, name: str) -> None:
        self._patiently(f"{name} cannot be written", lambda: self._upload(source, name))

    def _upload(self, source: Path, name: str) -> None:
        target = self._at(name)
        at_once = self._files.type_name in WHOLE_ONCE_CLOSED
        to = target if at_once else f"{target}.{uuid.uuid4().hex}.part"
        if not (at_once or self._is_azure):
            self._files.create_dir(target.rpartition("/")[0])
        # Ctrl-C between two writes would close the file, and leave half of it as if it were whole. It does not reach
        # other threads. (pyarrow's own `copy_files` takes no notice of errors.)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self._copy, source, to).result()
        if not at_once:
            self._put(to, target)

    def _put(self, part: str, target: str) -> None:
        """Replaces an earlier file by a whole one."""
        if not self._is_azure:
            with contextlib.suppress(FileNotFoundError):
                self._files.delete_file(target)  # Hadoop moves nothing onto a file
        try:
            self._files.move(part, target)
        except pa.ArrowNotImplementedError:  # in an account of Azure's without folders (hierarchical namespace)
            self._files.copy_file(part, target)
            self._files.delete_file(part)

    def _copy(self, source: Path, target: str) -> None:
        with source.open("rb") as file, self._files.open_output_stream(target) as out:
            shutil.copyfileobj(file, out, CHUNK)

    @property
    def _files(self) -> Any:
        return _connect(self.url)[0]

    @property
    def _is_azure(self) -> bool:
        return bool(self._files.type_name == "abfs")

    def _at(self, name: str) -> str:
        base = _connect(self.url)[1].rstrip("/")
        return f"{base}/{inside(name)}" if name else base

    def _patiently(self, problem: str, action: Callable[[], Result]) -> Result:
        """The result of `action`, which is retried until it succeeds."""

        def act() -> Result:
            try:
                with _problems():
                    return action()
            except OSError as error:
                if not isinstance(error, FileNotFoundError) and HOPELESS.search(str(error)):
                    raise StorageError(f"results folder {self}: {problem} ({_reason(error)})") from error
                raise

        return patiently(act, f"results folder {self}: {problem}", _reason)

    def _refusal(self, verb: str, error: OSError) -> UserError:
        remedy = _remedy(urlsplit(self.url).scheme, str(error))
        return UserError(f"results folder {self}: cannot be {verb} ({_reason(error)}). {remedy}")


class RemoteMirror(Mirror):
    """A temporary folder, whose files are copied into a remote one."""

    def __init__(self, folder: RemoteFolder, name: str) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix=f"raysweep-{PurePath(name).name}-")))
        self._folder = folder
        self._name = name
        self._sizes: dict[Path, int] = {}

    @override
    def names(self) -> set[str]:
        return {PurePath(name).name for name in self._folder.tree(self._name)}

    @override
    def copy(self) -> None:
        """Files only grow, so files of the same size are equal."""
        for path in sorted(path for path in self.path.rglob("*") if path.is_file()):
            size = path.stat().st_size
            if size != self._sizes.get(path):
                self._folder.send(path, f"{self._name}/{path.relative_to(self.path).as_posix()}")
                self._sizes[path] = size

    @override
    def close(self) -> None:
        try:
            self.copy()
        finally:
            shutil.rmtree(self.path, ignore_errors=True)


def open_folder(location: Location) -> Folder:
    """The folder at a path or URL; it need not exist.

    Raises:
        UserError: it is a URL that cannot be used.
    """
    text = os.fspath(location)
    if not URL.match(text):
        return LocalFolder(Path(text))
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise UserError(f"results folder {text}: not a URL ({error})") from error
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return LocalFolder(Path(unquote(parts.path)))
    if parts.scheme not in SCHEMES or not parts.netloc:
        known = ", ".join(f"{scheme}://{root}/FOLDER" for scheme, root in SCHEMES.items())
        raise UserError(f"results folder {text}: not a kind of URL that can be opened; give a path, or a URL: {known}")
    secret = parts.password is not None or (parts.username is not None and parts.scheme != "abfs")
    if secret or SECRET_OPTIONS & parse_qs(parts.query).keys():
        raise UserError(
            f"results folder {parts.scheme}://…@{parts.hostname}{parts.path}: a URL is printed and stored, so it may "
            f"hold no secret; credentials are those {CREDENTIALS[parts.scheme]}"
        )
    return RemoteFolder(text)


@functools.cache
def _connect(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path of the folder in it."""
    scheme = urlsplit(url).scheme
    options = os.environ.get(SAS_TOKEN, "").removeprefix("?") if scheme == "abfs" else OPTIONS.get(scheme, "")
    try:
        files, base = fs.FileSystem.from_uri(f"{url}{'&' if '?' in url else '?'}{options}")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UserError(f"results folder {url}: not a URL that can be opened ({_reason(error)})") from error
    if scheme == "abfs":
        with _problems():  # without credentials this raises, where pyarrow's other requests would end the process
            files.get_file_info(f"{base}/any")
    return files, base


@contextlib.contextmanager
def _problems() -> Iterator[None]:
    """Turns pyarrow's error about Azure's credentials into an error of storage, as for other stores."""
    try:
        yield
    except pa.ArrowException as error:
        if type(error) is not pa.ArrowException:  # the option that pyarrow reports as not known
            raise
        raise OSError(str(error)) from error


def _reason(error: Exception) -> str:
    """The reason of an error, without a developer's details and a URL's options, which may hold a secret."""
    text = str(error)
    for mark in ("AWS Error ", "Azure Error: ", "ExceptionE: ", "last message of "):
        text = text.partition(mark)[2] or text
    return re.split(
        r" \(Request ID|; Details|\n| error_info=|\. The request was not sent", re.sub(r"\?[^'\s]*", "", text)
    )[0]


def _remedy(scheme: str, text: str) -> str:
    if scheme == "s3" and re.search("NETWORK_CONNECTION|Could not resolve", text):
        return "Check the URL; the address of an S3 server other than Amazon's is given in AWS_ENDPOINT_URL"
    if "libjvm" in text or "libhdfs" in text:
        return "HDFS needs Java and Hadoop on every node: set JAVA_HOME, HADOOP_HOME and CLASSPATH"
    return (
        f"Check the URL, and that its owner lets you read and write there; credentials are those {CREDENTIALS[scheme]}"
    )
