"""An address that is asked for by the wrong method answers in the reader's language and names the right one."""

import pytest

from dinh.directory.tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_page_says_so_in_the_shell_or_plainly(client, is_signed_in):
    if is_signed_in:
        client.force_login(AccountFactory())

    answer = client.get("/directory/sign-out/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Địa chỉ này không nhận yêu cầu như vậy." in answer.content.decode()
    assert (b'id="menu"' in answer.content) is is_signed_in
    assert "default-src" in answer["Content-Security-Policy"]
    assert "Content-Length" not in answer or int(answer["Content-Length"]) == len(answer.content)


def test_a_program_gets_a_problem_document(client):
    client.force_login(AccountFactory())

    answer = client.delete("/api/v1/me")

    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:dinh:problem:method-not-allowed",
        "title": "Địa chỉ này không nhận phương thức yêu cầu này.",
        "status": 405,
    }
