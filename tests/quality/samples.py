"""One of each thing that pages show, made by its people through the JSON API of the running house."""

from typing import Any

from django.utils import timezone

SUBJECT = "đẩy mạnh cung cấp dịch vụ công trực tuyến"
STATES = ("drafting", "reviewing", "signed", "numbered", "sealed", "issued")
ACTS = {
    "reviewing": [("chuyenvien.stttt", "submit")],
    "signed": [("truongphong.stttt", "sign"), ("giamdoc.stttt", "sign")],
    "numbered": [("vanthu.stttt", "number")],
    "sealed": [("vanthu.stttt", "seal")],
    "issued": [("vanthu.stttt", "send")],
}
"""What brings a letter from the state before into this one."""


class Caller:
    """Calls the API as the person who is signed in on a page."""

    def __init__(self, people: Any, username: str) -> None:
        self.page, self.address = people(username).page, f"{people.house.url}/api/v1/"

    def get(self, path: str) -> Any:
        return self._body(self.page.request.get(self.address + path))

    def post(self, path: str, **body: Any) -> Any:
        return self._send(self.page.request.post, path, body)

    def put(self, path: str, **body: Any) -> Any:
        return self._send(self.page.request.put, path, body)

    def _send(self, method: Any, path: str, body: dict[str, Any]) -> Any:
        token = next(each["value"] for each in self.page.context.cookies() if each["name"] == "csrftoken")
        headers = {"X-CSRFToken": token, "Referer": self.address}
        return self._body(method(self.address + path, data=body, headers=headers))

    def _body(self, response: Any) -> Any:
        assert response.ok, (response.url, response.status, response.text())
        return response.json()


def make_samples(people: Any) -> dict[str, int | str]:
    """Ids by the names that the table of pages uses: `drafting` ... `issued`, `arrived`, `received`, `book` ..."""
    clerk = Caller(people, "vanthu.stttt")
    unit, commune = (_unit(people, name) for name in ("vanthu.stttt", "vanthu.quangkhe"))
    letters = {state: _letter(people, state, commune) for state in STATES}
    letters["answered"] = issue_letter(people)
    arrived, received = _arrivals(people)
    letters |= {"arrived": arrived, "received": received, "unit": unit}
    return (
        letters
        | _exchange(people)
        | _kept(people, unit, letters["drafting"])
        | {
            "person": clerk.get("people")["items"][0]["id"],
            "appointment": clerk.get(f"appointments?unit={unit}")["items"][0]["id"],
            "month": f"{timezone.localdate():%Y-%m}",
            "book": clerk.get(f"books?year={timezone.localdate().year}")[0]["id"],
        }
    )


def make_letter(people: Any, state: str) -> int:
    """A letter of the department to the commune that has come as far as `state`."""
    return _letter(people, state, _unit(people, "vanthu.quangkhe"))


def issue_letter(people: Any) -> int:
    """A letter of the department, drafted to issued, that arrives at the commune."""
    return make_letter(people, "issued")


def _exchange(people: Any) -> dict[str, int]:
    owner = Caller(people, "giamdoc.stttt")
    service = owner.get("exchange/services?q=dmdc")["items"][0]
    return {
        "service": service["id"],
        "version": (version := service["versions"][0]["id"]),
        "operation": owner.get(f"exchange/versions/{version}/operations")[0]["id"],
        "system": owner.get("exchange/systems?q=lgsp")["items"][0]["id"],
        "grant": owner.get("exchange/grants")["items"][0]["id"],
        "member": owner.get("exchange/members")["items"][0]["id"],
    }


def _kept(people: Any, unit: int, draft: int) -> dict[str, int]:
    """What administrators and clerks look after; a second version of the draft, to compare with the first."""
    clerk, keeper = Caller(people, "vanthu.stttt"), Caller(people, "quantri")
    drafter, today = Caller(people, "chuyenvien.stttt"), str(timezone.localdate())
    plan = {"type_code": "CV", "subject": SUBJECT, "text": "Đề nghị công khai thủ tục."}
    drafter.put(f"drafts/{draft}", **plan, leader=_appointment(people, "giamdoc.stttt"))
    drafter.post(f"drafts/{draft}/comments", text="Bổ sung thời hạn báo cáo.")
    name, division = f"Phòng {draft}", {"abbreviation": f"P{draft}", "valid_from": today}
    file = {"code": f"{draft}/VP", "title": "Dịch vụ công trực tuyến", "opened_date": today}
    code = {"form": "new", "value": f"H03.11.{draft % 1000:03}", "valid_from": today}
    return {
        "case_file": clerk.post("case-files", **file)["id"],
        "credential": keeper.get("signing/credentials")["items"][0]["id"],
        "division": keeper.post(f"units/{unit}/divisions", name=name, **division)["id"],
        "identifier": keeper.post(f"units/{unit}/identifiers", **code)["id"],
    }


def _unit(people: Any, username: str) -> int:
    unit: int = Caller(people, username).get("me")["unit_id"]
    return unit


def _letter(people: Any, state: str, commune: int) -> int:
    drafter = Caller(people, "chuyenvien.stttt")
    head, director = (_appointment(people, f"{name}.stttt") for name in ("truongphong", "giamdoc"))
    plan = {"type_code": "CV", "subject": SUBJECT, "text": "Đề nghị rà soát thủ tục.", "leader": director}
    recipients = [{"unit_id": commune}]
    letter: int = drafter.post("drafts", **plan, initials=[head], recipients=recipients)["id"]
    for reached in STATES[1 : STATES.index(state) + 1]:
        for username, act in ACTS[reached]:
            Caller(people, username).post(f"outgoing/{letter}/{act}")
    return letter


def _appointment(people: Any, username: str) -> int:
    appointment: int = Caller(people, username).get("me")["id"]
    return appointment


def _arrivals(people: Any) -> tuple[int, int]:
    clerk = Caller(people, "vanthu.quangkhe")
    arrived, received = (each["id"] for each in clerk.get("incoming")["items"][:2])
    clerk.post(f"incoming/{received}/register")
    return arrived, received
