import _thread
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.results import patience, remote
from raysweep.results.files import CHUNK, Folder, join
from raysweep.results.patience import StorageError
from raysweep.results.remote import open_folder
from support.s3_server import S3Server


def put(folder: Folder, name: str, content: bytes) -> None:
    folder.write(name, lambda file: file.write(content))


@pytest.mark.slow
def test_large_files_arrive_whole_or_not_at_all(s3: S3Server, bucket: str) -> None:
    content = os.urandom(2 * CHUNK + 12)
    folder = open_folder(f"{bucket}/results")
    put(folder, "large", content)
    assert any(request.startswith("POST") for request in s3.requests)  # it went in parts
    with folder.open("large") as file:
        assert file.read() == content
    s3.fails = lambda request: request.startswith("PUT") and len(s3.requests) % 2 == 0
    put(folder, "large", content[::-1])
    assert folder.read("large") == content[::-1]


def test_ctrl_c_leaves_no_half_of_a_file(s3: S3Server, bucket: str) -> None:
    content = os.urandom(2 * CHUNK + 12)
    folder = open_folder(bucket)

    def interrupt(request: str) -> bool:
        if request.startswith("PUT"):
            s3.fails = lambda request: False
            _thread.interrupt_main()
        return False

    s3.fails = interrupt
    with pytest.raises(KeyboardInterrupt):
        put(folder, "large", content)
    assert list(folder.read_all(["large"])) in ([], [("large", content)])


def test_a_killed_upload_leaves_the_old_file_and_nothing_that_is_read(s3: S3Server, bucket: str) -> None:
    folder = open_folder(bucket)
    put(folder, "large", b"old")
    script = (
        "import os; from raysweep.results.remote import open_folder; "
        f"open_folder({bucket!r}).write('large', lambda file: file.write(os.urandom({4 * CHUNK})))"
    )
    process = subprocess.Popen([sys.executable, "-c", script])

    def kill(request: str) -> bool:
        if len([each for each in s3.requests if each == f"PUT /{bucket[5:]}/large"]) == 3:  # one was that of the old
            process.kill()
        return False

    s3.fails = kill
    assert process.wait(60) == -signal.SIGKILL
    s3.fails = lambda request: False
    assert s3.uploads(bucket[5:]) == ["large"]
    assert (folder.read("large"), folder.tree("")) == (b"old", {"large"})
    put(folder, "large", b"new")
    assert (folder.read("large"), folder.tree("")) == (b"new", {"large"})


def fail_at_first(s3: S3Server, count: int) -> Callable[[str], bool]:
    until = len(s3.requests) + count
    return lambda request: len(s3.requests) <= until


@pytest.mark.slow
def test_storage_that_fails_for_a_while_is_tried_again(s3: S3Server, bucket: str) -> None:
    folder = open_folder(bucket)
    s3.fails = fail_at_first(s3, 5)
    put(folder, "a/one", b"content")
    s3.fails = fail_at_first(s3, 5)
    assert folder.read("a/one") == b"content"
    s3.fails = fail_at_first(s3, 5)
    assert folder.tree("a") == {"a/one"}


