"""Files made to deceive, to crash or to exhaust: each gets a verdict, none of the altered ones is valid."""

import re
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinh.pki.api import (
    LEADER_FIELD,
    Box,
    TrustStore,
    Verdict,
    VerificationPolicy,
    sign,
    verify_pdf,
)

from .letters import CLAIMS, NOON, plain_pdf
from .second_writer import PAGE, Office, form_object, six_signatures, widget
from .test_signing import journey

OVERLAY = b"<< /Type /Annot /Subtype /%s /Rect [50 600 500 750] /F 4 /AP << /N 201 0 R >> >>"
WHITE = form_object(b"1 g 0 0 100 100 re f")


@pytest.fixture
def judge(authority):
    trust, crl = TrustStore.of(anchors=[authority.root.pem]), authority.crl(at=NOON)

    def run(pdf, **options):
        return verify_pdf(source=bytes(pdf), trust=trust, at=NOON, crls=[crl], **options)

    return run


@pytest.fixture(scope="module")
def signed(authority):
    """One certified signature by the second writer: page 5, form in the catalog, widget 102, looks 101."""
    return six_signatures(plain_pdf(), [authority.leader])


@pytest.fixture(scope="module")
def sealed(authority, letter):
    return journey(authority, letter)[-1]


def code_set(report):
    return {r.code for r in report.reasons} | {r.code for s in report.signatures for r in s.reasons}


CATALOG = (
    b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [102 0 R%s] /SigFlags 3 >>"
    b" /Perms << /DocMDP 100 0 R >> %s >>"
)

