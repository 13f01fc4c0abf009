import io
import secrets
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image, ImageDraw

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.models import Account
from dinh.directory.operations.tokens import issue_token
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, PersonFactory, UnitFactory
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.pki.api import Ink, check_image
from dinh.signing.models import Credential, CredentialState
from dinh.signing.operations.credentials import (
    AlreadyRegistered,
    NewCredential,
    NotInThatState,
    register_credential,
    replace_image,
    resume_credential,
    revoke_credential,
    suspend_credential,
)
from dinh.signing.operations.demo import seal_image, signature_image
from dinh.signing.queries.credentials import credentials_matching, credentials_visible_to
from dinh.signing.queries.verification import demo_root
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(people):
    """Administrator of the unit that keeps the province's directory."""
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


@pytest.fixture
def handed_in(people):
    """A certificate of the demo's authority in PEM, as if it came from outside: not in the registry any more."""
    credential = Credential.objects.get(person=people[0].person)
    certificates = x509.load_der_x509_certificate(bytes(credential.certificate))
    issuer = x509.load_pem_x509_certificate((demo_root().parent / "ca.pem").read_bytes())
    credential.delete()
    return certificates.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM)


def register(data, actor, at=None, **more):
    new = NewCredential(certificate=data, provider="plugin", **more)
    return register_credential(new=new, actor=actor, at=at or timezone.now())


def move(operation, credential, actor, reason="mất thiết bị"):
    return operation(credential_id=credential.pk, reason=reason, actor=actor, at=timezone.now())


def test_register_reads_the_certificate_and_leaves_a_trace(keeper, handed_in):
    person = PersonFactory(full_name="Hoàng Văn Đức")

    credential = register(handed_in, keeper, person_id=person.pk)

    own = x509.load_pem_x509_certificate(handed_in)
    assert (credential.fingerprint, credential.issuer_name, credential.state) == (
        own.fingerprint(own.signature_hash_algorithm).hex(), "Demo CA", "active",
    )  # fmt: skip
    assert (credential.valid_from, credential.valid_to) == (own.not_valid_before_utc, own.not_valid_after_utc)
    assert [entry.action for entry in trace_of(credential)] == ["signing.credential.registered"]
    assert (
        credentials_matching(
            credentials_visible_to(keeper), text="hoang van duc", state="", at=timezone.now()
        ).get()
        == credential
    )


def test_register_takes_a_certificate_once(keeper, handed_in):
    register(handed_in, keeper, person_id=PersonFactory().pk)

    with pytest.raises(AlreadyRegistered):
        register(handed_in, keeper, person_id=PersonFactory().pk)