@pytest.mark.slow
def test_storage_that_fails_for_long_is_said_with_the_file(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    folder = open_folder(bucket)
    s3.fails = lambda request: True
    with pytest.raises(StorageError, match=rf"results folder {bucket}: a/one cannot be written \(\w+"):
        put(folder, "a/one", b"x")
    s3.fails = lambda request: False
    assert folder.tree("") == set()


def test_denied_access_is_said_at_once_with_what_to_do(s3: S3Server, bucket: str) -> None:
    folder = open_folder(f"{bucket}/results")
    s3.fails, s3.error = lambda request: True, "403 Forbidden"
    with pytest.raises(
        UserError, match=r"cannot be written \(ACCESS_DENIED .*credentials are those of the environment"
    ):
        folder.check()
    s3.requests.clear()
    with pytest.raises(StorageError, match=r"one cannot be read \(ACCESS_DENIED "):
        folder.read("one")
    assert len(s3.requests) == 1


def test_a_small_file_takes_one_request_to_write_and_a_folder_one_to_list(s3: S3Server, bucket: str) -> None:
    folder = open_folder(f"{bucket}/results")
    for name in ("a/one", "a/two", "b/three"):
        put(folder, name, b"x")
    assert [request.split()[0] for request in s3.requests] == ["PUT"] * 3
    s3.requests.clear()
    assert folder.tree("") == {"a/one", "a/two", "b/three"}
    assert len(s3.requests) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://", "not a kind of URL that can be opened; give a path, or a URL: s3://BUCKET/FOLDER"),
        ("s3:/bucket/results", "not a kind of URL that can be opened"),
        ("ftp://host/results", "not a kind of URL that can be opened"),
        ("file://results", "not a kind of URL that can be opened"),
        (
            "s3://bucket/results?regoin=x",
            "not a URL that can be opened (Unexpected query parameter in S3 URI: 'regoin')",
        ),
        ("hdfs://nowhere:1/results", "HDFS needs Java and Hadoop"),
        ("s3://[bucket", "not a URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        open_folder(url).reach()
    assert str(refused.value).startswith(f"results folder {url}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:tell-nobody@bucket/results",
        "abfs://container:tell-nobody@account.dfs.core.windows.net/results",
        "abfs://container@account.dfs.core.windows.net/results?sv=2021-06-08&sig=tell-nobody",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UserError, match="may hold no secret; credentials are those of the environment") as refused:
        open_folder(url)
    assert "tell-nobody" not in str(refused.value)


def test_a_signature_is_left_out_of_what_went_wrong() -> None:
    said = "Check for 'http://host/container?se=2099&sig=tell-nobody&sv=1' failed. Azure Error: [] Nobody answers"
    assert remote._reason(OSError(said)) == "[] Nobody answers"
    said = "'http://host/container?se=2099&sig=tell-nobody' failed and http://host/?sig=tell-nobody too"
    assert remote._reason(OSError(said)) == "'http://host/container' failed and http://host/ too"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gs://bucket/results?retry_limit_seconds=1", "those of the file named in GOOGLE_APPLICATION_CREDENTIALS"),
        ("abfs://container@account.dfs.core.windows.net/results", "those of the environment (AZURE_STORAGE_SAS_TOKEN"),
    ],
)
@pytest.mark.slow
def test_missing_credentials_are_said_with_where_they_come_from(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_STORAGE_SAS_TOKEN", raising=False)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    with pytest.raises(UserError) as refused:
        open_folder(url).reach()
    assert words in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(bucket: str) -> None:
    missing = open_folder(f"{bucket}-missing/results")
    for look in (missing.reach, missing.check):
        with pytest.raises(UserError, match=f"{missing}: there is no '{bucket[5:]}-missing'; make it"):
            look()


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_said_at_once(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"cannot be reached \(NETWORK_CONNECTION .*is given in AWS_ENDPOINT_URL"):
        open_folder(f"{bucket}/elsewhere").reach()


def test_an_endpoint_may_stand_in_the_url(s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    host = s3.endpoint.removeprefix("http://")
    folder = open_folder(join(f"{bucket}/results?scheme=http&endpoint_override={host}", "study"))
    put(folder, "one", b"x")
    assert str(folder) == f"{bucket}/results/study?scheme=http&endpoint_override={host}"
    assert s3.requests == [f"PUT /{bucket[5:]}/results/study/one"]


def test_paths_and_urls_of_this_machine_are_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for location in ("results", Path("results"), f"file://{tmp_path}/results"):
        folder = open_folder(location)
        assert (folder.path, str(folder)) == (tmp_path / "results", str(tmp_path / "results"))
    assert join("results/", "study") == "results/study"
    assert join(f"file://{tmp_path}/", "study") == f"file://{tmp_path}/study"
