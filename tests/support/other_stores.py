"""Stand-ins for Google's and Microsoft's object stores on this machine, for tests.

Google's comes from PyPI with the extra `dev`. Microsoft's is Azurite, a package of npm: `npm install --global azurite`.
"""

import base64
import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyarrow import fs

AZURITE = "azurite-blob"
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's, which everybody knows."""


@dataclass
class OtherStore:
    """An empty bucket, or container, and what a process needs to use it."""

    url: str
    environment: dict[str, str]

    def use(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """Sets the environment; the URL."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return self.url


@contextmanager
def google_store(folder: Path) -> Iterator[OtherStore]:
    """Google's, for a service account whose key is made here and left in the folder."""
    key = rsa.generate_private_key(65537, 2048)
    account = {
        "type": "service_account",
        "client_email": "raysweep@project.iam.gserviceaccount.com",
        "private_key_id": "key",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "token_uri": "http://127.0.0.1:9",
    }
    (folder / "key.json").write_text(json.dumps(account))
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", f"--port={port}", "--in-memory", "--quiet"]
    with serving([*command, "--host=127.0.0.1", "--default-bucket=bucket"], port):
        yield OtherStore(
            f"gs://bucket?scheme=http&endpoint_override=127.0.0.1:{port}",
            {"GOOGLE_APPLICATION_CREDENTIALS": str(folder / "key.json")},
        )


@contextmanager
def azure_store() -> Iterator[OtherStore]:
    """Microsoft's, of an account without folders."""
    port = free_port()
    command = [AZURITE, "--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
    with serving(command, port):
        host = f"127.0.0.1:{port}"
        places = {"blob_storage_authority": host, "dfs_storage_authority": host}
        schemes = {"blob_storage_scheme": "http", "dfs_storage_scheme": "http"}
        fs.AzureFileSystem(ACCOUNT, account_key=ACCOUNT_KEY, **places, **schemes).create_dir("container")
        yield OtherStore(
            f"abfs://container@{ACCOUNT}.dfs.core.windows.net/?enable_tls=false"
            f"&blob_storage_authority={host}&dfs_storage_authority={host}",
            {"AZURE_STORAGE_SAS_TOKEN": shared_access_signature()},
        )


def why_not_azure() -> str:
    """Why Azurite cannot be started here; empty if it can."""
    return "" if shutil.which(AZURITE) else f"no {AZURITE} here: npm install --global azurite"


def shared_access_signature() -> str:
    """What the owner of the account gives to who may use its files, until 2099."""
    said = {
        "sp": "rwdlac",
        "ss": "b",
        "srt": "sco",
        "st": "",
        "se": "2099-01-01T00:00:00Z",
        "sip": "",
        "spr": "https,http",
        "sv": "2021-06-08",
        "ses": "",
    }
    text = "\n".join([ACCOUNT, *said.values(), ""])
    signature = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
    given = {**said, "sig": base64.b64encode(signature).decode()}
    return urlencode({name: value for name, value in given.items() if value})


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int) -> Iterator[None]:
    """A server, from when it answers at its port. In this process, pyarrow would wait for it with Python locked."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, "it has ended"
                assert time.monotonic() < until, "it does not answer"
                time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()
