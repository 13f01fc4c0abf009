"""The empty form of each type: what Annex III prints, ready to be filled."""

from dataclasses import replace
from datetime import date

from dinh.documents.letters.content import LetterContent, Order, SignatureBlock
from dinh.documents.letters.formats import notation_for
from dinh.documents.letters.law import document_type, model_words
from dinh.documents.letters.text import parse_body

_ADDRESSED = frozenset({"CV", "TTr"})
_WITHOUT_SUBJECT = frozenset({"introduction", "leave"})


def starter(
    *,
    type_code: str,
    bloc: str,
    law_date: date,
    issuing_agency: str,
    issuer: str,
    place_name: str,
    parent_agency: str = "",
    drafter: str = "",
    subject: str = "",
    variant: str = "",
    signature: SignatureBlock | None = None,
) -> LetterContent:
    """
    Return the form of a type with its fixed words; "……" stands where the writer fills in.

    `issuer` and `drafter` are the abbreviations of the notation. Minutes and agreements get two signers.
    Bodies that decide by articles get "QUYẾT ĐỊNH:" and the deciding authority.
    """
    kind = document_type(type_code, bloc=bloc, on=law_date)
    words = model_words(kind.layout, on=law_date)
    body = parse_body(words.body.format(issuer=issuing_agency))
    if words.order:
        body = (*body[:1], Order(text=words.order), *body[1:])
    signer = signature or SignatureBlock(lines=("QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ",), name="Họ và tên")
    return LetterContent(
        bloc=bloc,
        variant=variant,
        type_code=type_code,
        law_date=law_date,
        parent_agency=parent_agency,
        issuing_agency=issuing_agency,
        notation=notation_for(
            bloc=bloc, variant=variant, type_code=type_code, issuer=issuer, drafter=drafter, on=law_date
        ),
        place_name=place_name,
        subject="" if kind.layout in _WITHOUT_SUBJECT else subject,
        deciding_authority=issuing_agency if words.has_authority else "",
        addressees=("……",) if type_code in _ADDRESSED else (),
        body=body,
        signatures=_signers(kind.layout, signer),
        recipients=("Như trên",) if type_code in _ADDRESSED else ("……",),
        archive_unit=drafter,
    )


def starter_text(*, type_code: str, bloc: str, on: date, issuing_agency: str) -> str:
    """Return the fixed words of a type's form as somebody would type them, one paragraph a line."""
    words = model_words(document_type(type_code, bloc=bloc, on=on).layout, on=on)
    lines = words.body.format(issuer=issuing_agency).strip().splitlines()
    if words.order:
        lines.insert(sum(not each.startswith("Điều") for each in lines), words.order)
    return "\n".join(lines)


def minutes_signers(*, secretary: str, chair: str, chair_position: str = "") -> tuple[SignatureBlock, ...]:
    """Return the blocks of model 1.9: secretary and chair by name; the chair's office only where it is needed."""
    left = SignatureBlock(lines=("THƯ KÝ",), name=secretary, key="secretary", sealed=False)
    return left, SignatureBlock(lines=("CHỦ TỌA",), name=chair, other_position=chair_position)


def agreement_signers(
    own: SignatureBlock, *, lines: tuple[str, ...], name: str
) -> tuple[SignatureBlock, ...]:
    """Return the blocks of an agreement: the own party's, and beside it the other's, with a seal of its own."""
    first = replace(own, lines=("ĐẠI DIỆN BÊN A", *own.lines))
    return first, SignatureBlock(lines=("ĐẠI DIỆN BÊN B", *lines), name=name, key="second")


def _signers(layout: str, signer: SignatureBlock) -> tuple[SignatureBlock, ...]:
    if layout == "minutes":
        return minutes_signers(secretary="Họ và tên", chair=signer.name)
    if layout == "agreement":
        return agreement_signers(signer, lines=("CHỨC VỤ",), name="Họ và tên")
    return (signer,)
