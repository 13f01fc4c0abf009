"""The registry for programs: members, certificates, the end of versions, catalogues."""

import hashlib
import json
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.exchange.models import DictionaryVersion, Member, SystemCertificate
from dinh.exchange.tests.world import make_system, make_version

pytestmark = pytest.mark.django_db
BASE = "/api/v1/exchange"
MEMBER = {"instance": "VN", "member_class": "GOV", "code": "x9", "name": "Sở Mới", "valid_from": "2026-01-01"}


@pytest.fixture
def sign_in(client):
    def act_as(unit, *roles):
        client.force_login(
            AccountFactory(current_appointment=AppointmentFactory(unit=unit, roles=list(roles)))
        )
        return client

    return act_as


@pytest.fixture
def keeper(sign_in):
    return sign_in(UnitFactory(keeps_directory=True), Role.ADMINISTRATOR)


def certificate() -> bytes:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "he-thong")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def post(client, path, body):
    return client.post(f"{BASE}/{path}", body, content_type="application/json")


def test_the_keeper_lets_an_organisation_take_part_once(keeper):
    made, again = post(keeper, "members", MEMBER), post(keeper, "members", MEMBER)

    member = Member.objects.get(code="x9")
    assert (made.status_code, made.json()["identifier"]) == (201, member.identifier)
    assert (member.name, member.valid_from, member.unit) == ("Sở Mới", date(2026, 1, 1), None)
    assert again.status_code in (409, 422)
    assert Member.objects.filter(code="x9").count() == 1


def test_nobody_else_does(sign_in):
    refused = post(sign_in(UnitFactory(), Role.ADMINISTRATOR), "members", MEMBER)

    assert refused.status_code in (403, 404)
    assert not Member.objects.filter(code="x9").exists()


def test_an_owner_registers_and_revokes_its_systems_certificates(sign_in):
    unit = UnitFactory()
    system = make_system("a", unit=unit)
    client, path = sign_in(unit, Role.ADMINISTRATOR), f"{BASE}/systems/{system.pk}/certificates"

    made = client.post(path, {"certificate": SimpleUploadedFile("c.pem", certificate())})
    revoked = client.post(f"{path}/{made.json()['id']}/revoke")

    row = SystemCertificate.objects.get(system=system)
    assert (made.status_code, made.json()["fingerprint"]) == (201, row.fingerprint)
    assert revoked.status_code == 204
    assert row.revoked_at is not None
    assert [each["id"] for each in client.get(path).json()] == [row.pk]


def test_another_units_certificates_are_not_there(sign_in):
    system = make_system("a", unit=UnitFactory())
    client, path = sign_in(UnitFactory(), Role.ADMINISTRATOR), f"{BASE}/systems/{system.pk}/certificates"

    refused = client.post(path, {"certificate": SimpleUploadedFile("c.pem", certificate())})

    assert refused.status_code in (403, 404)
    assert client.get(path).status_code == 404
    assert not SystemCertificate.objects.exists()


def test_an_owner_ends_a_version_step_by_step(sign_in):
    unit = UnitFactory()
    version = make_version(
        make_system("a", unit=unit), base_url="https://a.example", service="s", version="1.0", paths=["/x"]
    )
    client = sign_in(unit, Role.ADMINISTRATOR)

    deprecated = post(client, f"versions/{version.pk}/deprecate", {"sunset_date": "2050-01-01"})
    twice = post(client, f"versions/{version.pk}/deprecate", {})
    retired = post(client, f"versions/{version.pk}/retire", {})

    assert (deprecated.json()["state"], deprecated.json()["sunset_date"]) == ("deprecated", "2050-01-01")
    assert twice.status_code in (409, 422)
    assert retired.json()["state"] == "retired"


def test_the_keeper_publishes_a_catalogue_from_a_sheet(keeper):
    sheet = SimpleUploadedFile("d.csv", "MaDanToc: Mã dân tộc,TenDanToc\n01,Kinh\n02,Tày\n".encode())
    given = {"code": "madantoc", "name": "Dân tộc", "valid_from": "2026-01-01", "items": sheet}

    made = keeper.post(f"{BASE}/dictionaries", given)

    assert (made.status_code, made.json()) == (
        201,
        {"code": "madantoc", "version": 1, "valid_from": "2026-01-01"},
    )
    items = DictionaryVersion.objects.get().items
    assert sorted(items.values_list("code", "name")) == [("01", "Kinh"), ("02", "Tày")]


def test_nothing_is_disposed_of_before_its_time(keeper):
    refused = post(keeper, "archive/disposal", {"upto": 9, "reason": "Quyết định 1"})

    assert refused.status_code in (409, 422)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ("", "", "plain")),
        ({"trial_url": "https://10.1.2.3/thu"}, ("https://10.1.2.3/thu", "", "plain")),
        ({"protocol": "xroad", "xroad_client": "VN/GOV/H03/A"}, ("", "VN/GOV/H03/A", "xroad")),
    ],
)
def test_version_is_published_with_what_is_needed_only(keeper, more, told):
    system = make_system("A")
    service = make_version(system, base_url="http://10.1.2.3", service="kho", version="1", paths=[]).service
    document = json.dumps({"openapi": "3.0.3", "paths": {"/a": {"get": {}}}}).encode()
    sent = {
        "document": SimpleUploadedFile("kho.json", document),
        "version": "2",
        "base_url": "https://10.1.2.3/r1/VN/GOV/H03/A/kho",
    }

    answer = keeper.post(f"{BASE}/services/{service.pk}/versions", sent | more)

    made = service.versions.get(version="2")
    assert answer.status_code == 201
    assert (made.trial_url, made.xroad_client, made.protocol) == told


DESCRIPTION = json.dumps({"openapi": "3.0.3", "paths": {"/a": {"get": {}}}}).encode()


class Publishing(BaseHTTPRequestHandler):
    """A provider that publishes the description of its service."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DESCRIPTION)))
        self.end_headers()
        self.wfile.write(DESCRIPTION)

    def log_message(self, *_told):
        return


@pytest.fixture
def published():
    """Where a description can be fetched."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Publishing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/openapi.json"
    server.shutdown()
    server.server_close()


def kho():
    return make_version(
        make_system("A"), base_url="http://10.1.2.3", service="kho", version="1", paths=[]
    ).service


def test_version_is_published_from_where_its_description_is(keeper, published, settings):
    settings.EXCHANGE_LOCAL_PROVIDERS = True
    service = kho()
    sent = {"version": "2", "base_url": "https://10.1.2.3", "document_url": published}

    answer = keeper.post(f"{BASE}/services/{service.pk}/versions", sent)

    made = service.versions.get(version="2")
    assert answer.status_code == 201
    assert made.sha256 == hashlib.sha256(DESCRIPTION).hexdigest()
    assert [str(each) for each in made.operations.all()] == ["GET /a"]


def test_version_without_a_description_is_refused_by_name(keeper):
    service = kho()

    answer = keeper.post(
        f"{BASE}/services/{service.pk}/versions", {"version": "2", "base_url": "https://10.1.2.3"}
    )

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == ["document"]
    assert service.versions.filter(version="2").count() == 0
