from datetime import UTC, datetime, timedelta

import pytest

from dinh.pki.api import (
    LEADER_FIELD,
    NUMBER_FIELD,
    Box,
    HolderKind,
    MemoryRevocationCache,
    RevocationSources,
    RevocationUnavailable,
    TrustStore,
    Verdict,
    VerificationPolicy,
    fill_text_fields,
    sign,
    verify_pdf,
)

from .authority import CRL_URL, OCSP_URL, Authority, issue, name, rsa_key
from .letters import CLAIMS, NOON, font, plain_pdf
from .second_writer import PAGE, Office, form_object, six_signatures, widget
from .test_signing import journey

LATER = NOON + timedelta(days=400)


@pytest.fixture
def trust(authority):
    return TrustStore.of(anchors=[authority.root.pem])


@pytest.fixture
def judge(authority, trust):
    def run(pdf, *, at=NOON, crls=None, **options):
        lists = [authority.crl(at=NOON)] if crls is None else crls
        return verify_pdf(source=pdf, trust=trust, at=at, crls=lists, **options)

    return run


def codes(report, index=0):
    return {reason.code for reason in report.signatures[index].reasons}


def holders(authority):
    return [authority.head, authority.leader, *[authority.agency] * 4]


def one(authority, holder=None, *, stamper=None, **options):
    return sign(
        pdf=plain_pdf(), field="S1", signer=(holder or authority.leader).signer, claims=CLAIMS,
        box=Box(1, 10, 10, 110, 60), timestamp=stamper, **options,
    ).pdf  # fmt: skip


def test_own_letter_is_valid_after_every_step(authority, letter, judge):
    reports = [judge(step) for step in journey(authority, letter)]

    assert [report.verdict for report in reports] == [Verdict.VALID] * 4
    assert [s.later_changes for s in reports[3].signatures] == ["permitted", "permitted", "none"]
    assert [s.time_source for s in reports[3].signatures] == ["claimed", "timestamp", "timestamp"]
    assert [s.certifies for s in reports[3].signatures] == [True, False, False]
    assert "changes.filled" in codes(reports[2], 1)
    assert "changes.filled" not in codes(reports[3], 1)


def test_report_tells_signer_chain_and_holder(authority, judge):
    kinds = {authority.leader.der: HolderKind.PERSON}

    report = judge(one(authority, stamper=authority.stamper(NOON)), holder_of=kinds.__getitem__)

    data = report.as_json()["signatures"][0]
    assert set(data) == {
        "field", "signer", "holder_kind", "chain", "signed_at", "time_source", "integrity", "trust",
        "later_changes", "verdict", "reasons",
    }  # fmt: skip
    assert data["signer"]["common_name"] == "Nguyễn Văn An"
    assert [item["common_name"] for item in data["chain"]] == ["Nguyễn Văn An", "CA G2", "Root CA"]
    assert (data["holder_kind"], data["time_source"]) == ("person", "timestamp")
    assert data["signed_at"] == "2026-02-05T12:00:00+07:00"
    assert (data["integrity"], data["trust"], data["verdict"]) == ("intact", "trusted", "valid")


@pytest.mark.parametrize("form", [b"adbe.pkcs7.detached", b"ETSI.CAdES.detached"])
@pytest.mark.parametrize("level", [2, 0])
def test_letter_of_six_signatures_by_another_tool_is_valid(authority, judge, form, level):
    stamper = authority.stamper(NOON)
    stampers = [stamper, None, *[stamper] * 4]
    office = six_signatures(plain_pdf(), holders(authority), form=form, stampers=stampers, level=level)

    report = judge(office.data)

    assert [s.verdict for s in report.signatures] == [Verdict.VALID] * 6
    assert [s.later_changes for s in report.signatures] == ["permitted"] * 5 + ["none"]
    assert [s.time_source for s in report.signatures][:2] == ["timestamp", "claimed"]
    assert {"time.missing", "time.later_proof"} <= codes(report, 1)


def test_signature_without_timestamp_is_valid_with_a_warning(authority, judge):
    report = judge(one(authority))

    assert report.verdict is Verdict.VALID
    assert "time.missing" in codes(report)


