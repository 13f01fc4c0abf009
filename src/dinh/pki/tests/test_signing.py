import hashlib
import io
import subprocess
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from dinh.pki.api import (
    LEADER_FIELD,
    NUMBER_FIELD,
    SEAL_FIELD,
    Box,
    FieldAlreadyUsed,
    ImageAppearance,
    Pkcs11Signer,
    PreparedSignature,
    SignatureNotAllowed,
    TextAppearance,
    TimestampUnavailable,
    UnknownField,
    UnreadablePdf,
    UnusableImage,
    UnusableKey,
    WrongSignature,
    add_fields,
    fill_number_and_date,
    fill_text_fields,
    finish,
    finish_with_cms,
    load_pkcs12,
    prepare,
    read_fields,
    sign,
    sign_detached,
    verify_detached,
)
from dinh.pki.pdf.document import PdfFile
from dinh.pki.pdf.objects import Stream

from .authority import cms_of
from .letters import BLUE, CLAIMS, INITIALS_FIELD, NOON, RED, font, letter_fields, picture, plain_pdf
from .peers import pdf_text, pdfsig_lines, pyhanko_statuses, verapdf_says

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


class SilentServer:
    def stamp(self, digest: bytes) -> bytes:
        raise TimestampUnavailable("no answer")


def journey(authority, letter):
    """The letter after initials, leader, number and seal."""
    blue, red = ImageAppearance(picture(BLUE)), ImageAppearance(picture(RED))
    stamper = authority.stamper(NOON)
    first = sign(
        pdf=letter,
        field=INITIALS_FIELD,
        signer=authority.head.signer,
        claims=CLAIMS,
        appearance=blue,
        certify=True,
    ).pdf
    second = sign(
        pdf=first,
        field=LEADER_FIELD,
        signer=authority.leader.signer,
        claims=CLAIMS,
        appearance=blue,
        timestamp=stamper,
    ).pdf
    third = fill_number_and_date(pdf=second, number="05", date="05 tháng 02 năm 2026", font=font())
    fourth = sign(
        pdf=third,
        field=SEAL_FIELD,
        signer=authority.agency.signer,
        claims=CLAIMS,
        appearance=red,
        timestamp=stamper,
    ).pdf
    return [first, second, third, fourth]


@pytest.mark.parametrize("xref_stream", [False, True])
def test_letter_is_valid_to_pyhanko_and_poppler_after_every_step(authority, tmp_path, xref_stream):
    letter = add_fields(pdf=plain_pdf(xref_stream=xref_stream), fields=letter_fields())

    steps = journey(authority, letter)

    for step, count in zip(steps, (1, 2, 2, 3), strict=True):
        assert [s.bottom_line for s in pyhanko_statuses(step, [authority.root.der])] == [True] * count
        assert pdfsig_lines(step, tmp_path) == ["Signature is Valid."] * count


@pytest.mark.parametrize("tagged", [True, False])
def test_typst_letter_in_pdf_a_is_signed_and_keeps_its_rules(authority, tmp_path, tagged):
    from dinh.kernel.pdf import render_pdf

    pdf = render_pdf("kernel/specimen.typ", {"text": "Kính gửi"}, tagged=tagged).pdf
    letter = add_fields(pdf=pdf, fields=letter_fields())

    steps = journey(authority, letter)

    assert [s.bottom_line for s in pyhanko_statuses(steps[-1], [authority.root.der])] == [True] * 3
    assert pdfsig_lines(steps[-1], tmp_path) == ["Signature is Valid."] * 3
    assert pdf_a_faults(steps[-1]) == []


@pytest.mark.parametrize("tagged", [True, False])
def test_typst_letter_is_pdf_a_to_verapdf_after_every_step(authority, tmp_path, tagged):
    from dinh.kernel.pdf import render_pdf

    pdf = render_pdf("kernel/specimen.typ", {"text": "Kính gửi"}, tagged=tagged).pdf
    letter = add_fields(pdf=pdf, fields=letter_fields())

    for step in (pdf, letter, *journey(authority, letter)):
        assert verapdf_says(step, tmp_path) == ""


