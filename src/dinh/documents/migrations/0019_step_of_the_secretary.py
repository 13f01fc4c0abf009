from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0018_words_index_afresh")]
    operations = [
        migrations.AlterField(
            model_name="step",
            name="kind",
            field=models.CharField(
                choices=[
                    ("review", "Comment"),
                    ("initial", "Initial"),
                    ("cosign", "Sign as secretary"),
                    ("sign", "Sign"),
                ],
                max_length=8,
            ),
        ),
    ]