def test_signature_without_ess_attribute_is_doubtful_only_in_cades(authority, judge):
    def verdict(form):
        return judge(six_signatures(plain_pdf(), [authority.leader], form=form, bound=False).data).verdict

    assert verdict(b"adbe.pkcs7.detached") is Verdict.VALID
    assert verdict(b"ETSI.CAdES.detached") is Verdict.INDETERMINATE


def test_unsigned_pdf_is_indeterminate(judge, letter):
    assert judge(letter).verdict is Verdict.INDETERMINATE
    assert [reason.code for reason in judge(letter).reasons] == ["document.unsigned"]


# Trust and revocation


def test_unknown_authority_is_indeterminate(authority):
    other = TrustStore.of(anchors=[issue(None, name("Root CA"), rsa_key(2048, 49), is_ca=True).pem])

    report = verify_pdf(source=one(authority), trust=other, at=NOON, crls=[authority.crl(at=NOON)])

    assert report.verdict is Verdict.INDETERMINATE
    assert (report.signatures[0].trust, "chain.unknown" in codes(report)) == ("untrusted", True)


def test_same_name_with_another_key_is_not_trusted(authority, judge):
    forged_ca = issue(authority.root, name("CA G2"), rsa_key(2048, 50), is_ca=True)
    forger = issue(None, name("Root CA"), rsa_key(2048, 51), is_ca=True)
    forged = issue(issue(forger, name("CA G2"), rsa_key(2048, 52), is_ca=True), name("X"), rsa_key(2048, 53))

    assert judge(one(authority, forged)).verdict is Verdict.INDETERMINATE
    assert forged_ca.certificate.subject == authority.ca.certificate.subject


def test_leaf_cannot_issue_certificates(authority, judge):
    child = issue(authority.leader, name("Child"), rsa_key(2048, 54))

    assert "chain.unknown" in codes(judge(one(authority, child)))


def test_server_certificate_does_not_sign_documents(authority, judge):
    from cryptography.x509.oid import ExtendedKeyUsageOID

    server = authority.leaf("server", 55, eku=[ExtendedKeyUsageOID.SERVER_AUTH])

    assert "chain.purpose" in codes(judge(one(authority, server)))
    assert judge(one(authority, server)).verdict is Verdict.INDETERMINATE


def test_unknown_revocation_is_indeterminate_unless_the_policy_accepts_it(authority, judge):
    strict = judge(one(authority), crls=[])
    lenient = judge(one(authority), crls=[], policy=VerificationPolicy(accept_unknown_revocation=True))

    assert (strict.verdict, "revocation.unknown" in codes(strict)) == (Verdict.INDETERMINATE, True)
    assert (lenient.verdict, "revocation.unknown_accepted" in codes(lenient)) == (Verdict.VALID, True)


@pytest.mark.parametrize(
    ("stamped", "revoked_after_days", "verdict", "code"),
    [
        (True, +1, Verdict.VALID, "chain.revoked_later"),
        (True, -1, Verdict.INVALID, "chain.revoked"),
        (False, +1, Verdict.INDETERMINATE, "chain.revoked_unproven"),
        (False, -1, Verdict.INVALID, "chain.revoked"),
    ],
)
def test_revocation_counts_by_proven_time(authority, judge, stamped, revoked_after_days, verdict, code):
    crl = authority.crl((authority.leader, NOON + timedelta(days=revoked_after_days)), at=LATER)
    pdf = one(authority, stamper=authority.stamper(NOON) if stamped else None)

    report = judge(pdf, at=LATER, crls=[crl])

    assert (report.verdict, code in codes(report)) == (verdict, True)


def test_revocation_list_of_another_issuer_says_nothing(authority, judge):
    forged = Authority(root=authority.root)
    forged.ca = issue(None, authority.ca.certificate.subject, rsa_key(2048, 56), is_ca=True)

    assert "revocation.unknown" in codes(judge(one(authority), crls=[forged.crl(at=NOON)]))


