"""
What a list of merged communes means for the units: whom it founds, moves and ends, and who carries on whose work.

A commune has a unit in each bloc (Ủy ban nhân dân, Đảng ủy, Mặt trận), a district many. Those with a code of the
General Statistics Office are known by it; the others by the name of the commune at the end of theirs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from django.utils.translation import gettext as _

from dinh.directory.enums import Bloc, IdentifierForm, Level
from dinh.directory.models import UnitIdentifier, UnitVersion
from dinh.directory.periods import holds_on
from dinh.directory.reorganisation.lines import Line
from dinh.kernel.text import fold


class Verdict(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """
    What was found about a line, or about a unit that the list does not name.

    :param line: its number in the file; None for what follows from the list as a whole
    """

    line: int | None
    verdict: Verdict
    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class NewUnit:
    """
    A unit to found, modelled on one of those whose work it carries on.

    :param model: the version that gives its bloc, level and abbreviation
    :param gso_code: code of the commune, empty for units that have none
    """

    name: str
    short_name: str
    place: str
    parent_id: int | None
    gso_code: str
    model: UnitVersion
    predecessor_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A unit that goes on, under another unit and perhaps another name."""

    version: UnitVersion
    name: str
    short_name: str
    parent_id: int | None
    gso_code: str


@dataclass
class Plan:
    """
    :param founded: units to found
    :param moved: units that go on
    :param ended: units to end, each with the surviving units that carry on its work (new ones: see `founded`)
    """

    findings: list[Finding] = field(default_factory=list)
    founded: list[NewUnit] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    ended: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def heirs(self) -> Counter[int]:
        """How many units to found carry on the work of each."""
        return Counter(pk for row in self.founded for pk in row.predecessor_ids)

    @property
    def is_fit(self) -> bool:
        return all(finding.verdict != Verdict.ERROR for finding in self.findings)


class Tree:
    """All units as they stand on the day before the change, with what is recorded for later."""

    def __init__(self, day: date) -> None:
        held = UnitVersion.objects.filter(holds_on(day)).select_related("unit")
        self.versions = {version.unit_id: version for version in held}
        self.planned = set(UnitVersion.objects.filter(valid_from__gt=day).values_list("unit_id", flat=True))
        codes = UnitIdentifier.objects.filter(holds_on(day), form=IdentifierForm.GSO)
        self.by_code = dict(codes.values_list("value", "unit_id"))
        self.code_of = {unit_id: code for code, unit_id in self.by_code.items()}

    def above(self, unit_id: int) -> Iterator[UnitVersion]:
        """The units above one, the nearest first."""
        step = self.versions[unit_id].parent_id
        while step is not None and step in self.versions:
            yield self.versions[step]
            step = self.versions[step].parent_id

    def at(self, level: Level) -> list[UnitVersion]:
        return [version for version in self.versions.values() if version.unit.level == level]


def make_plan(lines: list[Line], *, day: date, with_districts: bool) -> Plan:
    """
    What is to be done so that the list holds from a day on, with a finding for each line.

    :param day: the first day of the new communes
    :param with_districts: end the units of the districts that the list names
    """
    return _Planner(lines, Tree(day - date.resolution), with_districts=with_districts).plan()


