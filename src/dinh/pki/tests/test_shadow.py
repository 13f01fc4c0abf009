"""
Shadow attacks: whoever prepares a letter hides something in it, lets the leader sign, then turns the hidden side out
(hide, replace, hide and replace), and attacks on certified letters through what DocMDP 2 permits.
"""

import re

import pytest

from dinh.pki.api import Box, FieldSpec, TrustStore, Verdict, add_fields, read_fields, sign, verify_pdf

from .letters import CLAIMS, NOON, plain_pdf
from .second_writer import CERTIFY, PAGE, Office, form_object, widget

COVER = form_object(b"1 g 0 0 100 100 re f")
NOTHING = form_object(b"")
CATALOG = (
    b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%s] /SigFlags 3 >> /Perms << /DocMDP 100 0 R >> >>"
)
WIDGET = b"<< /Type /Annot /Subtype /Widget /F 4 /P 5 0 R /AP << /N 111 0 R >> "
AMOUNT = WIDGET + b"/FT /Tx /T (amount) /Rect [90 700 250 720] %s >>"
PLACE = WIDGET + b"/FT /Sig /T (Late) /Rect [50 600 500 750] %s >>"


@pytest.fixture
def judge(authority):
    trust, crl = TrustStore.of(anchors=[authority.root.pem]), authority.crl(at=NOON)
    return lambda pdf: verify_pdf(source=bytes(pdf), trust=trust, at=NOON, crls=[crl])


def codes(report):
    return {reason.code for item in report.signatures for reason in item.reasons}


def certified(authority, extra, *, fields=b"102 0 R", annotations=b"102 0 R", pdf=b""):
    """A certified letter (DocMDP 2) that carries `extra` objects when the leader signs it."""
    office = Office(pdf or plain_pdf())
    office.sign(
        {
            1: CATALOG % fields,
            5: PAGE % annotations,
            101: form_object(),
            102: widget(b"Signature1", 100, 101, b"300 300 344 345"),
            **extra,
        },
        100,
        authority.leader,
        reference=CERTIFY % 2,
    )
    return office


def free(office, number):
    """An update that declares an object free, as deleting it does."""
    prev = int(re.findall(rb"startxref\s+(\d+)", office.data)[-1])
    xref = len(office.data)
    office.data += b"xref\n0 1\n0000000000 65535 f \n%d 1\n0000000000 00001 f \n" % number
    office.data += b"trailer\n<< /Size 400 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (prev, xref)


@pytest.mark.parametrize("way", ["freed", "emptied", "taken off the page"])
def test_hide_cover_over_the_text_is_taken_away(authority, judge, way):
    stamp = b"<< /Type /Annot /Subtype /Stamp /Rect [50 600 500 750] /F 4 /AP << /N 111 0 R >> >>"
    office = certified(authority, {110: stamp, 111: COVER}, annotations=b"102 0 R 110 0 R")
    before = judge(office.data)
    if way == "freed":
        free(office, 110)
    else:
        office.update({111: NOTHING} if way == "emptied" else {5: PAGE % b"102 0 R"})

    assert before.verdict is Verdict.VALID
    assert judge(office.data).verdict is Verdict.INVALID


def test_hide_cover_by_an_empty_signature_field_that_is_signed_later_asks_for_a_look(authority, judge):
    office = certified(
        authority, {110: PLACE % b"", 111: COVER}, fields=b"102 0 R 110 0 R", annotations=b"102 0 R 110 0 R"
    )
    revealed = sign(pdf=office.data, field="Late", signer=authority.agency.signer, claims=CLAIMS)

    office.update({110: PLACE % b"/V 100 0 R", 111: NOTHING})

    assert judge(office.data).verdict is not Verdict.VALID
    assert judge(revealed.pdf).verdict is Verdict.VALID


def test_hide_signed_later_with_other_looks_is_not_valid(authority, judge):
    office = certified(
        authority, {110: PLACE % b"", 111: COVER}, fields=b"102 0 R 110 0 R", annotations=b"102 0 R 110 0 R"
    )
    late = Office(office.data)
    late.sign({110: PLACE.replace(b"111", b"211") % b"/V 200 0 R", 211: NOTHING}, 200, authority.agency)

    report = judge(late.data)

    assert (report.verdict, "changes.shown" in codes(report)) == (Verdict.INDETERMINATE, True)


