"""What people say about a record, what phones logged while one was filled in, and the way into the trash."""

import django.db.models.deletion
import server.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('forms', '0006_public_links'),
        ('people', '0002_accounts'),
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClientAudit',
            fields=[
                ('blob', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='client_audit', serialize=False, to='forms.blob')),
                ('columns', models.JSONField(default=list)),
                ('rows', models.JSONField(default=list)),
                ('has_extras', models.BooleanField(default=False)),
                ('fault', models.CharField(blank=True, choices=[('text', 'it is not UTF-8 text'), ('headings', 'its headings are not those of an audit'), ('row', 'a row does not fit the headings'), ('time', 'a time is no number'), ('size', 'it is too large to be read'), ('missing', 'it is missing from storage')], max_length=10)),
                ('fault_line', models.PositiveIntegerField(null=True)),
                ('read_at', models.DateTimeField(default=server.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(default=server.clock.now)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='submission_trash'),
        ),
        migrations.AddField(
            model_name='comment',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.actor'),
        ),
        migrations.AddField(
            model_name='comment',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='forms.submission'),
        ),
    ]
