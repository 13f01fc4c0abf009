"""The clerk's screens for letters on paper, and the same for programs."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.models import Incoming, Intake
from dinh.documents.operations.intake import prepare_intake
from dinh.documents.tests.test_intake import NOW, letter, picture, printed, scanned, taken
from dinh.documents.tests.test_outgoing_pages import sign_in

pytestmark = pytest.mark.django_db
NEW = "documents:intake_new"
API = "/api/v1/incoming/intake"


@pytest.fixture
def clerk(client):
    appointment = AppointmentFactory(roles=[Role.CLERK])
    sign_in(client, appointment)
    return appointment


def given(**fields):
    return {
        "channel": "paper", "issuer_name": "Bộ Nội vụ", "code": "15/BNV-VP", "issued_date": "2026-03-02",
        "type_code": "CV", "subject": "Về việc báo cáo", "urgency": "0", "secrecy": "0", "request_key": "k1",
    } | fields  # fmt: skip


def upload(data: bytes, name: str = "thư.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_the_clerk_registers_a_scan_and_a_double_post_changes_nothing(client, clerk):
    url = reverse(NEW)

    answers = [client.post(url, given(file=upload(printed()))) for _ in range(2)]

    incoming = Incoming.objects.get()
    assert [answer.url for answer in answers] == [reverse("documents:incoming", args=[incoming.pk])] * 2
    assert incoming.number == 1
    assert incoming.intake.file_name == "thư.pdf"


def test_one_letter_after_the_other_is_written_down(client, clerk):
    answer = client.post(reverse(NEW), given(then="next", channel="email"), follow=True)

    assert Incoming.objects.get().number == 1
    assert answer.redirect_chain == [(f"{reverse(NEW)}?channel=email", 302)]
    assert answer.context["form"]["channel"].value() == "email"
    assert [str(each) for each in answer.context["messages"]] == [
        "Đã đăng ký với số đến 1. Hãy ghi số này lên văn bản giấy."
    ]


def test_a_wrong_file_is_named_and_what_was_written_stays(client, clerk):
    answer = client.post(reverse(NEW), given(file=upload(b"MZ" + b"\x00" * 99, "thư.exe")))

    form = answer.context["form"]
    assert answer.status_code == 422
    assert "thư.exe" in form.errors["file"][0]
    assert form["subject"].value() == "Về việc báo cáo"
    assert not Incoming.objects.exists()


def test_a_duplicate_is_warned_of_and_the_scan_need_not_be_sent_again(client, clerk):
    here = taken(clerk)

    warned = client.post(reverse(NEW), given(file=upload(printed())))
    again = given(kept=warned.context["token"], despite_duplicate="on")
    client.post(reverse(NEW), again)

    assert warned.status_code == 409
    assert warned.context["alike"] == [here]
    assert Incoming.objects.get(number=2).intake.file_name == "thư.pdf"


def test_a_kept_scan_is_of_its_clerk_alone(client, clerk):
    taken(clerk)
    token = client.post(reverse(NEW), given(file=upload(printed()))).context["token"]
    sign_in(client, AppointmentFactory(unit=clerk.unit, roles=[Role.CLERK]))

    client.post(reverse(NEW), given(kept=token, despite_duplicate="on"))

    assert Incoming.objects.get(number=2).document.content_id is None


def test_units_are_found_by_words_and_what_is_alike_is_told_on_the_way(client, clerk):
    issuer = UnitFactory(name="Sở Nội vụ", search_name="so noi vu")
    here = taken(clerk, letter(issuer_id=issuer.pk))

    found = client.get(reverse("documents:intake_issuers"), {"issuer_name": "nội vụ"})
    asked = {"issuer": issuer.pk, "code": "15/BNV-VP", "issued_date": "2026-03-02"}
    alike = client.get(reverse("documents:intake_alike"), asked)

    assert list(found.context["units"]) == [issuer]
    assert list(alike.context["alike"]) == [here]


@pytest.mark.parametrize("name", ["intake_new", "intake_issuers", "intake_alike"])
def test_who_is_no_clerk_gets_404(client, name):
    sign_in(client, AppointmentFactory(roles=[Role.UNIT_HEAD]))

    assert client.get(reverse(f"documents:{name}")).status_code == 404


def test_files_of_another_unit_are_not_there(client, clerk):
    incoming = taken(clerk, scan=scanned(printed()))
    prepare_intake(intake_id=incoming.intake.pk, at=NOW)
    names = ("intake_panel", "intake_original", "intake_stamped", "intake_stamp")
    urls = [reverse(f"documents:{name}", args=[incoming.pk]) for name in names]

    own = [client.get(url).status_code for url in urls]
    sign_in(client, AppointmentFactory(roles=[Role.CLERK]))
    others = [client.get(url).status_code for url in urls]

    assert own == [200] * 4
    assert others == [404] * 4


def test_the_letter_is_shown_with_its_stamp(client, clerk):
    incoming = taken(clerk, scan=scanned(printed()))
    prepare_intake(intake_id=incoming.intake.pk, at=NOW)

    shown = client.get(reverse("documents:incoming_content", args=[incoming.pk]))

    assert shown["ETag"] == f'"{Intake.objects.get().stamped_id}"'


def test_the_warning_costs_the_same_for_one_and_three(client, clerk):
    asked = {"issuer_name": "Bộ Nội vụ", "code": "15/BNV-VP", "issued_date": "2026-03-02"}
    counts = []
    for more in (1, 2):
        for _row in range(more):
            taken(clerk, despite_duplicate=True)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("documents:intake_alike"), asked)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_programs_register_a_scan_once(client, clerk):
    body = given(file=upload(picture(), "thư.png"))
    first = client.post(API, body)
    body = given(file=upload(picture(), "thư.png"))
    again = client.post(API, body)

    told = first.json()
    assert (first.status_code, told["number"], told["file_name"]) == (201, 1, "thư.png")
    assert again.json()["id"] == told["id"]
    assert client.get(f"/api/v1/incoming/{told['id']}/intake").json() == told
    assert client.get(f"/api/v1/incoming/{told['id']}/stamp").content.startswith(b"%PDF")


def test_programs_are_told_each_field_and_the_duplicate(client, clerk):
    taken(clerk)

    wrong = client.post(API, given(subject="", issued_date="2999-01-01"))
    twice = client.post(API, given())
    accepted = client.post(API, given(despite_duplicate="true"))

    assert wrong.status_code == 422
    assert [each["field"] for each in wrong.json()["errors"]] == ["subject", "issued_date"]
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:dinh:problem:possible-duplicate")
    assert accepted.json()["number"] == 2


def test_programs_of_others_find_nothing(client, clerk):
    incoming = taken(clerk, scan=scanned(printed()))
    sign_in(client, AppointmentFactory(roles=[Role.CLERK]))

    paths = [f"/api/v1/incoming/{incoming.pk}/{name}" for name in ("intake", "scan", "stamped")]

    assert [client.get(path).status_code for path in paths] == [404] * 3
