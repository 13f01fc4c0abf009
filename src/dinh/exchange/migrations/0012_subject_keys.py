from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import migrations, models
from django.db.models import Min
from django.utils import timezone

from dinh.exchange.sealing import seal


def keep_the_derived_key(apps, _schema_editor):
    """Until now numbers were hashed with a key made of the installation's secret: what was logged is still found by it."""
    exchanges = apps.get_model("exchange", "Exchange").objects.exclude(subject="")
    marked = apps.get_model("exchange", "Operation").objects.exclude(subject="")
    archived = apps.get_model("exchange", "ArchivedSubject").objects
    if not (marked.exists() or exchanges.exists() or archived.exists()):
        return
    derived = HKDF(SHA256(), 32, salt=None, info=b"exchange.subject").derive(settings.SECRET_KEY.encode())
    first = apps.get_model("exchange", "Operation").objects.exclude(subject="").aggregate(
        first=Min("version__created_at")
    )
    apps.get_model("exchange", "SubjectKey").objects.create(
        sealed=seal(derived, secret=settings.SECRET_KEY),
        created_at=first["first"] or timezone.now(),
        is_derived=True,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0011_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.BinaryField(help_text="32 bytes, sealed with the installation's secret")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("lost_at", models.DateTimeField(blank=True, help_text="When it was given up: the secret that it is sealed with is gone.", null=True)),
                ("is_derived", models.BooleanField(db_default=False, default=False, help_text="From the installation's secret, as earlier releases had it")),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.AddConstraint(
            model_name="subjectkey",
            constraint=models.UniqueConstraint(models.Value(1), condition=models.Q(retired_at=None), name="exchange_subjectkey_one_in_use"),
        ),
        migrations.RunPython(keep_the_derived_key, migrations.RunPython.noop),
    ]
