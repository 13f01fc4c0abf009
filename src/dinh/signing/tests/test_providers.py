import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from dinh.pki.api import LEADER_FIELD, UnusableKey
from dinh.signing import api
from dinh.signing.keys import key_path, password
from dinh.signing.models import Credential
from dinh.signing.providers import WrongKey

pytestmark = pytest.mark.django_db
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture
def module(people, settings, tmp_path, monkeypatch):
    """A SoftHSM2 token with the keys and certificates of the leader ("leader") and the unit ("seal")."""
    if not Path(SOFTHSM).exists():
        pytest.skip("SoftHSM2 is not installed")
    conf = tmp_path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tmp_path}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    args = ["softhsm2-util", "--init-token", "--free", "--label", "đình", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(args, check=True, capture_output=True)
    settings.PKCS11_MODULE, settings.PKCS11_PIN = SOFTHSM, "1234"
    import pkcs11

    library = pkcs11.lib(SOFTHSM)
    library.reinitialize()
    with library.get_token(token_label="đình").open(user_pin="1234", rw=True) as session:
        put(session, Credential.objects.get(person=people[0].person), "leader")
        put(session, Credential.objects.get(unit=people[0].unit), "seal")


def put(session, credential, label):
    import pkcs11
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    path = key_path(credential.fingerprint)
    key, _own, _issuers = pkcs12.load_key_and_certificates(path.read_bytes(), password().encode())
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    flags = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: label}
    session.create_object({**decode_rsa_private_key(der), **flags, pkcs11.Attribute.SIGN: True})
    session.create_object({**decode_x509_certificate(bytes(credential.certificate)), **flags})
    path.unlink()
    Credential.objects.filter(pk=credential.pk).update(provider="pkcs11", provider_ref=f"đình/{label}")


def sign(people, letter):
    return api.sign_pdf(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=people[0], certify=True
    )


def test_security_module_signs_at_once_and_in_two_phases(people, letter, module):
    signed = sign(people, letter)
    session = api.begin_signing(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=people[0], certify=True
    )
    later = api.finish_signing(session_id=session.id, appointment=people[0], sha256=letter)

    unit = people[0].unit_id
    assert api.has_valid_authorised_signature(sha256=signed.sha256, unit_id=unit)
    assert api.has_valid_authorised_signature(sha256=later.sha256, unit_id=unit)
    assert (session.provider, api.signs_on_device(people[0], "person")) == ("pkcs11", False)


def test_key_that_is_not_the_registered_one_is_refused(people, letter, module):
    Credential.objects.filter(person=people[0].person).update(provider_ref="đình/seal")

    with pytest.raises(WrongKey):
        sign(people, letter)


def test_without_a_configured_module_its_keys_do_not_sign(people, letter, settings):
    Credential.objects.filter(person=people[0].person).update(provider="pkcs11", provider_ref="x/leader")
    settings.PKCS11_MODULE = ""

    with pytest.raises(UnusableKey):
        sign(people, letter)


def test_wrong_pin_is_told(people, letter, module, settings):
    settings.PKCS11_PIN = "4321"
    Credential.objects.filter(person=people[0].person).update(provider_ref="đình/leader")

    with pytest.raises(UnusableKey):
        sign(people, letter)
