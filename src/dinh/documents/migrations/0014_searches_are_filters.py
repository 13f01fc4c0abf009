import django.db.models.deletion
from django.db import migrations, models
from django.http import QueryDict

PATH = "/documents/search/"


def keep_as_filters(apps, schema_editor):
    """What was kept on the search page is a saved filter as on every other list; a filter of that name stays."""
    searches = apps.get_model("documents", "SavedSearch").objects.order_by("pk")
    filters = apps.get_model("worklist", "SavedFilter")
    kept = (
        filters(
            appointment_id=each.appointment_id,
            path=PATH,
            name=each.name,
            query=_in_order(each.query),
            created_at=each.created_at,
        )
        for each in searches.iterator()
    )
    filters.objects.bulk_create(kept, batch_size=500, ignore_conflicts=True)


def _in_order(query):
    given = sorted((name, value) for name, values in QueryDict(query).lists() for value in values if value)
    result = QueryDict(mutable=True)
    for name, value in given:
        if name not in ("page", "fields"):
            result.appendlist(name, value)
    return result.urlencode()


class Migration(migrations.Migration):
    """The table stays for machines that still run the release before; the next one may drop it."""

    dependencies = [
        ("documents", "0013_device_copies"),
        ("worklist", "0006_searches_are_filters"),
    ]

    operations = [
        migrations.RunPython(keep_as_filters, migrations.RunPython.noop),
        # Else what Django does not know any more would keep appointments from being deleted.
        migrations.AlterField(
            "savedsearch",
            "appointment",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="directory.appointment",
            ),
        ),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("SavedSearch")]),
    ]