class _Planner:
    def __init__(self, lines: list[Line], tree: Tree, *, with_districts: bool) -> None:
        self.lines, self.tree = lines, tree
        self.result = Plan()
        self.of_line = {line.number: self._units_of(line) for line in lines}
        self.ending_districts = self._district_units() if with_districts else []

    def plan(self) -> Plan:
        by_new = defaultdict(list)
        for line in self.lines:
            self._judge(line)
            by_new[line.new_code].append(line)
        if self.result.is_fit:
            for lines in by_new.values():
                self._commune(lines)
            self._districts()
        return self.result

    def _judge(self, line: Line) -> None:
        fault = self._fault(line)
        if fault:
            self._find(line, Verdict.ERROR, fault)
            return
        named = ", ".join(version.name for version in self.of_line[line.number])
        known = self.tree.versions[self.tree.by_code[line.old_code]].name
        if not fold(known).endswith(f" {fold(line.old_name)}"):
            text = _("In the directory it is called %(name)s.") % {"name": known}
            self._find(line, Verdict.WARNING, text)
        elif line.stays:
            self._find(line, Verdict.FINE, _("Continues: %(units)s") % {"units": named})
        else:
            self._find(line, Verdict.FINE, _("Ends: %(units)s") % {"units": named})

    def _fault(self, line: Line) -> str:
        same = [other for other in self.lines if other.old_code == line.old_code]
        if line.old_code not in self.tree.by_code:
            return _("No unit has the code %(code)s on the day before.") % {"code": line.old_code}
        if len({other.new_code for other in same}) < len(same):
            return _("The list names this commune twice for the same new one.")
        if any(other.new_name != line.new_name for other in self.lines if other.new_code == line.new_code):
            return _("The list gives the new commune %(code)s two names.") % {"code": line.new_code}
        if line.stays and len(self._joining(line)) > 1:
            return _("A commune that stays as it is takes no others in.")
        taken = self.tree.by_code.get(line.new_code)
        if taken is not None and line.new_code not in {other.old_code for other in self.lines}:
            return _("%(unit)s has the new code %(code)s.") % {
                "unit": self.tree.versions[taken].name,
                "code": line.new_code,
            }
        planned = [v.name for v in self.of_line[line.number] if v.unit_id in self.tree.planned]
        if planned:
            text = _("A change is recorded for this day or later: %(units)s. Withdraw it first.")
            return text % {"units": ", ".join(planned)}
        return ""

    def _joining(self, line: Line) -> list[Line]:
        return [other for other in self.lines if other.new_code == line.new_code]

    def _units_of(self, line: Line) -> list[UnitVersion]:
        """The unit that has the commune's code, then those of the other blocs, by their names."""
        anchor = self.tree.by_code.get(line.old_code)
        if anchor is None:
            return []
        known = self.tree.versions[anchor]
        locality = _locality(known.name, line.old_name)
        district = fold(_bare(line.district))
        others = [
            version
            for version in self.tree.at(Level.COMMUNE)
            if version.unit_id not in self.tree.code_of
            and fold(version.name).endswith(f" {locality}")
            and self._is_in(version, district)
        ]
        return [known, *others]

    def _is_in(self, version: UnitVersion, district: str) -> bool:
        above = self.tree.above(version.unit_id)
        return any(
            fold(higher.name).endswith(f" {district}")
            for higher in above
            if higher.unit.level == Level.DISTRICT
        )

    def _commune(self, lines: list[Line]) -> None:
        kinds: dict[tuple[Bloc, str], list[UnitVersion]] = defaultdict(list)
        for line in lines:
            for version in self.of_line[line.number]:
                kinds[Bloc(version.unit.bloc), version.abbreviation].append(version)
        if lines[0].stays:
            self.result.moved += [self._moved(version, lines[0]) for version in self.of_line[lines[0].number]]
            return
        for versions in kinds.values():
            self._merge(versions, lines)

    def _merge(self, versions: list[UnitVersion], lines: list[Line]) -> None:
        model, line = versions[0], lines[0]
        old_name = next(one.old_name for one in lines if model in self.of_line[one.number])
        name, short_name = _renamed(model, old_name, line.new_name)
        has_code = model.unit_id in self.tree.code_of
        self.result.founded.append(
            NewUnit(
                name=name,
                short_name=short_name,
                place=_bare(line.new_name),
                parent_id=self._surviving_parent(model),
                gso_code=line.new_code if has_code else "",
                model=model,
                predecessor_ids=tuple(version.unit_id for version in versions),
            )
        )
        for version in versions:
            self.result.ended[version.unit_id] = ()

    def _moved(self, version: UnitVersion, line: Line) -> Moved:
        name, short_name = _renamed(version, line.old_name, line.new_name)
        return Moved(
            version=version,
            name=name,
            short_name=short_name,
            parent_id=self._surviving_parent(version),
            gso_code=line.new_code if version.unit_id in self.tree.code_of else "",
        )

    def _surviving_parent(self, version: UnitVersion) -> int | None:
        ending = {row.unit_id for row in self.ending_districts}
        return next(
            (row.unit_id for row in self.tree.above(version.unit_id) if row.unit_id not in ending), None
        )

    def _district_units(self) -> list[UnitVersion]:
        names = {fold(_bare(line.district)) for line in self.lines}
        return [version for version in self._named(names) if self._is_of_the_tier(version)]

    def _named(self, names: Iterable[str]) -> list[UnitVersion]:
        endings = tuple(f" {name}" for name in names)
        return [v for v in self.tree.at(Level.DISTRICT) if fold(v.name).endswith(endings)]

    def _is_of_the_tier(self, version: UnitVersion) -> bool:
        """
        Council, committee, Party and mass organisations go with their district. A service unit that a department
        of the province runs there (its parent is another sort of agency) stays.
        """
        if version.unit.bloc != Bloc.GOVERNMENT:
            return True
        parent = self.tree.versions.get(version.parent_id or 0)
        return parent is not None and parent.abbreviation == version.abbreviation

    def _districts(self) -> None:
        ending = {version.unit_id for version in self.ending_districts}
        names = {fold(_bare(line.district)) for line in self.lines}
        for version in self._named(names) if ending else ():
            if version.unit_id in ending:
                self._end_district_unit(version)
            else:
                text = _("Stays: an agency of the province runs it. Rename or end it by itself.")
                self._note(Verdict.WARNING, version.name, text)
        gone = ending | set(self.result.ended)
        moved = {row.version.unit_id for row in self.result.moved}
        for version in self.tree.versions.values():
            if version.parent_id in gone and version.unit_id not in gone | moved:
                text = _("Would be left without the unit above it: the list does not name it.")
                self._note(Verdict.ERROR, version.name, text)

    def _end_district_unit(self, version: UnitVersion) -> None:
        if version.unit_id in self.tree.planned:
            text = _("A change is recorded for this day or later: %(units)s. Withdraw it first.")
            self._note(Verdict.ERROR, version.name, text % {"units": version.name})
            return
        successor = self._surviving_parent(version)
        self.result.ended[version.unit_id] = (successor,) if successor else ()
        heir = self.tree.versions[successor].name if successor else "—"
        self._note(Verdict.FINE, version.name, _("Ends; carried on by %(unit)s") % {"unit": heir})

    def _find(self, line: Line, verdict: Verdict, text: str) -> None:
        self.result.findings.append(Finding(line.number, verdict, f"{line.old_name} → {line.new_name}", text))

    def _note(self, verdict: Verdict, subject: str, text: str) -> None:
        self.result.findings.append(Finding(None, verdict, subject, text))