INCREMENTAL = {
    "page content replaced": ({3: b"<< /Length 0 >>\nstream\n\nendstream"}, "changes.page"),
    "page content moved to a new object": (
        {5: PAGE.replace(b"3 0 R", b"200 0 R") % b"102 0 R", 200: b"<< /Length 0 >>\nstream\n\nendstream"},
        "changes.page",
    ),
    "font changed": ({4: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, "changes.page"),
    "page box cut": (
        {5: (PAGE % b"102 0 R").replace(b"/Parent", b"/CropBox [0 0 9 9] /Parent")},
        "changes.page",
    ),
    "page removed": ({2: b"<< /Type /Pages /Kids [] /Count 0 >>"}, "changes.page"),
    "page added": (
        {2: b"<< /Type /Pages /Kids [5 0 R 200 0 R] /Count 2 /MediaBox [0 0 595 842] >>", 200: PAGE % b""},
        "changes.page",
    ),
    "free text laid over": (
        {5: PAGE % b"102 0 R 200 0 R", 200: OVERLAY % b"FreeText", 201: WHITE},
        "changes.annotation",
    ),
    "stamp laid over": (
        {5: PAGE % b"102 0 R 200 0 R", 200: OVERLAY % b"Stamp", 201: WHITE},
        "changes.annotation",
    ),
    "widget without a field laid over": (
        {5: PAGE % b"102 0 R 200 0 R", 200: OVERLAY % b"Widget", 201: WHITE},
        "changes.annotation",
    ),
    "unsigned signature field laid over": (
        {
            1: CATALOG % (b" 200 0 R", b""),
            5: PAGE % b"102 0 R 200 0 R",
            200: (OVERLAY % b"Widget").replace(b"/F 4", b"/F 4 /FT /Sig /T (Late)"),
            201: WHITE,
        },
        "changes.annotation",
    ),
    "text field added": (
        {
            1: CATALOG % (b" 200 0 R", b""),
            5: PAGE % b"102 0 R 200 0 R",
            200: (OVERLAY % b"Widget").replace(b"/F 4", b"/F 4 /FT /Tx /T (Late) /V (paid)"),
            201: WHITE,
        },
        "changes.field",
    ),
    "annotation list emptied": ({5: PAGE % b""}, "changes.annotation"),
    "looks of the signature swapped": ({101: WHITE}, "changes.signature"),
    "widget moved": ({102: widget(b"Signature1", 100, 101, b"1 1 9 9")}, "changes.signature"),
    "action on opening": (
        {1: CATALOG % (b"", b"/OpenAction << /S /JavaScript /JS (x) >>")},
        "changes.document",
    ),
    "layers switched": ({1: CATALOG % (b"", b"/OCProperties << /OCGs [] /D << >> >>")}, "changes.document"),
    "certification dropped": (
        {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [102 0 R] /SigFlags 3 >> >>"},
        "changes.document",
    ),
    "appearances to be made anew": (
        {1: (CATALOG % (b"", b"")).replace(b"/SigFlags", b"/NeedAppearances true /SigFlags")},
        "changes.appearance",
    ),
}


@pytest.mark.parametrize("attack", INCREMENTAL)
def test_incremental_attacks_are_invalid(judge, signed, attack):
    objects, code = INCREMENTAL[attack]
    office = Office(signed.data)
    office.update(objects)

    report = judge(office.data)

    assert (report.verdict, code in code_set(report)) == (Verdict.INVALID, True)
    assert judge(signed.data).verdict is Verdict.VALID


def test_other_catalog_is_invalid(judge, signed):
    office = Office(signed.data)
    office.update({300: CATALOG % (b"", b""), 5: PAGE % b"102 0 R"}, root=300)

    assert judge(office.data).verdict is Verdict.INVALID


def test_signature_hidden_from_the_form_is_not_valid(judge, signed):
    office = Office(signed.data)
    office.update({1: b"<< /Type /Catalog /Pages 2 0 R >>", 5: PAGE % b""})

    assert judge(office.data).verdict is Verdict.INDETERMINATE


def test_attack_between_two_signatures_shows_on_the_first(authority, judge, signed):
    office = Office(signed.data)
    office.update({3: b"<< /Length 0 >>\nstream\n\nendstream"})
    both = sign(
        pdf=office.data, field="Late", signer=authority.agency.signer, claims=CLAIMS, box=Box(1, 9, 9, 99, 99)
    ).pdf

    report = judge(both)

    assert [s.verdict for s in report.signatures] == [Verdict.INVALID, Verdict.VALID]
    assert report.verdict is Verdict.INVALID


def test_large_late_signature_asks_people_to_look(authority, judge, signed):
    both = sign(
        pdf=signed.data,
        field="Late",
        signer=authority.agency.signer,
        claims=CLAIMS,
        box=Box(1, 0, 0, 595, 842),
    ).pdf

    assert (judge(both).verdict, "changes.large" in code_set(judge(both))) == (Verdict.INDETERMINATE, True)


def test_dangling_reference_defined_later_is_invalid(authority, judge):
    base = plain_pdf().replace(b"/Contents 3 0 R", b"/Contents 9 0 R")
    office = six_signatures(base, [authority.leader])
    office.data = office.data
    page = PAGE.replace(b"/Contents 3 0 R", b"/Contents 150 0 R")
    office = Office(plain_pdf())
    office.sign(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [102 0 R] /SigFlags 3 >> >>",
            5: page % b"102 0 R",
            101: form_object(),
            102: widget(b"Signature1", 100, 101, b"300 300 344 345"),
        },
        100,
        authority.leader,
    )
    before = judge(office.data)
    office.update({150: b"<< /Length 3 >>\nstream\nq Q\nendstream"})

    assert before.verdict is Verdict.VALID
    assert judge(office.data).verdict is Verdict.INVALID


def test_permission_one_forbids_filling_and_signing(authority, judge):
    office = six_signatures(plain_pdf(), [authority.head, authority.leader], level=1)

    report = judge(office.data)

    assert (report.verdict, "changes.not_allowed" in code_set(report)) == (Verdict.INVALID, True)


def form_letter(authority, *, value=b"", reference=b""):
    """A letter with a text field (object 110) signed by the second writer."""
    office = Office(plain_pdf())
    text = text_widget(value)
    office.sign(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [102 0 R 110 0 R] /SigFlags 3 >> >>",
            5: PAGE % b"102 0 R 110 0 R",
            101: form_object(),
            102: widget(b"Signature1", 100, 101, b"300 300 344 345"),
            110: text,
            111: form_object(b"(05) Tj"),
        },
        100,
        authority.leader,
        reference=reference,
    )
    return office


def text_widget(value):
    shown = b"/V (%s)" % value if value else b""
    return (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (number) /F 4 /P 5 0 R /Rect [90 740 150 756] "
        b"/DA (/F1 12 Tf) %s /AP << /N 111 0 R >> >>" % shown
    )


def test_form_value_changed_after_signature_is_invalid(authority, judge):
    office = form_letter(authority, value=b"05")
    before = judge(office.data)
    office.update({110: text_widget(b"06"), 111: form_object(b"(06) Tj")})

    assert before.verdict is Verdict.VALID
    assert (judge(office.data).verdict, "changes.value" in code_set(judge(office.data))) == (
        Verdict.INVALID,
        True,
    )


