from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("exchange", "0013_archive_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="dictionaryversion",
            name="columns",
            field=models.JSONField(blank=True, db_default=[], default=list, help_text="[[name, title, String or DateTime], ...], those of code and name first; none in old ones"),
        ),
    ]