def test_stale_list_proves_nothing_about_now_but_much_about_then(authority, judge):
    crl = authority.crl(at=NOON)

    unstamped = judge(one(authority), at=LATER, crls=[crl])
    stamped = judge(one(authority, stamper=authority.stamper(NOON)), at=LATER, crls=[crl])

    assert "revocation.unknown" in codes(unstamped)
    assert stamped.verdict is Verdict.VALID


def test_cached_list_makes_it_valid_offline(authority, judge):
    cache = MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=NOON)})

    assert judge(one(authority), crls=[], cache=cache, fetcher=Refusing()).verdict is Verdict.VALID


class Refusing:
    def crl(self, url):
        raise AssertionError("asked the net")

    ocsp = crl


class Net:
    def __init__(self, crl=None, ocsp=None):
        self.answers, self.asked = {CRL_URL: crl, OCSP_URL: ocsp}, []

    def crl(self, url):
        self.asked.append(url)
        if self.answers[url] is None:
            raise RevocationUnavailable("no answer")
        return self.answers[url]

    def ocsp(self, url, request):
        return self.crl(url)


def test_online_fills_the_cache_that_then_serves_offline(authority, judge):
    crl = authority.crl(at=NOON)
    cache, net = MemoryRevocationCache(), Net(crl=crl)

    online = judge(one(authority), crls=[], cache=cache, fetcher=net, offline=False)
    offline = judge(one(authority), crls=[], cache=cache)

    assert (online.verdict, offline.verdict) == (Verdict.VALID, Verdict.VALID)
    assert cache.entries == {f"crl:{CRL_URL}": crl}


@pytest.mark.parametrize("revoked", [False, True])
def test_ocsp_answers_where_no_list_does(authority, judge, revoked):
    answer = authority.ocsp(authority.leader, at=NOON, revoked_at=NOON - timedelta(1) if revoked else None)
    pdf = one(authority, stamper=authority.stamper(NOON))

    report = judge(pdf, crls=[], fetcher=Net(ocsp=answer), offline=False)

    assert report.verdict is (Verdict.INVALID if revoked else Verdict.VALID)


def test_kept_list_that_is_older_than_the_signature_is_asked_again(authority, judge):
    morning = NOON - timedelta(hours=3)
    pdf = one(authority, stamper=authority.stamper(NOON))
    status = authority.ocsp(authority.leader, at=NOON, revoked_at=NOON - timedelta(hours=1))

    def verdict(net, **more):
        cache = MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=morning)})
        return judge(pdf, crls=[], cache=cache, fetcher=net, **more).verdict

    newer = authority.crl((authority.leader, NOON - timedelta(hours=1)), at=NOON)
    assert verdict(Net()) is Verdict.VALID
    assert verdict(Net(), offline=False) is Verdict.VALID
    assert verdict(Net(ocsp=status), offline=False) is Verdict.INVALID
    assert verdict(Net(crl=newer), offline=False) is Verdict.INVALID


def test_kept_list_that_is_newer_than_the_signature_is_not_asked_again(authority):
    cache = MemoryRevocationCache({f"crl:{CRL_URL}": authority.crl(at=NOON + timedelta(hours=1))})
    sources = RevocationSources(cache=cache, fetcher=Refusing())

    found = sources.status(
        authority.leader.certificate, authority.ca.certificate, moment=NOON, at=NOON + timedelta(hours=2)
    )

    assert found.status == "good"


def test_silent_sources_leave_a_doubt(authority, judge):
    report = judge(one(authority), crls=[], fetcher=Net(), offline=False)

    assert (report.verdict, "revocation.unknown" in codes(report)) == (Verdict.INDETERMINATE, True)


# Time


def test_expired_certificate_needs_a_proof_of_time(authority, judge):
    short = authority.leaf("Short", 57, end=NOON + timedelta(days=30))
    crl = authority.crl(at=NOON)

    stamped = judge(one(authority, short, stamper=authority.stamper(NOON)), at=LATER, crls=[crl])
    unstamped = judge(one(authority, short), at=LATER, crls=[crl])

    assert stamped.verdict is Verdict.VALID
    assert (unstamped.verdict, "chain.expired" in codes(unstamped)) == (Verdict.INDETERMINATE, True)