def pdf_a_faults(data):
    """What ISO 19005-2 asks of widgets and fonts and a reader can check without veraPDF."""
    pdf = PdfFile(data)
    faults = []
    for num in pdf.xref:
        value = pdf.get(num)
        item = value.dict if isinstance(value, Stream) else value
        if not isinstance(item, dict):
            continue
        if item.get("Subtype") == "Widget":
            faults += [f"{num} {key}" for key in ("A", "AA") if key in item]
            faults += (
                [] if item.get("F", 0) & 0b100111 == 4 and "AP" in item else [f"{num} flags or appearance"]
            )
        if item.get("Type") == "FontDescriptor" and not {"FontFile2", "FontFile3", "FontFile"} & set(item):
            faults.append(f"{num} font is not embedded")
        if item.get("Type") == "Font" and item.get("Subtype") == "Type0" and "ToUnicode" not in item:
            faults.append(f"{num} font without ToUnicode")
        if item.get("Subtype") == "Image" and item.get("Interpolate"):
            faults.append(f"{num} interpolated image")
    if pdf.form().get("NeedAppearances") or "XFA" in pdf.form():
        faults.append("form")
    return faults


def test_date_may_stand_in_another_typeface(letter):
    italic = font().with_name(font().name.replace("Regular", "Italic"))

    filled = fill_number_and_date(pdf=letter, number="05", date="05 tháng 02", font=font(), date_font=italic)

    assert filled.count(b"Italic") > letter.count(b"Italic")


def test_signing_only_appends(authority, letter):
    steps = [letter, *journey(authority, letter)]

    assert all(later.startswith(earlier) for earlier, later in pairwise(steps))


def test_number_and_date_show_in_extracted_text(authority, letter, tmp_path):
    text = pdf_text(journey(authority, letter)[-1], tmp_path)

    assert "05 tháng 02 năm 2026" in text.splitlines()
    assert "05" in text.splitlines()


def test_pyhanko_reports_a_number_changed_after_the_seal(authority, letter):
    sealed = journey(authority, letter)[-1]

    with pytest.raises(FieldAlreadyUsed):
        fill_text_fields(pdf=sealed, values={NUMBER_FIELD: "06"}, font=font())


def test_locked_empty_field_cannot_be_filled(authority, letter):
    sealed = sign(pdf=letter, field=SEAL_FIELD, signer=authority.agency.signer, claims=CLAIMS).pdf

    with pytest.raises(SignatureNotAllowed):
        fill_text_fields(pdf=sealed, values={NUMBER_FIELD: "06"}, font=font())


def test_filling_the_same_value_again_changes_nothing(letter):
    once = fill_number_and_date(pdf=letter, number="05", date="05 tháng 02 năm 2026", font=font())

    again = fill_number_and_date(pdf=once, number="05", date="05 tháng 02 năm 2026", font=font())

    assert again == once


def test_read_fields_tells_what_is_signed_and_filled(authority, letter):
    signed = journey(authority, letter)[2]

    states = {state.name: state for state in read_fields(pdf=signed)}

    assert [name for name, state in states.items() if state.filled] == [
        NUMBER_FIELD,
        "dinh.date",
        INITIALS_FIELD,
        LEADER_FIELD,
    ]
    assert states[NUMBER_FIELD].value == "05"
    assert states[SEAL_FIELD].box == Box(1, 300, 180, 399, 280)


def test_prepared_signature_survives_a_restart(authority, letter):
    signer = authority.leader.signer
    prepared = prepare(pdf=letter, field=LEADER_FIELD, certificates=signer.certificates, claims=CLAIMS)

    restored = PreparedSignature.restore(ticket=prepared.ticket(), document=prepared.document)
    signed = finish(prepared=restored, signature=signer.sign(restored.attributes))

    assert restored == prepared
    assert prepared.attributes_digest == hashlib.sha256(prepared.attributes).digest()
    assert pyhanko_statuses(signed.pdf, [authority.root.der])[0].bottom_line


