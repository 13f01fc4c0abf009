"""What is wrong with a request, field by field and in Vietnamese."""

from datetime import date
from typing import Annotated, Literal

import pytest
from django.utils.translation import override
from ninja import Body, NinjaAPI, Schema
from ninja.testing import TestClient
from pydantic import AfterValidator, Field

from dinh.kernel.rest import NO_NUL, install_problems


def _even(number: int) -> int:
    if number % 2:
        raise ValueError("Hãy nhập số chẵn.")
    return number


class Wanted(Schema):
    name: Annotated[str, Field(max_length=5, pattern=NO_NUL)]
    amount: Annotated[int, Field(ge=1)] = 1
    pairs: Annotated[int, AfterValidator(_even)] = 2
    day: date | None = None
    kind: Literal["a", "b", "c"] = "a"
    names: Annotated[list[str], Field(max_length=2)] = []


@pytest.fixture(scope="module")
def client():
    api = NinjaAPI(urls_namespace="faults")
    install_problems(api)

    @api.post("/wanted")
    def wanted(request, body: Annotated[Wanted, Body()], limit: int = 1) -> None:
        """Nothing but what is judged before it."""

    @api.post("/otherwise")
    def otherwise(request, given: Wanted) -> None:
        """A body whose argument has another name."""

    return TestClient(api)


def faults(client, body, path="/wanted"):
    with override("vi"):
        answer = client.post(path, json=body)
    assert answer.status_code == 422
    return {each["field"]: each["message"] for each in answer.json()["errors"]}


def test_every_kind_of_fault_is_told_by_field_in_vietnamese(client):
    wrong = {
        "name": "quá dài rồi", "amount": 0, "pairs": 3, "day": "2026-02-30", "kind": "x", "names": ["a", "b", "c"],
    }  # fmt: skip

    assert faults(client, wrong) == {
        "name": "Nội dung quá dài: tối đa 5 ký tự.",
        "amount": "Hãy nhập số từ 1 trở lên.",
        "pairs": "Hãy nhập số chẵn.",
        "day": "Hãy nhập ngày có thật, dạng YYYY-MM-DD.",
        "kind": "Hãy nhập một trong các giá trị: a, b, c.",
        "names": "Quá nhiều mục: tối đa 2.",
    }


def test_what_is_missing_and_what_is_of_another_type_is_told(client):
    assert faults(client, {"amount": "x"}, "/wanted?limit=y") == {
        "name": "Trường này là bắt buộc.",
        "amount": "Hãy nhập số nguyên.",
        "limit": "Hãy nhập số nguyên.",
    }
    assert faults(client, {"name": "a\0"}) == {
        "name": "Nội dung có ký tự không được phép hoặc không đúng dạng yêu cầu."
    }
    assert faults(client, {"name": 5, "names": "An"}) == {
        "name": "Hãy nhập văn bản.",
        "names": "Hãy gửi một danh sách.",
    }


@pytest.mark.parametrize("path", ["/wanted", "/otherwise"])
def test_fields_of_a_body_are_named_alike_whatever_its_argument_is_called(client, path):
    assert faults(client, {"amount": 0}, path).keys() == {"name", "amount"}
    assert faults(client, {"name": "An", "names": ["a", 5]}, path).keys() == {"names.1"}
    assert [each["field"] for each in client.post(path).json()["errors"]] == ["body"]


def test_body_that_is_no_json_is_told_in_vietnamese(client):
    with override("vi"):
        answer = client.post("/wanted", data="{no json", content_type="application/json")

    assert (answer.status_code, answer.json()["title"]) == (400, "Không hiểu được yêu cầu.")
