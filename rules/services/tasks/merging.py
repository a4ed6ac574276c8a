"""Work asked for from outside of a decision (the calendar, a person): added to a live task of the kind, else opened.

The same task is never there twice (domain report, section 5): a live one gets the further cause and the earlier limit.
"""

from forms.models import Entity
from rules.engine.rule_set import RuleSet
from rules.models import Task
from rules.services import phone
from rules.services.tasks.events import add_event
from rules.services.tasks.syncing import bring_forward, newest_episodes, open_task
from rules.services.tasks.wanted import Wanted


class LiveTasks:
    """The newest episode of each kind of task of one locked child (`newest`, where somebody has read them already), and
    what has been opened since."""

    def __init__(
        self, entity: Entity, rule_set: RuleSet, newest: dict[str, Task] | None = None
    ) -> None:
        self.entity = entity
        self.rule_set = rule_set
        self.opened: list[Task] = []
        self._newest = newest

    def newest(self, code: str) -> Task | None:
        """The newest episode of that kind, None where there never was one. One query for all kinds."""
        if self._newest is None:
            self._newest = newest_episodes(self.entity, self.rule_set.name)
        return self._newest.get(code)

    def is_live(self, code: str) -> bool:
        """Whether one of that kind is open, accepted or being verified."""
        task = self.newest(code)
        return task is not None and task.state in Task.LIVE

    def ask_for(self, call: Wanted, *, is_quiet: bool = False) -> Task:
        """The live task of that kind with the cause added, or the next episode (`is_quiet`: its worker, who expects
        it, is not told)."""
        task = self.newest(call.kind.id)
        if task is not None and task.state in Task.LIVE:
            _add_cause(task, self.rule_set, call)
            return task
        inherited = _standing_causes(task, call)
        opened = open_task(
            self.entity,
            self.rule_set,
            call,
            task.episode + 1 if task else 1,
            None,
            inherited=inherited,
            is_quiet=is_quiet,
        )
        self.opened.append(opened)
        if self._newest is not None:
            self._newest[call.kind.id] = opened
        return opened


def _standing_causes(ended: Task | None, call: Wanted) -> tuple[str, ...]:
    """The causes of the episode before that have not gone: done once, they are not to open one more."""
    if ended is None or ended.cause_gone_at is not None:
        return ()
    return tuple(cause for cause in ended.rules if cause not in call.rules)


def _add_cause(task: Task, rule_set: RuleSet, call: Wanted) -> None:
    if task.state != Task.State.VERIFYING:  # what has been done is not to be hurried
        bring_forward(task, rule_set, call)
    added = [cause for cause in call.rules if cause not in task.rules]
    task.rules = [*task.rules, *added]
    if added:
        task.why = {
            language: "；".join(filter(None, [task.why.get(language, ""), text]))
            if language == "zh"
            else "; ".join(filter(None, [task.why.get(language, ""), text]))
            for language, text in call.why.items()
        }
    if call.rank > task.rank:
        task.tier, task.rank = call.tier, call.rank
    task.cause_gone_at = None
    task.save()
    add_event(task, "rules_changed", rules=task.rules, added=added, due=task.due_at.isoformat())
    if task.state != Task.State.VERIFYING:
        phone.deliver_task(task)
