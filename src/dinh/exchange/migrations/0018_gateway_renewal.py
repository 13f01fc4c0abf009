from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0017_gateway_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="gatewaybeat",
            name="renew_at",
            field=models.DateTimeField(null=True, help_text="When it is to go over to a next key of its own; of the certificate that it uses now"),
        ),
    ]
