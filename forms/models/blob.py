"""Content-addressed files: one row and one stored file per SHA-256, however often it is attached."""

from django.db import models

from server import clock


class Blob(models.Model):
    """A stored file; its place in storage is derived from its SHA-256 (`forms.blobs`)."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    md5 = models.CharField(max_length=32)  # what OpenRosa manifests and ETags speak of
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    created_at = models.DateTimeField(default=clock.now)

    @property
    def storage_name(self) -> str:
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"
