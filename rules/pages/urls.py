"""Addresses of the pages of this floor."""

from django.urls import path

from rules.pages import (
    appeals,
    by_hand,
    child,
    child_case,
    decide,
    notices,
    registry,
    review,
    tasks,
)
from rules.pages.rule_sets.urls import urlpatterns as rule_set_pages

urlpatterns = [
    *rule_set_pages,
    *appeals.urlpatterns,
    path("review", review.review, name="review"),
    path("review/confirm", review.confirm_chosen, name="review_confirm"),
    path("review/<uuid:child>", review.drawer, name="review_drawer"),
    path("children", registry.registry, name="children"),
    path("children/<uuid:child>", child.child_page, name="child"),
    path("children/<uuid:child>/reveal", child.reveal, name="child_reveal"),
    path("children/<uuid:child>/feed", child.feed, name="child_feed"),
    path(
        "children/<uuid:child>/evaluations/<int:number>", child.past_evaluation, name="evaluation"
    ),
    path("children/<uuid:child>/case", child_case.child_case, name="child_case"),
    path("children/<uuid:child>/calendar/<str:item>", by_hand.open_item, name="child_calendar"),
    path("children/<uuid:child>/ask", decide.ask, name="child_ask"),
    path("children/<uuid:child>/<slug:action>", decide.decide, name="decide"),
    path("tasks", tasks.task_list, name="tasks"),
    path("tasks/<int:task_id>", tasks.task_page, name="task"),
    path("tasks/<int:task_id>/<slug:action>", tasks.act, name="task_act"),
    path("notices", notices.notice_list, name="notices"),
    path("notices/read", notices.read_all, name="notices_read"),
    path("notices/<int:notice_id>", notices.open_notice, name="notice"),
]
