"""
PAdES signatures in two phases (ETSI EN 319 142-1): prepare what is to be signed, finish with the signature.

Between the two may lie minutes and a restart, since most keys sit in people's USB ports: what `prepare` gives
can be stored, and `finish` needs nothing else.
"""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from django.utils.translation import gettext as _

from . import cms
from .appearance import Appearance, draw_appearance
from .errors import FieldAlreadyUsed, SignatureNotAllowed, TimestampUnavailable, UnknownField, WrongSignature
from .fields import (
    Box,
    FieldSpec,
    add_field,
    docmdp_level,
    field_lock,
    form_of,
    locked_by,
    open_pdf,
    rectangle,
)
from .pdf.document import FormField, PdfFile
from .pdf.objects import Dict, Name, Raw, Ref, to_text_string
from .pdf.update import Update
from .signers import DigestSigner
from .timestamps import TimestampClient

VIETNAM = timezone(timedelta(hours=7))
DEFAULT_RESERVE = 12_384
_BYTE_RANGE = b"[0 %010d %010d %010d]"


@dataclass(frozen=True, slots=True)
class PreparedSignature:
    """
    A PDF with room for one signature, and what its key has to sign.

    :param document: the PDF with zeros in the signature's place
    :param field: full name of the signature field
    :param byte_range: start, length, start, length of what is signed, in bytes
    :param digest: SHA-256 over the byte range
    :param attributes: DER of the signed attributes: the input of `DigestSigner.sign`
    :param certificates: DER, the signer's first
    """

    document: bytes = dataclasses.field(repr=False)
    field: str
    byte_range: tuple[int, int, int, int]
    digest: bytes
    attributes: bytes = dataclasses.field(repr=False)
    certificates: tuple[bytes, ...] = dataclasses.field(repr=False)

    @property
    def attributes_digest(self) -> bytes:
        """SHA-256 of the signed attributes, for keys that only sign digests."""
        return hashlib.sha256(self.attributes).digest()

    def ticket(self) -> str:
        """All but the document as JSON, to be stored beside it."""
        encode = _encode
        return json.dumps(
            {
                "field": self.field,
                "byte_range": self.byte_range,
                "digest": encode(self.digest),
                "attributes": encode(self.attributes),
                "certificates": [encode(item) for item in self.certificates],
            }
        )

    @classmethod
    def restore(cls, *, ticket: str, document: bytes) -> "PreparedSignature":
        """
        What `ticket` told, with the document that was stored beside it.

        :raises WrongSignature: if the document is another one
        """
        data = json.loads(ticket)
        a, b, c, d = data["byte_range"]
        prepared = cls(
            document=document,
            field=data["field"],
            byte_range=(a, b, c, d),
            digest=base64.b64decode(data["digest"]),
            attributes=base64.b64decode(data["attributes"]),
            certificates=tuple(base64.b64decode(item) for item in data["certificates"]),
        )
        if _digest(document, prepared.byte_range) != prepared.digest:
            raise WrongSignature(_("The prepared document has changed. Start signing again."))
        return prepared


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """
    The signed file, byte for byte what is to be kept.

    :param level: "B-B", or "B-T" with a timestamp
    :param notes: what could not be had, in words; empty if all went well
    """

    pdf: bytes = dataclasses.field(repr=False)
    level: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureClaims:
    """What the signer claims in the signature dictionary; empty texts are left out."""

    claimed_at: datetime
    name: str = ""
    reason: str = ""
    location: str = ""
    contact: str = ""


def prepare(
    *,
    pdf: bytes,
    field: str,
    certificates: Sequence[bytes],
    claims: SignatureClaims,
    appearance: Appearance | None = None,
    certify: bool = False,
    box: Box | None = None,
    locks: Sequence[str] = (),
    reserve: int = DEFAULT_RESERVE,
) -> PreparedSignature:
    """
    Make room for a signature in the field and tell what its key has to sign.

    :param field: full name of an empty signature field; made in `box` if the form has none of that name
    :param certificates: DER, the signer's first, then its issuers
    :param appearance: what shows in the field; none leaves it empty
    :param certify: certify with DocMDP 2 (forms and signatures may follow); only as the first signature
    :param locks: fields to lock (FieldMDP), besides those that the field itself names
    :param reserve: bytes kept free for the CMS with its timestamp
    :raises UnreadablePdf: if the PDF is damaged, encrypted or beyond the limits
    :raises UnknownField: if there is neither field nor box
    :raises FieldAlreadyUsed: if the field is signed
    :raises SignatureNotAllowed: if an earlier signature forbids it
    """
    source = open_pdf(pdf)
    _check_allowed(source, certify)
    update = Update(source)
    form = form_of(update)
    widget = _signature_field(update, source, field, box, form)
    locked = _locks(source, widget, locks)
    signature = update.add(_signature_dict(claims, certify, locked, reserve))
    _place(update, widget, signature, appearance)
    _write_locked_again(update, signature)
    if certify:
        root = update.edit(source.root)
        root["Perms"] = {**source.dict_of(root.get("Perms", {})), "DocMDP": signature}
    return _close(pdf, update, signature, field, tuple(certificates), reserve)