def _bare(name: str) -> str:
    """The place alone: "Ba Bể" of "Huyện Ba Bể"."""
    for sort in ("thành phố ", "thị xã ", "thị trấn ", "huyện ", "quận ", "phường ", "xã ", "đặc khu "):
        if name.lower().startswith(sort):
            return name[len(sort) :]
    return name


def _locality(unit_name: str, listed: str) -> str:
    """The commune as the directory spells it at the end of its unit's name; as the list does where they differ."""
    plain = fold(listed)
    if fold(unit_name).endswith(f" {plain}"):
        return plain
    lowered = unit_name.lower()
    starts = [lowered.rfind(f" {sort}") for sort in ("xã ", "phường ", "thị trấn ", "đặc khu ")]
    return fold(unit_name[max(starts) :]) if max(starts) >= 0 else plain


def _renamed(version: UnitVersion, old: str, new: str) -> tuple[str, str]:
    """Full and short name with the new commune in the place of the old one."""
    lowered = new[:1].lower() + new[1:]
    length = len(_locality_words(version.name, old))
    return tuple(" ".join([*text.split()[:-length], lowered]) for text in (version.name, version.short_name))  # type: ignore[return-value]


def _locality_words(unit_name: str, listed: str) -> list[str]:
    return _locality(unit_name, listed).split()
