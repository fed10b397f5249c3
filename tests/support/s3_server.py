"""An S3 server on this machine, for tests: moto's, in a thread, on a free port."""

import http.client
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",  # otherwise it is asked for credentials, and is not there
}


@dataclass
class S3Server:
    """Where the server listens, and what it was asked."""

    endpoint: str
    requests: list[str] = field(default_factory=list)
    """Method and path of each request, in order."""
    fails: Callable[[str], bool] = lambda request: False
    """Which requests are answered with an error."""
    error: str = "503 Slow Down"
    """That error."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the server."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.endpoint}

    def make_bucket(self, name: str) -> None:
        """Makes an empty bucket."""
        self._ask("PUT", f"/{name}")

    def uploads(self, bucket: str) -> list[str]:
        """Names of the files of which parts have arrived, and not the last."""
        return re.findall("<Key>(.*?)</Key>", self._ask("GET", f"/{bucket}?uploads"))

    def _ask(self, method: str, path: str) -> str:
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"))
        connection.request(method, path)
        answer = connection.getresponse()
        content = answer.read().decode()
        assert answer.status == http.client.OK, content
        connection.close()
        return content


@contextmanager
def s3_server(host: str = "127.0.0.1") -> Iterator[S3Server]:
    """The server at that address of this machine, for as long as the context lasts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)

    def watched(environment: dict[str, Any], start: Callable[..., Any]) -> Any:
        request = f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']}"
        found.requests.append(request)
        if found.fails(request):
            start(found.error, [("Content-Length", "0")])
            return [b""]
        return application(environment, start)

    server = make_server(host, 0, watched, threaded=True)
    found = S3Server(f"http://{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