def _check_allowed(source: PdfFile, certify: bool) -> None:
    signatures = [source.resolve(item.dict.get("V")) for item in source.fields() if item.kind == "Sig"]
    present = [item for item in signatures if isinstance(item, dict)]
    if certify and present:
        raise SignatureNotAllowed(_("Only the first signature can certify a document."))
    if any(docmdp_level(source, item) == 1 for item in present):
        raise SignatureNotAllowed(_("The first signature forbids any further change."))


def _signature_field(update: Update, source: PdfFile, name: str, box: Box | None, form: Ref) -> Ref:
    known: dict[str, FormField] = {item.name: item for item in source.fields()}
    if name in known:
        found = known[name]
        if found.kind != "Sig":
            raise UnknownField(_("The field %(name)s is no signature field.") % {"name": name}, field="field")
        if source.resolve(found.dict.get("V")) is not None:
            raise FieldAlreadyUsed(_("The field %(name)s is signed already.") % {"name": name}, field="field")
        return Ref(found.num, 0)
    if box is None:
        raise UnknownField(_("The form has no field %(name)s.") % {"name": name}, field="field")
    return add_field(update, FieldSpec(name, box), form=form)


def _locks(source: PdfFile, widget: Ref, locks: Sequence[str]) -> Dict | None:
    own = source.get(widget.num)
    lock = source.resolve(own.get("Lock")) if isinstance(own, dict) else None
    if isinstance(lock, dict) and not locks:
        return {key: value for key, value in lock.items() if key in ("Action", "Fields")}
    return {k: v for k, v in field_lock(locks).items() if k != "Type"} if locks else None


def _signature_dict(claims: SignatureClaims, certify: bool, locked: Dict | None, reserve: int) -> Dict:
    result: Dict = {
        "Type": Name("Sig"),
        "Filter": Name("Adobe.PPKLite"),
        "SubFilter": Name("ETSI.CAdES.detached"),
        **reserve_contents(reserve),
        "M": pdf_date(claims.claimed_at),
    }
    texts = {"Name": claims.name, "Reason": claims.reason, "Location": claims.location}
    texts["ContactInfo"] = claims.contact
    result |= {key: to_text_string(text) for key, text in texts.items() if text}
    references = []
    if certify:
        references.append(_reference("DocMDP", {"P": 2, "V": Name("1.2")}))
    if locked:
        references.append(_reference("FieldMDP", {**locked, "V": Name("1.2")}))
    if references:
        result["Reference"] = list(references)
    return result


def _write_locked_again(update: Update, signature: Ref) -> None:
    """
    Write what locked text fields show once more, unchanged, in the revision that locks them.

    Stock pyHanko (0.38) takes a locked field's appearance that is older than the lock for a change in every later
    update, and would call the letter altered as soon as validation data is added.
    """
    source, entry = update.base, update.objects[signature.num]
    names = [item.name for item in source.fields()]
    locked = locked_by(source, entry, names) if isinstance(entry, dict) else set()
    for item in source.fields():
        if item.kind != "Tx" or item.name not in locked:
            continue
        for num in item.widgets:
            looks = source.resolve(source.dict_of(Ref(num, 0)).get("AP"))
            normal = looks.get("N") if isinstance(looks, dict) else None
            if isinstance(normal, Ref):
                update.objects.setdefault(normal.num, source.get(normal.num))


def _reference(method: str, params: Dict) -> Dict:
    return {
        "Type": Name("SigRef"),
        "TransformMethod": Name(method),
        "TransformParams": {"Type": Name("TransformParams"), **params},
    }


def pdf_date(moment: datetime) -> bytes:
    """A moment as PDF writes it, in Vietnam's time."""
    return moment.astimezone(VIETNAM).strftime("D:%Y%m%d%H%M%S+07'00'").encode()


def _place(update: Update, widget: Ref, signature: Ref, appearance: Appearance | None) -> None:
    entry = update.edit(widget)
    entry["V"] = signature
    left, bottom, right, top = rectangle(update.base, entry)
    if appearance is not None:
        entry["AP"] = {"N": draw_appearance(update, appearance, right - left, top - bottom)}


