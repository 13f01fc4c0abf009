from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0015_next_certificates"),
    ]

    operations = [
        migrations.AddField(
            model_name="serviceversion",
            name="protocol",
            field=models.CharField(choices=[("plain", "HTTP, as the description says"), ("xroad", "X-Road, through a security server")], db_default="plain", default="plain", max_length=10, verbose_name="protocol"),
        ),
        migrations.AddField(
            model_name="serviceversion",
            name="xroad_client",
            field=models.CharField(blank=True, db_default="", default="", help_text="INSTANCE/CLASS/MEMBER/SUBSYSTEM; empty: each caller by its own name.", max_length=160, verbose_name="client at the security server"),
        ),
    ]
