from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("forms", "0008_encryption_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="formversion",
            name="publish_notes",
            field=models.TextField(blank=True),
        ),
    ]
