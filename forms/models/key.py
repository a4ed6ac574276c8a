"""Public keys that forms are encrypted with, and the wrapped private ones of managed encryption."""

from django.db import models

from server import clock


class Key(models.Model):
    """`public`: base64 of the DER, as it stands in XForms. `private`: wrapped with the passphrase
    (`forms.encryption.keys`), for managed keys alone; a self-supplied one is never here.
    """

    public = models.CharField(max_length=2000, unique=True)
    private = models.JSONField(null=True, blank=True)
    is_managed = models.BooleanField(default=False)
    hint = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now)