@pytest.mark.parametrize(
    "data",
    [b"", b"x" * 70_000, b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
)
def test_register_refuses_what_is_no_certificate(keeper, data):
    with pytest.raises(InvalidInput) as refusal:
        register(data, keeper, person_id=PersonFactory().pk)

    assert refusal.value.field == "certificate"


def test_register_refuses_strangers_authorities_and_wrong_times(keeper, handed_in, settings):
    person = PersonFactory().pk
    root = (demo_root().parent / "root.pem").read_bytes()

    with pytest.raises(InvalidInput):
        register(root, keeper, person_id=person)
    with pytest.raises(InvalidInput):
        register(handed_in, keeper, person_id=person, at=timezone.now() + timedelta(days=4000))
    settings.DEMO = False
    with pytest.raises(InvalidInput):
        register(handed_in, keeper, person_id=person)
    assert Credential.objects.filter(person_id=person).count() == 0


def test_register_wants_one_holder_that_exists(keeper, handed_in):
    person, unit = PersonFactory().pk, UnitFactory().pk

    for holder in ({}, {"person_id": person, "unit_id": unit}, {"person_id": 0}, {"person_id": 10**9}):
        with pytest.raises(InvalidInput) as refusal:
            register(handed_in, keeper, **holder)
        assert refusal.value.field == "holder"


def test_administrator_of_a_unit_keeps_its_own_only(people, handed_in):
    leader, clerk, _specialist = people
    own = AppointmentFactory(unit=leader.unit, roles=[Role.ADMINISTRATOR])

    with pytest.raises(NotPermitted):
        register(handed_in, own, unit_id=UnitFactory().pk)
    with pytest.raises(NotPermitted):
        register(handed_in, clerk, person_id=leader.person_id)
    assert register(handed_in, own, person_id=leader.person_id).person_id == leader.person_id
    stranger = AppointmentFactory(roles=[Role.ADMINISTRATOR])
    assert list(credentials_visible_to(stranger)) == []


def test_states_go_from_in_use_to_suspended_and_back_and_end_revoked(people, keeper):
    credential = Credential.objects.get(person=people[0].person)

    states = [
        move(act, credential, keeper).state
        for act in (suspend_credential, resume_credential, suspend_credential, revoke_credential)
    ]

    assert states == ["suspended", "active", "suspended", "revoked"]
    for act in (suspend_credential, resume_credential, revoke_credential):
        with pytest.raises(NotInThatState):
            move(act, credential, keeper)
    assert [entry.details["to"] for entry in trace_of(credential)] == states


def test_holder_suspends_the_own_but_does_not_resume_it(people):
    credential = Credential.objects.get(person=people[0].person)

    assert move(suspend_credential, credential, people[0]).state == CredentialState.SUSPENDED
    with pytest.raises(NotPermitted):
        move(resume_credential, credential, people[0])
    with pytest.raises(NotPermitted):
        move(revoke_credential, credential, people[0])


def test_stranger_does_not_find_it_and_a_reason_is_asked(people, keeper):
    credential = Credential.objects.get(person=people[0].person)

    with pytest.raises(NotFound):
        move(suspend_credential, credential, people[2])
    with pytest.raises(InvalidInput):
        move(suspend_credential, credential, keeper, reason="  ")
    credential.refresh_from_db()
    assert credential.state == CredentialState.ACTIVE


def picture(colour=(20, 40, 180, 255), ground=(0, 0, 0, 0), size=(300, 150)):
    """A PNG with a broad stroke of the colour in its middle."""
    image, out = Image.new("RGBA", size, ground), io.BytesIO()
    ImageDraw.Draw(image).line((40, 75, 260, 75), fill=colour, width=20)
    image.save(out, "PNG")
    return out.getvalue()


UNFIT = {
    "opaque": picture(ground=(255, 255, 255, 255)),
    "green": picture((0, 200, 0, 255)),
    "red": picture((210, 20, 20, 255)),
    "black": picture((0, 0, 0, 255)),
    "empty": picture((0, 0, 0, 0)),
    "huge": picture(size=(3000, 3000)),
    "broken": picture()[:60],
    "no png": b"GIF89a",
    "heavy": picture() + bytes(1024 * 1024),
}


@pytest.mark.parametrize("image", UNFIT.values(), ids=UNFIT)
def test_an_image_that_may_not_stand_on_a_letter_is_refused_at_once(keeper, people, handed_in, image):
    kept = Credential.objects.get(unit=people[0].unit)
    person = PersonFactory().pk

    with pytest.raises(InvalidInput) as refusal:
        register(handed_in, keeper, person_id=person, appearance=image)
    with pytest.raises(InvalidInput):
        replace_image(
            credential_id=kept.pk, image=image if image != UNFIT["red"] else picture(), **now(keeper)
        )

    assert refusal.value.field == "appearance"
    assert not Credential.objects.filter(person_id=person).exists()
    assert Credential.objects.get(pk=kept.pk).appearance_id == kept.appearance_id


def now(actor):
    return {"actor": actor, "at": timezone.now()}


def test_a_signature_is_blue_and_a_seal_red(keeper, people, handed_in):
    credential = register(handed_in, keeper, person_id=PersonFactory().pk, appearance=picture())
    seal = Credential.objects.get(unit=people[0].unit)

    replaced = replace_image(credential_id=seal.pk, image=picture((210, 20, 20, 255)), **now(keeper))

    entry = trace_of(seal)[0]
    assert read_blob(credential.appearance_id) == picture()
    assert (entry.action, entry.details) == (
        "signing.credential.image_replaced",
        {"before": seal.appearance_id, "sha256": replaced.appearance_id},
    )


def test_the_demos_own_images_are_fit():
    check_image(signature_image("Hoàng Văn Đức"), ink=Ink.BLUE)
    check_image(seal_image("Sở Nội vụ"), ink=Ink.RED)


def test_an_image_is_replaced_by_who_keeps_the_certificate_while_it_is_of_use(people, keeper):
    credential = Credential.objects.get(person=people[0].person)

    with pytest.raises(NotPermitted):
        replace_image(credential_id=credential.pk, image=picture(), **now(people[0]))
    with pytest.raises(NotFound):
        replace_image(credential_id=credential.pk, image=picture(), **now(people[2]))
    move(revoke_credential, credential, keeper)
    with pytest.raises(NotInThatState):
        replace_image(credential_id=credential.pk, image=picture(), **now(keeper))


def test_page_shows_and_replaces_the_image_and_tells_where_there_is_none(keeper_client, people):
    credential = Credential.objects.get(person=people[0].person)
    page = f"/signing/credentials/{credential.pk}/"
    Credential.objects.filter(pk=credential.pk).update(appearance=None)

    bare = keeper_client.get(page)
    nothing = keeper_client.get(f"{page}image/")
    unfit = keeper_client.post(f"{page}image/", {"appearance": SimpleUploadedFile("a.png", UNFIT["green"])})
    answer = keeper_client.post(f"{page}image/", {"appearance": SimpleUploadedFile("a.png", picture())})
    shown = keeper_client.get(f"{page}image/")

    assert 'class="alert alert-warning"' in bare.content.decode()
    assert (nothing.status_code, unfit.status_code, answer.url) == (404, 422, page)
    assert list(unfit.context["image_form"].errors) == ["appearance"]
    assert (shown["Content-Type"], b"".join(shown.streaming_content)) == ("image/png", picture())


@pytest.fixture
def keeper_client(client, keeper):
    client.force_login(AccountFactory(current_appointment=keeper))
    return client


def test_registry_lists_searches_and_filters(keeper_client, people):
    one = Credential.objects.get(unit=people[0].unit)
    Credential.objects.filter(pk=one.pk).update(valid_to=timezone.now() + timedelta(days=5))

    everything = keeper_client.get("/signing/credentials/")
    soon = keeper_client.get("/signing/credentials/", {"state": "expiring"})
    by_serial = keeper_client.get("/signing/credentials/", {"q": one.serial_number, "state": "active"})

    assert len(everything.context["page"]) == 2
    assert list(soon.context["page"]) == list(by_serial.context["page"]) == [one]


def test_registry_asks_as_many_queries_for_two_rows_as_for_one(keeper_client, people):
    serial = Credential.objects.get(unit=people[0].unit).serial_number

    def queries(address):
        with CaptureQueriesContext(connection) as seen:
            keeper_client.get(address)
        return len(seen)

    assert queries("/signing/credentials/") == queries(f"/signing/credentials/?q={serial}")


def test_page_registers_for_the_code_and_shows_each_fault_at_its_field(keeper_client, handed_in):
    unit = UnitFactory()
    upload = SimpleUploadedFile("dau.pem", handed_in)

    nobody = {"holder": "ai-day", "provider": "plugin", "certificate": SimpleUploadedFile("x", handed_in)}
    wrong = keeper_client.post("/signing/credentials/new/", nobody)
    answer = keeper_client.post(
        "/signing/credentials/new/", {"holder": unit.code, "certificate": upload, "provider": "plugin"}
    )

    credential = Credential.objects.get(unit=unit)
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["holder"])
    assert answer.url == f"/signing/credentials/{credential.pk}/"


