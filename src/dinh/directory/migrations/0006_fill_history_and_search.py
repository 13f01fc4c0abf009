from datetime import date

from django.db import migrations

from dinh.kernel.text import fold

BATCH = 2_000


def fill(apps, schema_editor):
    """Divisions and names that stand already: as of their unit's first day, found without diacritics."""
    division, version = apps.get_model("directory", "Division"), apps.get_model("directory", "DivisionVersion")
    unit_version, person = apps.get_model("directory", "UnitVersion"), apps.get_model("directory", "Person")
    version.objects.bulk_create(
        (
            version(
                division=row,
                name=row.name,
                abbreviation=row.abbreviation,
                valid_from=row.unit.founded_date or date(2016, 6, 1),
            )
            for row in division.objects.filter(is_active=True).select_related("unit")
        ),
        batch_size=BATCH,
    )
    versions, people = list(unit_version.objects.all()), list(person.objects.all())
    for row in versions:
        row.search_name = fold(f"{row.name} {row.short_name} {row.abbreviation}")
    for row in people:
        row.search_name = fold(f"{row.full_name} {row.code}")
    unit_version.objects.bulk_update(versions, ["search_name"], batch_size=BATCH)
    person.objects.bulk_update(people, ["search_name"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_history_of_units_and_divisions")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
