from pathlib import Path

import pytest
from pyarrow import fs

from raysweep.results import remote
from raysweep.results.files import Folder, join
from raysweep.results.remote import open_folder


@pytest.fixture(params=["local", "s3", "hdfs", "google", "azure"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """An empty one of each kind. Of Hadoop's there is only how it is used: files that are moved to their places."""
    if request.param == "local":
        return open_folder(tmp_path / "results")
    if request.param == "hdfs":
        monkeypatch.setattr(remote, "_connect", lambda url: (fs.LocalFileSystem(), str(tmp_path / "hadoop")))
        return open_folder("hdfs://host:1/results")
    if request.param == "s3":
        return open_folder(f"{request.getfixturevalue('bucket')}/results")
    return open_folder(join(request.getfixturevalue(request.param), f"results{abs(hash(request.node.nodeid))}"))
