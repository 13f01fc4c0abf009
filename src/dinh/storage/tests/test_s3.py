"""Blobs in an S3 service, by the real client against a stand-in that keeps objects in memory."""

import io
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.test import RequestFactory

from dinh.storage import api as storage

pytestmark = pytest.mark.django_db
LETTER = b"%PDF-1.7\n" + bytes(range(256)) * 30_000


class _Objects(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = _unchunked(body)
        self.server.objects[self.path] = body
        self._answer(200)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        body = self.server.objects.get(self.path)
        if body is None:
            return self._answer(404)
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return self._answer(200, body)
        first, last = int(wanted[1]), int(wanted[2] or len(body) - 1)
        return self._answer(206, body[first : last + 1])

    def _answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"0"')
        self.send_header("Last-Modified", "Mon, 02 Mar 2026 08:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *given):
        pass


def _unchunked(body):
    whole = b""
    while (size := int(body.partition(b"\r\n")[0].split(b";")[0], 16)) > 0:
        body = body.partition(b"\r\n")[2]
        whole, body = whole + body[:size], body[size + 2 :]
    return whole


@pytest.fixture
def service(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Objects)
    server.daemon_threads, server.objects = True, {}
    Thread(target=server.serve_forever, daemon=True).start()
    given = {"bucket_name": "dinh", "endpoint_url": f"http://127.0.0.1:{server.server_port}",
             "access_key": "a", "secret_key": "s", "region_name": "vn", "default_acl": None}  # fmt: skip
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": given}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    yield server
    server.shutdown()
    server.server_close()


def test_blobs_go_to_and_come_from_the_service(service):
    kept, again = storage.store(io.BytesIO(LETTER)), storage.store(io.BytesIO(LETTER))
    request = RequestFactory().get("/", headers={"Range": "bytes=100-199"})

    part = storage.blob_response(request, kept.sha256, filename="thu.pdf")

    assert kept == again
    assert [len(body) for body in service.objects.values()] == [len(LETTER)]
    assert storage.read_blob(kept.sha256) == LETTER
    assert (part.status_code, b"".join(part)) == (206, LETTER[100:200])


def test_settings_put_blobs_where_the_variables_say(tmp_path):
    given = {
        "DINH_S3_BUCKET": "dinh",
        "DINH_S3_ENDPOINT": "https://s3.backan.gov.vn/",
        "DINH_DATA_DIR": str(tmp_path),
    }
    program = "from dinh.config.settings import STORAGES; print(STORAGES['blobs']['BACKEND'], "
    program += "STORAGES['blobs']['OPTIONS']['endpoint_url'])"

    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | given, capture_output=True, text=True
    )

    assert done.stdout == "storages.backends.s3.S3Storage https://s3.backan.gov.vn\n"
