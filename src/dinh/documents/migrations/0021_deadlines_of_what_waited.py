"""What waited at the receiving office before there were deadlines gets the one of its day."""

from typing import Any

from django.db import migrations

from dinh.documents.arrival_deadlines import DELETED, DIRECT, REGISTER, arrival_due

BATCH = 1000


def give_deadlines(apps: Any, schema_editor: Any) -> None:
    items = apps.get_model("worklist", "WorkItem")
    waiting = items.objects.filter(kind__in=(REGISTER, DIRECT, DELETED), due_at=None, done_at=None)
    rows = []
    for row in waiting.only("pk", "kind", "created_at", "urgency").iterator(BATCH):
        row.due_at = arrival_due(row.kind, at=row.created_at, urgency=row.urgency)
        rows.append(row)
    items.objects.bulk_update(rows, ["due_at"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0020_party_of_an_agreement"),
        ("worklist", "0003_warnings_and_escalation"),
    ]
    operations = [migrations.RunPython(give_deadlines, migrations.RunPython.noop)]
