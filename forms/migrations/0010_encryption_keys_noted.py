"""Forms that brought a key of their own have asked phones to encrypt all along."""

import re

from django.db import migrations

MAX_PUBLIC = 2000
_KEY = re.compile(rb"base64RsaPublicKey\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def note_keys(apps, schema_editor):
    version_of, key_of = apps.get_model("forms", "FormVersion"), apps.get_model("forms", "Key")
    for pk in version_of.objects.order_by("pk").values_list("pk", flat=True):
        found = _KEY.search(bytes(version_of.objects.values_list("xml", flat=True).get(pk=pk)))
        public = b"".join((found[1] or found[2] or b"").split()).decode("utf-8", "replace") if found else ""
        if 0 < len(public) <= MAX_PUBLIC:
            key, _ = key_of.objects.get_or_create(public=public)
            version_of.objects.filter(pk=pk).update(key=key)


class Migration(migrations.Migration):

    dependencies = [
        ('forms', '0009_publish_notes'),
    ]

    operations = [
        migrations.RunPython(note_keys, migrations.RunPython.noop),
    ]