def test_page_suspends_with_a_reason_and_shows_the_trace(keeper_client, people):
    credential = Credential.objects.get(person=people[0].person)
    page = f"/signing/credentials/{credential.pk}/"

    keeper_client.post(f"{page}suspend/", {"reason": "mất thiết bị"})
    answer = keeper_client.get(page)

    assert answer.context["credential"].state == CredentialState.SUSPENDED
    assert [entry.details["reason"] for entry, _name in answer.context["trace"]] == ["mất thiết bị"]
    assert keeper_client.post(f"{page}burn/").status_code == 404


def test_registry_is_not_there_for_others_who_see_their_own(client, people):
    leader, _clerk, specialist = people
    credential = Credential.objects.get(person=leader.person)
    client.force_login(AccountFactory(current_appointment=specialist))

    for address in ("", "new/", f"{credential.pk}/"):
        assert client.get(f"/signing/credentials/{address}").status_code == 404
    assert client.post(f"/signing/credentials/{credential.pk}/suspend/", {"reason": "x"}).status_code == 404
    assert list(client.get("/signing/mine/").context["page"]) == []

    account = Account.objects.get(person=leader.person)
    account.current_appointment = leader
    account.save()
    client.force_login(account)
    assert list(client.get("/signing/mine/").context["page"]) == [credential]
    assert client.get(f"/signing/credentials/{credential.pk}/").status_code == 200


