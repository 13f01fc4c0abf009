from datetime import date

from django.db.models import Max, QuerySet

from dinh.exchange.models import Dictionary, DictionaryItem, DictionaryVersion


def dictionaries_listed() -> QuerySet[Dictionary]:
    """All catalogues, each with the number and the day of its newest version."""
    return Dictionary.objects.annotate(
        newest=Max("versions__number"), newest_from=Max("versions__valid_from")
    ).order_by("code")


def dictionaries_named(code: str) -> QuerySet[Dictionary]:
    """One or none. PostgreSQL takes no NUL in a text, so none is named so."""
    return Dictionary.objects.none() if "\0" in code else Dictionary.objects.filter(code=code)


def version_in_force(code: str, *, on: date, number: int | None = None) -> DictionaryVersion | None:
    """
    The version of a catalogue that holds on a day; or the one of a number, whenever it holds.

    None if there is no such catalogue or version, or it does not hold yet.
    """
    rows = DictionaryVersion.objects.filter(dictionary__in=dictionaries_named(code))
    rows = rows.filter(valid_from__lte=on) if number is None else rows.filter(number=number)
    return rows.select_related("dictionary").order_by("-number").first()


def columns_of(version: DictionaryVersion) -> list[tuple[str, str, str]]:
    """Name, title and kind of each column, those of code and name first; old versions know no names for these."""
    if version.columns:
        return [(name, title, kind) for name, title, kind in version.columns]
    extras = dict.fromkeys(name for extra in version.items.values_list("extra", flat=True) for name in extra)
    return [(name, name, "String") for name in ("Ma", "Ten", *extras)]


def rows_of(version: DictionaryVersion) -> list[dict[str, object]]:
    """What a version holds, as the national platform's catalogues give it: by the columns' names, empty ones null."""
    key, title, *others = [name for name, _title, _kind in columns_of(version)]
    rows = version.items.values_list("code", "name", "extra")
    return [
        {key: code, title: name, **{each: extra.get(each) or None for each in others}}
        for code, name, extra in rows
    ]


def properties_of(version: DictionaryVersion) -> list[dict[str, str]]:
    """The columns of a version, as the national platform's Metadata gives them."""
    return [
        {"PropertyCode": name, "PropertyName": title, "PropertyType": kind}
        for name, title, kind in columns_of(version)
    ]


def category_of(code: str, *, today: date) -> dict[str, object] | None:
    """
    What a catalogue holds on a day: `{Code, Name, Version, Items: [{Ma, Ten, ...}], Count}`.

    The shape of version 1.0 of the service `dmdc` and of the JSON API; later versions of the service give `rows_of`.
    None if there is no such catalogue, or it does not hold yet.
    """
    version = version_in_force(code, on=today)
    if version is None:
        return None
    rows = DictionaryItem.objects.filter(version=version).values_list("code", "name", "extra")
    items = [{"Ma": code, "Ten": name, **extra} for code, name, extra in rows]
    return {
        "Code": version.dictionary.code,
        "Name": version.dictionary.name,
        "Version": version.number,
        "Items": items,
        "Count": len(items),
    }


def metadata_of(code: str) -> dict[str, object] | None:
    """What a catalogue is called and which versions it has had; None if there is none."""
    found = dictionaries_named(code).first()
    if found is None:
        return None
    versions = [
        {"Version": row.number, "ValidFrom": row.valid_from.isoformat(), "IssuedBy": row.legal_basis}
        for row in found.versions.all()
    ]
    return {"Code": found.code, "Name": found.name, "Description": found.description, "Versions": versions}