def test_prepared_signature_refuses_another_document(authority, letter):
    signer = authority.leader.signer
    prepared = prepare(pdf=letter, field=LEADER_FIELD, certificates=signer.certificates, claims=CLAIMS)

    with pytest.raises(WrongSignature):
        PreparedSignature.restore(ticket=prepared.ticket(), document=b"x" + prepared.document[1:])


def test_finish_refuses_the_signature_of_another_key(authority, letter):
    prepared = prepare(
        pdf=letter, field=LEADER_FIELD, certificates=authority.leader.signer.certificates, claims=CLAIMS
    )

    with pytest.raises(WrongSignature):
        finish(prepared=prepared, signature=authority.head.signer.sign(prepared.attributes))


def test_finish_with_cms_accepts_what_a_device_assembled(authority, letter):
    prepared = prepare(
        pdf=letter, field=LEADER_FIELD, certificates=authority.leader.signer.certificates, claims=CLAIMS
    )

    signed = finish_with_cms(
        prepared=prepared, content=cms_of(authority.leader, None, digest=prepared.digest)
    )

    assert signed.level == "B-B"
    assert pyhanko_statuses(signed.pdf, [authority.root.der])[0].bottom_line


def test_finish_with_cms_refuses_another_document_and_another_signer(authority, letter):
    prepared = prepare(
        pdf=letter, field=LEADER_FIELD, certificates=authority.leader.signer.certificates, claims=CLAIMS
    )

    with pytest.raises(WrongSignature):
        finish_with_cms(prepared=prepared, content=cms_of(authority.leader, None, digest=bytes(32)))
    with pytest.raises(WrongSignature):
        finish_with_cms(prepared=prepared, content=cms_of(authority.head, None, digest=prepared.digest))


def test_silent_timestamp_server_costs_only_the_timestamp(authority, letter):
    signed = sign(
        pdf=letter,
        field=LEADER_FIELD,
        signer=authority.leader.signer,
        claims=CLAIMS,
        timestamp=SilentServer(),
    )

    assert (signed.level, signed.notes) == ("B-B", ("no answer",))
    assert pyhanko_statuses(signed.pdf, [authority.root.der])[0].bottom_line


def test_field_is_made_in_a_box_on_an_uploaded_pdf(authority, tmp_path):
    block = TextAppearance(("05/SY-UBND", "05/02/2026; 12:00:00; +07:00"), font())

    signed = sign(
        pdf=plain_pdf(), field="Signature1", signer=authority.agency.signer, claims=CLAIMS, appearance=block,
        box=Box(1, 400, 760, 580, 800), certify=True,
    )  # fmt: skip

    assert "05/02/2026; 12:00:00; +07:00" in pdf_text(signed.pdf, tmp_path)
    assert pyhanko_statuses(signed.pdf, [authority.root.der])[0].bottom_line


def test_only_the_first_signature_certifies(authority, letter):
    first = journey(authority, letter)[0]

    with pytest.raises(SignatureNotAllowed):
        sign(pdf=first, field=LEADER_FIELD, signer=authority.leader.signer, claims=CLAIMS, certify=True)


def test_signed_field_and_missing_field_are_refused(authority, letter):
    first = journey(authority, letter)[0]

    with pytest.raises(FieldAlreadyUsed):
        sign(pdf=first, field=INITIALS_FIELD, signer=authority.leader.signer, claims=CLAIMS)
    with pytest.raises(UnknownField):
        sign(pdf=first, field="Signature9", signer=authority.leader.signer, claims=CLAIMS)
    with pytest.raises(FieldAlreadyUsed):
        add_fields(pdf=letter, fields=letter_fields())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"PK\x03\x04" * 99, plain_pdf()[:-200]])
def test_what_is_no_pdf_is_refused(authority, data):
    with pytest.raises(UnreadablePdf):
        sign(pdf=data, field=LEADER_FIELD, signer=authority.leader.signer, claims=CLAIMS)