def test_replace_value_that_was_only_shown_is_invalid(authority, judge):
    office = certified(
        authority, {110: AMOUNT % b"", 111: form_object(b"BT (100) Tj ET")},
        fields=b"102 0 R 110 0 R", annotations=b"102 0 R 110 0 R",
    )  # fmt: skip
    before = judge(office.data)
    office.update({110: (AMOUNT % b"/V (900)").replace(b"111", b"211"), 211: form_object(b"BT (900) Tj ET")})

    assert before.verdict is Verdict.VALID
    assert (judge(office.data).verdict, "changes.value" in codes(judge(office.data))) == (
        Verdict.INVALID,
        True,
    )


@pytest.mark.parametrize(
    ("looks", "more", "verdict"),
    [
        (b"", b"", Verdict.VALID),
        (b"/Tx BMC EMC", b"", Verdict.VALID),
        (b"0 0 160 20 re S", b"/MK << /BC [0] >>", Verdict.VALID),
        (b"0 0 160 20 re f", b"", Verdict.INDETERMINATE),
    ],
)
def test_filling_an_empty_field_is_permitted(authority, judge, looks, more, verdict):
    office = certified(
        authority, {110: AMOUNT % more, 111: form_object(looks)},
        fields=b"102 0 R 110 0 R", annotations=b"102 0 R 110 0 R",
    )  # fmt: skip
    office.update(
        {110: (AMOUNT % (more + b" /V (900)")).replace(b"111", b"211"), 211: form_object(b"BT (900) Tj ET")}
    )

    assert judge(office.data).verdict is verdict


def test_hide_and_replace_by_a_table_that_points_to_hidden_bytes(authority, judge):
    hidden = b"3 0 obj\n<< /Length 5 >>\nstream\nBT ET\nendstream\nendobj\n"
    pdf = plain_pdf()
    start = pdf.index(b"1 0 obj")
    shifted = pdf[:start] + hidden + pdf[start:]
    pdf = re.sub(rb"(\d{10}) (\d{5} n)", lambda m: b"%010d %s" % (int(m[1]) + len(hidden), m[2]), shifted)
    pdf = re.sub(rb"startxref\n(\d+)", lambda m: b"startxref\n%d" % (int(m[1]) + len(hidden)), pdf)
    office = certified(authority, {}, pdf=pdf)
    before = judge(office.data)
    prev, xref = int(re.findall(rb"startxref\s+(\d+)", office.data)[-1]), len(office.data)
    office.data += b"xref\n3 1\n%010d 00000 n \n" % start
    office.data += b"trailer\n<< /Size 400 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (prev, xref)

    assert before.verdict is Verdict.VALID
    assert (judge(office.data).verdict, "changes.page" in codes(judge(office.data))) == (
        Verdict.INVALID,
        True,
    )


def test_font_of_the_form_changed_is_invalid(authority, judge):
    fields = b"102 0 R] /DR << /Font << /F1 4 0 R /F2 120 0 R >> >> /X ["
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>"
    office = certified(authority, {120: font}, fields=fields)
    office.update({120: font.replace(b"Times-Roman", b"Symbol")})

    assert judge(office.data).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "action", [b"/AA << /PO << /S /JavaScript /JS (x) >> >>", b"/A << /S /URI /URI (x) >>"]
)
def test_late_signature_field_that_acts_is_not_valid(authority, judge, action):
    office = certified(authority, {})
    field = widget(b"Late", 200, 201, b"9 9 60 60").replace(b"/FT", action + b" /FT")
    office.sign(
        {1: CATALOG % b"102 0 R 202 0 R", 5: PAGE % b"102 0 R 202 0 R", 201: form_object(), 202: field},
        200,
        authority.agency,
    )

    assert judge(office.data).verdict is not Verdict.VALID


def test_fields_hung_below_a_signed_one_are_invalid(authority, judge):
    office = certified(authority, {})
    office.update({102: widget(b"Signature1", 100, 101, b"300 300 344 345").replace(b"/FT", b"/Kids [103 0 R] /FT"),
                   103: b"<< /T (x) /Parent 102 0 R >>"})  # fmt: skip

    assert judge(office.data).verdict is not Verdict.VALID


def test_own_letters_fill_and_sign_what_showed_nothing(authority, judge):
    pdf = add_fields(
        pdf=plain_pdf(), fields=[FieldSpec("a", Box(1, 9, 9, 99, 99)), FieldSpec("b", Box(1, 9, 99, 99, 199))]
    )
    for field, holder in (("a", authority.leader), ("b", authority.agency)):
        pdf = sign(pdf=pdf, field=field, signer=holder.signer, claims=CLAIMS, certify=field == "a").pdf

    assert judge(pdf).verdict is Verdict.VALID
    assert all(state.filled for state in read_fields(pdf=pdf))
