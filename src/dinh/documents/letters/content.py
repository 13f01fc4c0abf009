"""What a letter says, as plain data, before anything is laid out."""

from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of the body; `align` is `justify`, `center`, `left` or `right`."""

    kind: ClassVar[str] = "paragraph"
    text: str
    align: str = "justify"
    bold: bool = False
    italic: bool = False
    indent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBases:
    """Căn cứ ban hành: each in italics on its own line, ending ";", the last "."."""

    kind: ClassVar[str] = "bases"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The line "QUYẾT ĐỊNH:" between bases and articles."""

    kind: ClassVar[str] = "order"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Phần, Chương (Roman), Mục, Tiểu mục (Arabic), with their titles; `name` is the Vietnamese word."""

    kind: ClassVar[str] = "division"
    name: str
    number: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RomanSection:
    """Mục of a document without articles: "I. NHỮNG KẾT QUẢ"."""

    kind: ClassVar[str] = "roman"
    number: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Điều, with its title in bold or its text after the number."""

    kind: ClassVar[str] = "article"
    number: str
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Khoản: "1."; bold where it is a title of its own."""

    kind: ClassVar[str] = "clause"
    number: str
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Điểm: "a)" in the order of the Vietnamese alphabet."""

    kind: ClassVar[str] = "point"
    letter: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """A label and its value, "Thời gian: 08 giờ 00"."""

    kind: ClassVar[str] = "field"
    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A simple table; `widths` are shares of the text's width, equal where empty."""

    kind: ClassVar[str] = "table"
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()


Block = (
    Paragraph | LegalBases | Order | Division | RomanSection | Article | Clause | Point | FieldLine | Table
)
_BLOCKS: dict[str, type] = {
    each.kind: each
    for each in (
        Paragraph, LegalBases, Order, Division, RomanSection, Article, Clause, Point, FieldLine, Table,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureBlock:
    """
    One signer's block.

    `lines`: authority and position (7a), see `formats.authority_lines`; `other_position`: 7b above the name;
    `key` names the places `signature.<key>` and, where the agency's seal belongs to it, `seal.<key>`.
    """

    name: str
    lines: tuple[str, ...]
    other_position: str = ""
    key: str = "leader"
    sealed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """Phụ lục, with its own page numbers; landscape where its tables need it."""

    title: str = ""
    body: tuple[Block, ...] = ()
    landscape: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """
    A whole letter. Codes are those of `law`; texts are plain, without markup.

    Where `number` is empty or `issued_on` is None, blanks of the right size stand there and are reported as
    the places `number`, `day`, `month`, `year`. `law_date` chooses the rule of form. The last line of the
    recipients ("Lưu: VT, ...") is made from `archive_unit` and `archive_copies`. `address_label` stands before
    the addressees, "Kính gửi" where it is empty.
    """

    bloc: str
    type_code: str
    law_date: date
    issuing_agency: str
    notation: str
    place_name: str
    subject: str = ""
    parent_agency: str = ""
    variant: str = ""
    heading: tuple[str, ...] = ()
    number: str = ""
    issued_on: date | None = None
    type_name: str = ""
    deciding_authority: str = ""
    addressees: tuple[str, ...] = ()
    address_label: str = ""
    body: tuple[Block, ...] = ()
    signatures: tuple[SignatureBlock, ...] = ()
    recipients: tuple[str, ...] = ()
    archive_unit: str = ""
    archive_copies: int = 0
    initials: int = 1
    urgency: str = ""
    circulation: str = ""
    typist_mark: str = ""
    address_lines: tuple[str, ...] = ()
    annexes: tuple[Annex, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return plain values that JSON can hold and `from_json` reads back."""
        plain = asdict(self)
        plain["law_date"] = self.law_date.isoformat()
        plain["issued_on"] = self.issued_on.isoformat() if self.issued_on else None
        plain["body"] = [block_to_json(each) for each in self.body]
        plain["annexes"] = [
            {**asdict(each), "body": [block_to_json(block) for block in each.body]} for each in self.annexes
        ]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "LetterContent":
        """Read what `to_json` wrote. Unknown keys are passed over."""
        known = {each.name for each in fields(cls)}
        values = {key: _tuples(value) for key, value in plain.items() if key in known}
        values["law_date"] = date.fromisoformat(plain["law_date"])
        values["issued_on"] = date.fromisoformat(plain["issued_on"]) if plain.get("issued_on") else None
        values["body"] = _blocks(plain.get("body", []))
        values["signatures"] = tuple(
            SignatureBlock(**{k: _tuples(v) for k, v in each.items()}) for each in plain.get("signatures", [])
        )
        values["annexes"] = tuple(
            Annex(title=each["title"], landscape=each["landscape"], body=_blocks(each["body"]))
            for each in plain.get("annexes", [])
        )
        return cls(**values)


def block_to_json(block: Block) -> dict[str, Any]:
    """Return a block with its kind."""
    return {"kind": block.kind, **asdict(block)}


def _blocks(plain: list[dict[str, Any]]) -> tuple[Block, ...]:
    return tuple(
        _BLOCKS[each["kind"]](**{k: _tuples(v) for k, v in each.items() if k != "kind"}) for each in plain
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