def test_image_must_be_a_png(authority, letter, tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    for data in (b"<svg/>", (tmp_path / "a.jpg").read_bytes(), picture(RED)[:80]):
        with pytest.raises(UnusableImage):
            sign(
                pdf=letter, field=LEADER_FIELD, signer=authority.leader.signer, claims=CLAIMS,
                appearance=ImageAppearance(data),
            )  # fmt: skip


def test_an_image_is_shown_as_large_as_its_ink_allows(authority, letter):
    small = picture(RED, (80, 80))
    framed, out = Image.new("RGBA", (400, 400), (0, 0, 0, 0)), io.BytesIO()
    framed.paste(Image.open(io.BytesIO(small)), (200, 150))
    framed.save(out, "PNG")

    shown = [
        sign(
            pdf=letter, field=SEAL_FIELD, signer=authority.agency.signer, claims=CLAIMS,
            appearance=ImageAppearance(png),
        ).pdf
        for png in (small, out.getvalue())
    ]  # fmt: skip

    assert ink_of(shown[0]) == ink_of(shown[1])


def ink_of(pdf):
    """Where the first page is red: left, top, right, bottom of its picture."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        red, green, _blue = document[0].render(scale=2, may_draw_forms=True).to_pil().convert("RGB").split()
    return ImageChops.subtract(red, green).point([255 if value > 60 else 0 for value in range(256)]).getbbox()


def test_pkcs12_key_is_parsed_once(authority):
    data = authority.leader.pkcs12("s3cret")

    signer = load_pkcs12(data=data, password="s3cret")

    assert load_pkcs12(data=data, password="s3cret") is signer
    assert signer.certificates[0] == authority.leader.der
    with pytest.raises(UnusableKey):
        load_pkcs12(data=data, password="wrong")


def test_detached_signature_holds_for_its_data_only(authority):
    content = sign_detached(data=b"seal", signer=authority.agency.signer, timestamp=authority.stamper(NOON))

    checked = verify_detached(data=b"seal", content=content)

    assert checked.certificates[0] == authority.agency.der
    assert checked.stamped_at == NOON
    with pytest.raises(WrongSignature):
        verify_detached(data=b"other", content=content)


@pytest.fixture
def token(authority, tmp_path, monkeypatch):
    """A SoftHSM token with the leader's key and certificate."""
    if not Path(SOFTHSM).exists():
        pytest.skip("SoftHSM2 is not installed")
    conf = tmp_path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tmp_path}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    args = ["softhsm2-util", "--init-token", "--free", "--label", "demo", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(args, check=True, capture_output=True)
    import pkcs11
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    key = authority.leader.key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    library = pkcs11.lib(SOFTHSM)
    library.reinitialize()
    with library.get_token(token_label="demo").open(user_pin="1234", rw=True) as session:
        flags = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "leader"}
        session.create_object({**decode_rsa_private_key(key), **flags, pkcs11.Attribute.SIGN: True})
        session.create_object({**decode_x509_certificate(authority.leader.der), **flags})
    return {"module": SOFTHSM, "token_label": "demo", "key_label": "leader"}


def test_pkcs11_token_signs_and_keeps_its_session(authority, letter, token):
    signer = Pkcs11Signer(**token, pin="1234", issuers=(authority.ca.der,))

    signed = sign(pdf=letter, field=LEADER_FIELD, signer=signer, claims=CLAIMS)
    session = signer._session
    sign(pdf=letter, field=LEADER_FIELD, signer=signer, claims=CLAIMS)

    assert signer._session is session
    assert pyhanko_statuses(signed.pdf, [authority.root.der])[0].bottom_line
    signer.close()
    assert signer.sign(b"again") == authority.leader.signer.sign(b"again")
    signer.close()


def test_pkcs11_wrong_pin_is_refused_once(token):
    with pytest.raises(UnusableKey):
        Pkcs11Signer(**token, pin="9999")
