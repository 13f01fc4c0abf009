import pytest
from django.http import FileResponse, HttpResponse, JsonResponse
from django.test import RequestFactory

from dinh.kernel.compression import PageCompressionMiddleware


def answered(response, accepts="gzip"):
    request = RequestFactory().get("/", headers={"accept-encoding": accepts})
    return PageCompressionMiddleware(lambda _request: response)(request)


@pytest.mark.parametrize("response", [HttpResponse("trang " * 200), JsonResponse({"trang": "trang " * 200})])
def test_page_or_json_is_compressed(response):
    whole = len(response.content)

    given = answered(response)

    assert given["Content-Encoding"] == "gzip"
    assert len(given.content) < whole / 2
    assert int(given["Content-Length"]) == len(given.content)


def test_page_stays_plain_for_who_cannot_read_compressed():
    assert "Content-Encoding" not in answered(HttpResponse("trang " * 200), accepts="identity")


def test_file_keeps_its_length(tmp_path):
    file = tmp_path / "letter.pdf"
    file.write_bytes(b"%PDF-1.7\n" * 200)

    given = answered(FileResponse(file.open("rb"), content_type="application/pdf"))

    assert "Content-Encoding" not in given
    assert given["Content-Length"] == "1800"