def test_timestamp_of_an_unknown_server_is_no_proof(authority, judge):
    stranger = Authority(root=issue(None, name("Other"), rsa_key(2048, 58), is_ca=True))

    report = judge(one(authority, stamper=stranger.stamper(NOON)))

    assert (report.signatures[0].time_source, "time.untrusted" in codes(report)) == ("claimed", True)


def test_ordinary_certificate_cannot_stamp_time(authority, judge):
    report = judge(one(authority, stamper=authority.stamper(NOON, authority.leader)))

    assert "time.untrusted" in codes(report)


def test_timestamp_over_something_else_is_a_doubt(authority, judge):
    class Liar:
        def stamp(self, digest):
            return authority.stamper(NOON).stamp(bytes(32))

    assert "time.broken" in codes(judge(one(authority, stamper=Liar())))


@pytest.mark.parametrize(
    ("year", "stamped", "verdict"),
    [(2017, True, Verdict.VALID), (2017, False, Verdict.INDETERMINATE), (2023, True, Verdict.INDETERMINATE)],
)
def test_sha1_is_accepted_where_a_timestamp_proves_its_era(authority, trust, year, stamped, verdict):
    then = datetime(year, 5, 1, tzinfo=UTC)
    early = authority.__class__(
        root=issue(
            None, name("Old root"), rsa_key(2048, 59), is_ca=True, begin=datetime(2010, 1, 1, tzinfo=UTC)
        )
    )
    early.ca = issue(
        early.root, name("CA G1"), rsa_key(2048, 60), is_ca=True, begin=datetime(2010, 1, 1, tzinfo=UTC)
    )
    from cryptography.x509.oid import ExtendedKeyUsageOID

    begin = datetime(2012, 1, 1, tzinfo=UTC)
    tsa = issue(
        early.root, name("TSA"), rsa_key(2048, 61), eku=[ExtendedKeyUsageOID.TIME_STAMPING], begin=begin
    )
    leader = issue(early.ca, name("Leader"), rsa_key(2048, 62), begin=begin)
    stamper = early.stamper(then, tsa) if stamped else None
    pdf = six_signatures(plain_pdf(), [leader], stampers=[stamper], hash_name="sha1").data

    report = verify_pdf(
        source=pdf, trust=TrustStore.of(anchors=[early.root.pem]), at=NOON, crls=[early.crl(at=NOON)]
    )

    assert report.verdict is verdict


# Form values


def test_uncertified_document_filled_in_later_is_doubtful(authority, letter, judge):
    signed = sign(pdf=letter, field=LEADER_FIELD, signer=authority.leader.signer, claims=CLAIMS).pdf

    report = judge(fill_text_fields(pdf=signed, values={NUMBER_FIELD: "05"}, font=font()))

    assert (report.verdict, "changes.filled_unpermitted" in codes(report)) == (Verdict.INDETERMINATE, True)


def test_rewritten_widget_with_other_looks_is_invalid(authority, judge):
    office = six_signatures(plain_pdf(), holders(authority)[:2])
    office.update({101: form_object(b"q 1 0 0 rg 0 0 100 100 re f Q")})

    report = judge(office.data)

    assert report.verdict is Verdict.INVALID
    assert "changes.signature" in codes(report)


def test_unchanged_objects_written_again_are_no_change(authority, judge):
    office = six_signatures(plain_pdf(), holders(authority)[:2])
    again = widget(b"Signature1", 100, 101, b"300 300 344 345")
    office.update({102: again, 5: PAGE % b"102 0 R 112 0 R"})

    report = judge(office.data)

    assert [s.verdict for s in report.signatures] == [Verdict.VALID] * 2


def test_office_writes_its_own_tables():
    office = Office(plain_pdf())
    office.update({90: b"<< /A 1 >>"})

    assert office.data.count(b"%%EOF") == 2


def test_every_reason_speaks_vietnamese():
    from pathlib import Path

    import polib

    from dinh.pki.verify.report import REASONS

    catalog = polib.pofile(str(Path(__file__).parents[1] / "locale/vi/LC_MESSAGES/django.po"))
    translated = {entry.msgid for entry in catalog if entry.msgstr}

    assert {text._args[0] for _severity, text in REASONS.values()} <= translated