def test_looks_of_a_value_changed_after_signature_are_invalid(authority, judge):
    office = form_letter(authority, value=b"05")
    office.update({111: form_object(b"(06) Tj")})

    assert judge(office.data).verdict is Verdict.INVALID


def test_locked_field_filled_after_signature_is_invalid(authority, judge):
    lock = (
        b"/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams "
        b"<< /Type /TransformParams /Action /Include /Fields [(number)] /V /1.2 >> >>]"
    )
    office = form_letter(authority, reference=lock)
    before = judge(office.data)
    office.update({110: text_widget(b"06")})

    assert before.verdict is Verdict.VALID
    assert "changes.locked" in code_set(judge(office.data))
    assert judge(office.data).verdict is Verdict.INVALID


def test_number_changed_after_the_seal_is_invalid(judge, sealed):
    number = int(re.findall(rb"(\d+) 0 obj\n<<[^>]*/T \(number\)", sealed)[-1])
    office = Office(sealed)
    office.update({number: b"<< /FT /Tx /T (number) /V (06) >>"})

    assert judge(office.data).verdict is Verdict.INVALID


# Byte ranges and contents


def patched(signed, old, new):
    data = signed.data
    at = data.index(old)
    return data[:at] + new + data[at + len(old) :]


def ranges(signed):
    return [int(n) for n in re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", signed.data)[-1]]


@pytest.mark.parametrize(
    "new",
    [
        lambda a, b, c, d: (0, b - 10, c, d),
        lambda a, b, c, d: (0, b, c + 10, d - 10),
        lambda a, b, c, d: (1, b - 1, c, d),
        lambda a, b, c, d: (0, b, c, d - 20),
        lambda a, b, c, d: (0, b, c, d + 20),
        lambda a, b, c, d: (0, b, b, d),
        lambda a, b, c, d: (0, 0, 0, 0),
        lambda a, b, c, d: (0, 9_999_999_999, c, d),
    ],
)
def test_wrong_byte_range_is_invalid(judge, signed, new):
    old = re.findall(rb"/ByteRange \[[^\]]*\]", signed.data)[-1]
    text = b"/ByteRange [%d %010d %010d %010d]" % new(*ranges(signed))

    assert judge(patched(signed, old, text.ljust(len(old)))).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "text", [b"/ByteRange null", b"/ByteRange [0 1]", b"/ByteRange [(a) 1 2 3]", b"/NoRange [0]"]
)
def test_missing_byte_range_is_invalid(judge, signed, text):
    old = re.findall(rb"/ByteRange \[[^\]]*\]", signed.data)[-1]

    assert judge(patched(signed, old, text.ljust(len(old)))).verdict is Verdict.INVALID


def test_empty_and_broken_contents_are_invalid(judge, signed):
    _, gap, end, _ = ranges(signed)
    zeros = signed.data[: gap + 1] + b"0" * (end - gap - 2) + signed.data[end - 1 :]
    null = signed.data[:gap] + b"null".ljust(end - gap) + signed.data[end:]
    trailing = signed.data[: end - 9] + b"deadbeef" + signed.data[end - 1 :]

    assert [judge(data).verdict for data in (zeros, null, trailing)] == [Verdict.INVALID] * 3


def test_wrapped_signature_is_invalid(judge, signed):
    """The signed bytes are kept at the end, and a changed document is put in between (signature wrapping)."""
    _, gap, end, length = ranges(signed)
    insert = b"\n3 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"
    moved = signed.data[:end] + insert + signed.data[end:]
    old = re.findall(rb"/ByteRange \[[^\]]*\]", moved)[-1]
    wrapped = moved.replace(
        old, (b"/ByteRange [0 %010d %010d %010d]" % (gap, end + len(insert), length)).ljust(len(old))
    )

    assert judge(wrapped).verdict is not Verdict.VALID


def test_signature_taken_from_another_letter_is_invalid(authority, judge, signed):
    other = six_signatures(plain_pdf(pages=1, extra=[b"<< /Other true >>"]), [authority.leader])
    _, gap, end, _ = ranges(signed)
    _, gap2, _, _ = ranges(other)
    data = other.data[:gap2] + signed.data[gap:end] + other.data[gap2 + end - gap :]

    assert judge(data).verdict is Verdict.INVALID


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.8, 0.97])
def test_any_flipped_byte_is_never_valid(judge, sealed, share):
    at = int(len(sealed) * share)
    data = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]

    assert judge(data).verdict is not Verdict.VALID or data[at : at + 1] in b"0123456789abcdef"


