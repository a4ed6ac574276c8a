"""What a rule set did, added up by day: so that looking at it does not grow with the county."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rules.models.rule_set import RuleSet


class Tally(models.Model):
    """The evaluations and decisions of one day, for one rule, for one fact, or for all together."""

    class Kind(models.TextChoices):
        ALL = "all", _("Everything")
        RULE = "rule", _("Rule")
        FACT = "fact", _("Fact")

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="tallies")
    day = models.DateField()  # the site's
    kind = models.CharField(max_length=4, choices=Kind)
    key = models.CharField(max_length=64, blank=True)  # id of the rule, name of the fact
    seen = models.PositiveIntegerField(default=0)  # evaluations that had it
    hits = models.PositiveIntegerField(default=0)  # rule: it was true
    begun = models.PositiveIntegerField(default=0)  # rule: true, and not so in the one before
    last_at = models.DateTimeField(null=True, blank=True)  # rule: of the last hit
    unknown = models.PositiveIntegerField(default=0)  # rule, fact; all: insufficient information
    needed = models.PositiveIntegerField(default=0)  # fact: unknown, and a rule waited for it
    mismatched = models.PositiveIntegerField(default=0)  # all: the engines differed
    silent = models.PositiveIntegerField(default=0)  # all: the second engine did not answer
    agreed = models.PositiveIntegerField(default=0)  # people decided what the rules said
    raised = models.PositiveIntegerField(default=0)  # ... higher
    lowered = models.PositiveIntegerField(default=0)  # ... lower

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "day", "kind", "key"], name="tally_once")
        ]
        indexes = [models.Index(fields=["rule_set", "kind", "key"], name="tally_key")]


class TallyMark(models.Model):
    """How far the counting is: the one row, locked while a step is written."""

    evaluation = models.PositiveBigIntegerField(default=0)  # ids up to this one are counted
    decision = models.PositiveBigIntegerField(default=0)
