import io
from datetime import timedelta

import pytest

from dinh.pki.api import (
    MemoryRevocationCache,
    RevocationSources,
    TimestampUnavailable,
    TrustStore,
    Verdict,
    add_document_timestamp,
    extend_to_lt,
    verify_pdf,
)

from .authority import CRL_URL
from .letters import NOON
from .peers import pdfsig_lines, pyhanko_statuses
from .test_signing import SilentServer, journey
from .test_verify import LATER, one


@pytest.fixture
def trust(authority):
    return TrustStore.of(anchors=[authority.root.pem])


def test_validation_data_makes_a_letter_valid_years_later_without_any_source(
    authority, letter, trust, tmp_path
):
    sealed = journey(authority, letter)[-1]
    cache = MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=NOON)})

    extended = extend_to_lt(pdf=sealed, trust=trust, sources=RevocationSources(cache=cache), at=NOON)

    report = verify_pdf(source=extended.pdf, trust=trust, at=LATER)
    assert verify_pdf(source=sealed, trust=trust, at=LATER).verdict is Verdict.INDETERMINATE
    assert report.verdict is Verdict.VALID
    assert [s.level for s in report.signatures] == ["B-B", "B-LT", "B-LT"]
    assert [s.bottom_line for s in pyhanko_statuses(extended.pdf, [authority.root.der])] == [True] * 3
    assert pdfsig_lines(extended.pdf, tmp_path) == ["Signature is Valid."] * 3


def test_extending_again_adds_nothing(authority, letter, trust):
    sources = RevocationSources(cache=MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=NOON)}))
    once = extend_to_lt(pdf=one(authority), trust=trust, sources=sources, at=NOON).pdf

    assert extend_to_lt(pdf=once, trust=trust, sources=sources, at=NOON).pdf == once


def test_pyhanko_reads_the_security_store(authority, trust):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    sources = RevocationSources(cache=MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=NOON)}))
    extended = extend_to_lt(pdf=one(authority), trust=trust, sources=sources, at=NOON).pdf

    store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(extended)))

    assert (len(store.certs), len(store.crls)) == (3, 1)


def test_missing_answers_are_noted(authority, trust):
    extended = extend_to_lt(pdf=one(authority), trust=trust, sources=RevocationSources(), at=NOON)

    assert len(extended.notes) == 2
    assert "Nguyễn Văn An" in extended.notes[0]


def test_timestamp_added_later_proves_the_time_of_all_signatures(authority, trust, tmp_path):
    short = authority.leaf("Short", 57, end=NOON + timedelta(days=30))
    crl = authority.crl(at=NOON)

    stamped = add_document_timestamp(pdf=one(authority, short), timestamp=authority.stamper(NOON))

    before = verify_pdf(source=one(authority, short), trust=trust, at=LATER, crls=[crl])
    after = verify_pdf(source=stamped, trust=trust, at=LATER, crls=[crl])
    assert (before.verdict, after.verdict) == (Verdict.INDETERMINATE, Verdict.VALID)
    assert len(after.signatures) == 1
    assert pyhanko_statuses(stamped, [authority.root.der])[0].intact
    assert pdfsig_lines(stamped, tmp_path)[0] == "Signature is Valid."


def test_document_timestamp_needs_the_server(authority):
    with pytest.raises(TimestampUnavailable):
        add_document_timestamp(pdf=one(authority), timestamp=SilentServer())
