"""
Whatever the log is searched by has an index, made while gateways go on: a second for each million rows.

If it is cut off, drop the index that PostgreSQL calls invalid, and migrate again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("exchange", "0019_represented_party")]
    operations = [
        AddIndexConcurrently(
            "exchange", models.Index(fields=["provider", "-started_at"], name="exchange_by_provider")
        ),
        AddIndexConcurrently(
            "exchange",
            models.Index(
                condition=models.Q(("outcome", "delivered"), _negated=True),
                fields=["outcome", "-started_at"],
                name="exchange_by_outcome",
            ),
        ),
        AddIndexConcurrently(
            "exchange",
            models.Index(
                condition=models.Q(("message_id", ""), _negated=True),
                fields=["message_id"],
                name="exchange_of_message",
            ),
        ),
        AddIndexConcurrently(
            "exchange",
            models.Index(
                condition=models.Q(("issue", ""), _negated=True),
                fields=["issue", "-started_at"],
                name="exchange_by_issue",
            ),
        ),
        AddIndexConcurrently(
            "exchange",
            models.Index(
                condition=models.Q(("user_id", ""), _negated=True),
                fields=["user_id", "-started_at"],
                name="exchange_by_user",
            ),
        ),
        RemoveIndexConcurrently("exchange", "exchange_by_message"),
    ]