# Files that crash or exhaust


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"%PDF-1.7\n" + b"\0" * 3_000_000,
        b"%PDF-1.7\n" + b"(" * 3_000_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\n" + b"<<" * 1_000_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\n1 0 obj\n" + b"[" * 1_000_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 99999999\n" + b"0" * 1_000_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\ntrailer\n<< /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\n" + b"1 " * 2_000_000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\n" + b"%" * 3_000_000 + b"\nstartxref\n9\n%%EOF",
        b"\x89PNG" * 1000,
    ],
)
def test_garbage_is_indeterminate_and_quick(judge, data):
    begin = time.monotonic()

    report = judge(data)

    assert report.verdict is Verdict.INDETERMINATE
    assert time.monotonic() - begin < 5


def test_truncated_letter_is_never_valid_as_a_whole(judge, sealed, signed):
    for share in (0.1, 0.5, 0.9, 0.999):
        assert judge(sealed[: int(len(sealed) * share)]).verdict is Verdict.INDETERMINATE
        assert judge(signed.data[: int(len(signed.data) * share)]).verdict is Verdict.INDETERMINATE


def test_garbage_behind_the_file_is_never_valid(judge, signed):
    assert judge(signed.data + b"x" * 5_000_000).verdict is not Verdict.VALID


def test_encrypted_file_is_indeterminate(judge):
    data = plain_pdf().replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 9 0 R")

    assert code_set(judge(data)) == {"document.encrypted"}


def test_decompression_bomb_is_bounded(judge):
    bomb = zlib.compress(b"\0" * 300_000_000, 9)
    head = (
        b"<< /Type /XRef /Size 9 /W [1 8 8] /Index [0 9] /Root 1 0 R /Filter /FlateDecode /Length %d >>"
        % len(bomb)
    )
    start = b"%PDF-1.7\n"
    data = start + b"1 0 obj\n" + head + b"\nstream\n" + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    begin = time.monotonic()

    report = judge(data)

    assert (report.verdict, code_set(report)) == (Verdict.INDETERMINATE, {"document.too_complex"})
    assert time.monotonic() - begin < 3


def test_many_objects_are_bounded(judge):
    data = plain_pdf(extra=[b"<< /A [6 0 R 7 0 R] >>"] * 60_000)
    office = Office(data)
    begin = time.monotonic()

    judge(office.data, policy=VerificationPolicy(seconds=2.0))

    assert time.monotonic() - begin < 6


def test_page_and_field_loops_are_indeterminate(judge, signed):
    pages, fields = Office(signed.data), Office(signed.data)
    pages.update({2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"})
    fields.update({102: b"<< /T (a) /Kids [102 0 R] >>"})

    assert judge(pages.data).verdict is not Verdict.VALID
    assert judge(fields.data).verdict is not Verdict.VALID


def test_key_that_appears_twice_is_not_read(judge, signed):
    office = Office(signed.data)
    office.update({5: (PAGE % b"102 0 R").replace(b"/Contents", b"/Contents 4 0 R /Contents")})

    assert judge(office.data).verdict is not Verdict.VALID


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_damage_never_crashes_and_never_validates(judge, sealed, data):
    damaged = bytearray(sealed)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(sealed) - 1))
        chunk = data.draw(st.binary(min_size=1, max_size=12))
        if data.draw(st.booleans()):
            damaged[at : at + len(chunk)] = chunk
        else:
            damaged[at:at] = chunk

    report = judge(damaged)

    inside = re.sub(rb"(/Contents <[0-9a-fA-F]*>)", lambda m: b"x" * len(m[0]), bytes(damaged))
    intact = re.sub(rb"(/Contents <[0-9a-fA-F]*>)", lambda m: b"x" * len(m[0]), sealed)
    assert report.verdict is not Verdict.VALID or inside == intact


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(tail=st.binary(max_size=400))
def test_any_bytes_get_a_verdict(judge, tail):
    assert judge(b"%PDF-1.7\n1 0 obj\n" + tail + b"\nstartxref\n9\n%%EOF").verdict is Verdict.INDETERMINATE


def test_leader_field_name_is_the_agreed_one():
    assert LEADER_FIELD == "Signature.leader"
