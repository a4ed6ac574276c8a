"""What people say about a submission to each other; never part of the record itself."""

from django.db import models

from forms.models.submission import Submission
from server import clock
from server.people.models import Actor


class Comment(models.Model):
    """One remark. Written once; goes when its submission is purged."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="comments")
    actor = models.ForeignKey(Actor, on_delete=models.PROTECT, related_name="+")
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