@pytest.fixture
def program(client, keeper):
    """Calls the API as the keeper: method, path and what else the client takes."""
    AccountFactory(current_appointment=keeper)
    token = issue_token(appointment=keeper, label="máy", at=timezone.now())

    def call(method, path, **more):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}
        return getattr(client, method)(f"/api/v1/signing/{path}", headers=headers, **more)

    return call


def test_api_registers_lists_and_moves(program, handed_in):
    unit = UnitFactory()
    data = {
        "holder": unit.code,
        "provider": "plugin",
        "certificate": SimpleUploadedFile("dau.pem", handed_in),
    }

    made = program("post", "credentials", data=data)
    path = f"credentials/{made.json()['id']}/suspend"
    moved = program("post", path, data={"reason": "mất"}, content_type="application/json")
    listed = program("get", "credentials?state=suspended")
    shown = program("get", f"credentials/{made.json()['id']}").json()

    assert (made.status_code, made.json()["holder"], made.json()["state"]) == (201, unit.name, "active")
    assert (moved.status_code, moved.json()["state"]) == (200, "suspended")
    assert [item["id"] for item in listed.json()["items"]] == [made.json()["id"]]
    assert (shown["holder"], [each["reason"] for each in shown["trace"]]) == (unit.name, ["", "mất"])


def test_api_takes_shows_and_replaces_the_image(program, handed_in):
    data = {"holder": UnitFactory().code, "provider": "plugin"}
    red = picture((210, 20, 20, 255))

    def files(**images):
        return {name: SimpleUploadedFile("tep", image) for name, image in images.items()}

    refused = program("post", "credentials", data=data | files(certificate=handed_in, appearance=picture()))
    made = program("post", "credentials", data=data | files(certificate=handed_in))
    path = f"credentials/{made.json()['id']}/image"
    missing = program("get", path)
    given = program("post", path, data=files(appearance=red))
    shown = program("get", path)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "appearance")
    assert (made.json()["has_image"], missing.status_code) == (False, 404)
    assert (given.json()["has_image"], b"".join(shown.streaming_content)) == (True, red)


def test_api_names_the_field_at_fault_and_hides_what_is_not_ones_own(program, people, client):
    data = {"holder": "ai-day", "provider": "plugin", "certificate": SimpleUploadedFile("x", b"x")}
    credential = Credential.objects.get(person=people[0].person)
    AccountFactory(current_appointment=people[2])
    token = issue_token(appointment=people[2], label="máy", at=timezone.now())
    own = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    path = f"/api/v1/signing/credentials/{credential.pk}/revoke"

    refused = program("post", "credentials", data=data)
    hidden = client.post(path, {"reason": "x"}, content_type="application/json", headers=own)
    mine = client.get("/api/v1/signing/credentials/mine", headers=own)
    unread = client.get(f"/api/v1/signing/credentials/{credential.pk}", headers=own)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "holder")
    assert (hidden.status_code, unread.status_code, mine.json()["count"]) == (404, 404, 0)
