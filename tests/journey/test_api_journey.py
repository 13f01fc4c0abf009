"""The letter's way through the province wholly by the REST API, as programs of others would walk it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from journey.caller import Caller

pytestmark = pytest.mark.slow
SUBJECT = "đẩy mạnh cung cấp dịch vụ công trực tuyến qua chương trình"
TEXT = "Đề nghị các đơn vị công khai đầy đủ thủ tục hành chính.\nBáo cáo kết quả trước ngày 25 hằng tháng."
ACCOUNTS = (
    "chuyenvien.stttt", "truongphong.stttt", "giamdoc.stttt", "vanthu.stttt",
    "vanthu.quangkhe", "chutich.quangkhe", "chuyenvien.quangkhe",
)  # fmt: skip
ISSUE = """
import sys
from dinh.config.cli import adopt_running_demo
adopt_running_demo()
import django
from django.core.management import call_command
django.setup()
for name in sys.argv[1:]:
    call_command("issue_token", name, "api journey")
"""


@pytest.fixture(scope="module")
def callers(house) -> dict[str, Caller]:
    """A personal token for everybody of the journey."""
    environment = os.environ | {"DINH_DATA_DIR": str(house.data)}
    environment.pop("DINH_DATABASE_URL", None)
    return {name: Caller(house.url, token) for name, token in _tokens(ACCOUNTS, environment).items()}


def test_a_letter_goes_out_is_answered_and_proved_without_a_page(callers, house, tmp_path):
    sender, commune = _sides(callers)
    letter = _drafted(sender)
    _signed_and_issued(sender, letter)
    arrival = _received(commune)
    reply = _answered(commune, arrival)
    _seen(sender, letter, reply)
    _proved(sender["clerk"], f"/outgoing/{letter}/evidence", tmp_path, house)
    _proved(commune["clerk"], f"/incoming/{arrival}/evidence", tmp_path, house)
    _nobody_elses(commune, sender, letter, arrival)


def _sides(callers: dict[str, Caller]) -> tuple[dict[str, Caller], dict[str, Caller]]:
    words = {"chuyenvien": "specialist", "truongphong": "head", "giamdoc": "leader", "chutich": "leader",
             "vanthu": "clerk"}  # fmt: skip
    sides: dict[str, dict[str, Caller]] = {"stttt": {}, "quangkhe": {}}
    for name, caller in callers.items():
        role, _, place = name.partition(".")
        sides[place][words[role]] = caller
    return sides["stttt"], sides["quangkhe"]


def _drafted(sender: dict[str, Caller]) -> int:
    specialist = sender["specialist"]
    groups = {each["name"]: each["unit_ids"] for each in specialist.read("/recipient-groups")}
    chosen = [
        *groups["Ủy ban nhân dân các huyện, thành phố"],
        *groups["Ủy ban nhân dân các xã, phường, thị trấn"],
    ]
    assert "CV" in {each["code"] for each in specialist.read("/document-types")}
    draft = specialist.did(
        "/drafts",
        {
            "type_code": "CV",
            "subject": SUBJECT,
            "text": TEXT,
            "leader": sender["leader"].read("/me")["id"],
            "initials": [sender["head"].read("/me")["id"]],
            "recipients": [{"unit_id": each} for each in chosen],
        },
        status=201,
    )
    assert (draft["recipients"], draft["versions"][0]["is_laid_out"]) == (116, True)
    specialist.did(f"/drafts/{draft['id']}/comments", {"text": "Xin ý kiến"}, status=201)
    submitted = specialist.did(f"/outgoing/{draft['id']}/submit")
    assert submitted["state"] == "reviewing"
    return int(draft["id"])


def _signed_and_issued(sender: dict[str, Caller], letter: int) -> None:
    head, leader, clerk = sender["head"], sender["leader"], sender["clerk"]
    assert letter in {each["target_id"] for each in head.read("/work")["items"]}
    head.did(f"/outgoing/{letter}/sign")
    assert letter in {each["id"] for each in leader.read("/outgoing/to-sign")}
    assert leader.did("/outgoing/sign", {"ids": [letter]}) == [{"id": letter, "refusal": ""}]
    assert letter in {each["id"] for each in clerk.read("/outgoing/to-issue")}
    numbered = clerk.did(f"/outgoing/{letter}/number")
    assert numbered["code"].endswith("/STTTT-TTr") or "/" in numbered["code"]
    assert clerk.did(f"/outgoing/{letter}/seal")["state"] == "sealed"
    assert clerk.did(f"/outgoing/{letter}/send")["state"] == "issued"
    # Another key, the same act: what is done stays done, and no second number is given.
    assert clerk.did(f"/outgoing/{letter}/number")["code"] == numbered["code"]
    assert clerk.read(f"/outgoing/{letter}/recipients")["counts"] == {"01": 116}
    steps = [(each["kind"], each["state"], each["signed"]) for each in clerk.read(f"/outgoing/{letter}/path")]
    assert steps == [("initial", "done", True), ("sign", "done", True)]
    verdict = clerk.read(f"/outgoing/{letter}/signatures")
    assert (verdict["verdict"], len(verdict["signatures"])) == ("valid", 3)


def _received(commune: dict[str, Caller]) -> int:
    clerk = commune["clerk"]
    arrived = [each for each in clerk.read("/incoming")["items"] if each["document"]["subject"] == SUBJECT]
    arrival = int(arrived[0]["id"])
    assert clerk.did(f"/incoming/{arrival}/verify")["verdict"] == "valid"
    assert clerk.get(f"/incoming/{arrival}/content").body.startswith(b"%PDF-")
    registered = clerk.did(f"/incoming/{arrival}/register")
    assert clerk.did(f"/incoming/{arrival}/register")["number"] == registered["number"]
    handler = commune["specialist"].read("/me")["id"]
    directions = {"lead": {"appointment": handler}, "instruction": "Tham mưu văn bản trả lời"}
    assigned = commune["leader"].did(f"/incoming/{arrival}/assign", directions)
    assert (assigned["state"], assigned["parts"][0]["appointment"]) == ("04", handler)
    waiting = commune["specialist"].read("/work")["items"]
    assert ("documents.incoming", arrival) in {(each["target_type"], each["target_id"]) for each in waiting}
    commune["specialist"].did(f"/incoming/{arrival}/note", {"text": "Đang soạn văn bản trả lời"})
    return arrival


def _answered(commune: dict[str, Caller], arrival: int) -> int:
    specialist, leader, clerk = commune["specialist"], commune["leader"], commune["clerk"]
    detail = specialist.read(f"/incoming/{arrival}")
    reply = specialist.did(
        "/drafts",
        {
            "type_code": "CV",
            "subject": "kết quả cung cấp dịch vụ công trực tuyến",
            "text": "Ủy ban nhân dân xã báo cáo: đã công khai đầy đủ.",
            "leader": leader.read("/me")["id"],
            "recipients": [{"unit_id": detail["document"]["issuer_id"]}],
            "reply_to": arrival,
        },
        status=201,
    )
    specialist.did(f"/outgoing/{reply['id']}/submit")
    leader.did(f"/outgoing/{reply['id']}/sign")
    assert clerk.did(f"/outgoing/{reply['id']}/issue")["state"] == "issued"
    assert _eventually(lambda: specialist.read(f"/incoming/{arrival}")["state"] == "06")
    return int(reply["id"])


def _seen(sender: dict[str, Caller], letter: int, reply: int) -> None:
    clerk = sender["clerk"]
    states = _eventually(
        lambda: (found := clerk.read(f"/outgoing/{letter}/recipients?state=06"))["count"] and found
    )
    assert (states["counts"], states["count"]) == ({"01": 115, "06": 1}, 1)
    answer = states["items"][0]["reply"]
    assert "trực tuyến" in clerk.read(f"/incoming/{answer}")["document"]["subject"]
    found = clerk.read("/search?q=day+manh+cung+cap+dich+vu+cong+qua+chuong+trinh")["items"]
    assert letter in {each["outgoing"] for each in found}


def _proved(clerk: Caller, path: str, folder: Path, house: Any) -> None:
    """By somebody with nothing but the bundle and the published certificates."""
    answer = clerk.post(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.etsi.asic-e+zip")
    (folder / "bundle.asice").write_bytes(answer.body)
    anchors = [house.data / "audit" / "seal-certificate.pem", house.data / "pki" / "root.pem"]
    command = [sys.executable, "-m", "dinh", "evidence", "verify", str(folder / "bundle.asice"), "--json"]
    command += [part for anchor in anchors for part in ("--trust", str(anchor))]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    report = json.loads(done.stdout)
    assert (report["verdict"], report["reasons"], report["proved"]) == ("valid", [], report["entries"])
    (document,) = report["documents"]
    assert (document["signatures"], bool(document["named_by"])) == ("valid", True)


def _nobody_elses(commune: dict[str, Caller], sender: dict[str, Caller], letter: int, arrival: int) -> None:
    """Each side's records are nothing to the other's tokens, and every refusal is a problem document."""
    refused = [
        commune["clerk"].get(f"/outgoing/{letter}{tail}")
        for tail in ("", "/letter", "/trace", "/signatures", "/path", "/files", "/recipients")
    ]
    refused += [
        sender["clerk"].get(f"/incoming/{arrival}{tail}") for tail in ("", "/content", "/trace", "/files")
    ]
    refused.append(commune["clerk"].post(f"/outgoing/{letter}/evidence"))
    refused.append(sender["clerk"].post(f"/incoming/{arrival}/evidence"))

    assert {(each.status, each.headers["content-type"]) for each in refused} == {
        (404, "application/problem+json")
    }


def _eventually(look: Callable[[], Any]) -> Any:
    """What `look` finds once the worker has done what it was told of."""
    last = time.monotonic() + 60
    while not (found := look()) and time.monotonic() < last:
        time.sleep(0.5)
    return found


def _tokens(usernames: Iterable[str], environment: dict[str, str]) -> dict[str, str]:
    """As the operator's command issues them, by one process instead of a start for each."""
    command = [sys.executable, "-c", ISSUE, *usernames]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(zip(usernames, done.stdout.split(), strict=True))