def _close(
    pdf: bytes, update: Update, signature: Ref, name: str, certificates: tuple[bytes, ...], reserve: int
) -> PreparedSignature:
    document, byte_range, digest = embed_contents(pdf, update, signature, reserve)
    attributes = cms.signed_attributes(certificate=certificates[0], digest=digest)
    return PreparedSignature(document, name, byte_range, digest, attributes, certificates)


def reserve_contents(reserve: int) -> Dict:
    """Entries of a signature dictionary that keep `reserve` bytes free; `embed_contents` finds them again."""
    room = Raw(b"<" + b"0" * (2 * reserve) + b">")
    return {"Contents": room, "ByteRange": Raw(_BYTE_RANGE % (0, 0, 0))}


def embed_contents(
    pdf: bytes, update: Update, signature: Ref, reserve: int
) -> tuple[bytes, tuple[int, int, int, int], bytes]:
    """Write the update and the byte range around the reserved place: the document, the range, its SHA-256."""
    tail = bytearray(update.write())
    place = tail.index(b"/Contents <", update.offsets[signature.num] - len(pdf)) + len(b"/Contents ")
    gap_start, gap_end = len(pdf) + place, len(pdf) + place + 2 * reserve + 2
    byte_range = (0, gap_start, gap_end, len(pdf) + len(tail) - gap_end)
    marker = tail.index(_BYTE_RANGE % (0, 0, 0), place)
    filled = _BYTE_RANGE % byte_range[1:]
    tail[marker : marker + len(filled)] = filled
    document = b"".join((pdf, tail))
    return document, byte_range, _digest(document, byte_range)


def _digest(document: bytes, byte_range: tuple[int, int, int, int]) -> bytes:
    view = memoryview(document)
    start, length, start2, length2 = byte_range
    digest = hashlib.sha256(view[start : start + length])
    digest.update(view[start2 : start2 + length2])
    return digest.digest()


def finish(
    *, prepared: PreparedSignature, signature: bytes, timestamp: TimestampClient | None = None
) -> SignedPdf:
    """
    Put the signature in. A timestamp server that does not answer costs the timestamp, never the signature.

    :param signature: what `DigestSigner.sign` gave for `prepared.attributes`
    :raises WrongSignature: if it was not made by the certificate's key, or does not fit
    """
    certificate, attributes = prepared.certificates[0], prepared.attributes
    cms.check_signature(certificate=certificate, attributes=attributes, signature=signature)
    token: bytes | None = None
    notes: tuple[str, ...] = ()
    if timestamp is not None:
        try:
            token = timestamp.stamp(hashlib.sha256(signature).digest())
        except TimestampUnavailable as refusal:
            notes = (str(refusal),)
    content = cms.assemble(
        certificates=prepared.certificates, attributes=attributes, signature=signature, timestamp=token
    )
    return SignedPdf(_embed(prepared, content), "B-T" if token else "B-B", notes)


def finish_with_cms(*, prepared: PreparedSignature, content: bytes) -> SignedPdf:
    """
    Put in a whole CMS that a signing device assembled itself.

    :raises WrongSignature: if it does not sign the prepared document, or does not fit
    """
    from .detached import verify_detached_digest

    checked = verify_detached_digest(content=content, digest=prepared.digest)
    if checked.certificates[0] != prepared.certificates[0]:
        raise WrongSignature(_("Another certificate signed than the one the document was prepared for."))
    return SignedPdf(_embed(prepared, content), "B-T" if checked.has_timestamp else "B-B")


def _embed(prepared: PreparedSignature, content: bytes) -> bytes:
    start, end = prepared.byte_range[1] + 1, prepared.byte_range[2] - 1
    digits = content.hex().encode()
    if len(digits) > end - start:
        raise WrongSignature(_("The signature is larger than the space kept free. Prepare again with more."))
    document = prepared.document
    return b"".join((document[:start], digits, document[start + len(digits) :]))


def sign(
    *,
    pdf: bytes,
    field: str,
    signer: DigestSigner,
    claims: SignatureClaims,
    appearance: Appearance | None = None,
    certify: bool = False,
    box: Box | None = None,
    locks: Sequence[str] = (),
    timestamp: TimestampClient | None = None,
) -> SignedPdf:
    """
    Both phases at once, for keys that this process can reach.

    :raises PkiError, InvalidInput: as `prepare` and `finish`
    """
    prepared = prepare(
        pdf=pdf,
        field=field,
        certificates=signer.certificates,
        claims=claims,
        appearance=appearance,
        certify=certify,
        box=box,
        locks=locks,
    )
    return finish(prepared=prepared, signature=signer.sign(prepared.attributes), timestamp=timestamp)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
