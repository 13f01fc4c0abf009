from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0014_catalogue_columns"),
    ]

    operations = [
        migrations.AddField(
            model_name="gatewaycertificate",
            name="used_from",
            field=models.DateTimeField(help_text="Of one that was made as the next: when the gateway goes over to it", null=True),
        ),
    ]
