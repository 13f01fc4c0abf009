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


def category_of(code: str, *, today: date) -> dict[str, object] | None:
    """
    What a catalogue holds on a day, in the shape that the provinces' platforms give: `{Code, Name, Items, Count}`.

    None if there is no such catalogue, or it does not hold yet.
    """
    version = (
        DictionaryVersion.objects.filter(dictionary__in=dictionaries_named(code), valid_from__lte=today)
        .select_related("dictionary")
        .order_by("-number")
        .first()
    )
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
