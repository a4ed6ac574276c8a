"""Addresses of the rules API (design.md §7), and the OpenAPI document of everything under /v1."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from rules.api import (
    appeals,
    calendar,
    checks,
    children,
    drafts,
    releases,
    rule_sets,
    schema,
    shadows,
    simulations,
    statistics,
    tasks,
)

_PROJECT = "v1/projects/<int:project_id>"
_RULES = f"{_PROJECT}/rule-sets/<str:name>"
_ENTITY = f"{_PROJECT}/datasets/<str:dataset>/entities/<uuid:uuid>"

__all__ = ["schema", "urlpatterns"]  # importing `schema` is what registers it

urlpatterns = [
    path("v1/schema", SpectacularAPIView.as_view(), name="api-schema"),
    path(f"{_PROJECT}/rule-sets", rule_sets.RuleSets.as_view()),
    path(_RULES, rule_sets.OneRuleSet.as_view()),
    path(f"{_RULES}/draft", drafts.Draft.as_view()),
    path(f"{_RULES}/draft.xlsx", drafts.DraftFile.as_view(kind="xlsx")),
    path(f"{_RULES}/draft.yaml", drafts.DraftFile.as_view(kind="yaml")),
    path(f"{_RULES}/draft/diff", drafts.DraftDiff.as_view()),
    path(f"{_RULES}/draft/undo", drafts.DraftUndo.as_view()),
    path(f"{_RULES}/releases/<int:number>.xlsx", drafts.ReleaseFile.as_view(kind="xlsx")),
    path(f"{_RULES}/releases/<int:number>.yaml", drafts.ReleaseFile.as_view(kind="yaml")),
    path(f"{_RULES}/releases/<int:number>/draft", drafts.DraftFromRelease.as_view()),
    path(f"{_RULES}/draft/check", checks.DraftCheck.as_view()),
    path(f"{_RULES}/draft/cases", checks.DraftCases.as_view()),
    path(f"{_RULES}/releases/<int:number>/check", checks.ReleaseCheck.as_view()),
    path(f"{_RULES}/draft/request", releases.DraftRequest.as_view()),
    path(f"{_RULES}/draft/release", releases.DraftRelease.as_view()),
    path(f"{_RULES}/releases", releases.Releases.as_view()),
    path(f"{_RULES}/releases/<int:number>", releases.OneRelease.as_view()),
    path(f"{_RULES}/releases/<int:number>/activate", releases.ActivateRelease.as_view()),
    path(f"{_RULES}/releases/<int:number>/withdraw", releases.WithdrawRelease.as_view()),
    path(f"{_RULES}/releases/<int:number>/reevaluation", releases.ReleaseReevaluation.as_view()),
    path(
        f"{_RULES}/releases/<int:number>/reevaluation/pause", releases.PauseReevaluation.as_view()
    ),
    path(
        f"{_RULES}/releases/<int:number>/reevaluation/resume", releases.ResumeReevaluation.as_view()
    ),
    path(f"{_RULES}/releases/<int:number>/shadow", shadows.ReleaseShadow.as_view()),
    path(f"{_RULES}/releases/<int:number>/shadow/children", shadows.ShadowChildren.as_view()),
    path(f"{_RULES}/shadow", shadows.Shadow.as_view()),
    path(f"{_RULES}/draft/simulate", simulations.Simulate.as_view()),
    path(f"{_RULES}/simulations", simulations.Simulations.as_view()),
    path(f"{_RULES}/simulations/<int:pk>", simulations.OneSimulation.as_view()),
    path(f"{_RULES}/simulations/<int:pk>/moves", simulations.SimulationMoves.as_view()),
    path(f"{_RULES}/simulations/<int:pk>/cancel", simulations.SimulationCancel.as_view()),
    path(f"{_RULES}/evaluate", rule_sets.Evaluate.as_view()),
    path(f"{_RULES}/statistics", statistics.Statistics.as_view()),
    path(f"{_ENTITY}/evaluation", children.NewestEvaluation.as_view()),
    path(f"{_ENTITY}/evaluations", children.Evaluations.as_view()),
    path(f"{_ENTITY}/evaluations/<int:pk>", children.OneEvaluation.as_view()),
    path(f"{_ENTITY}/case", checks.ChildCase.as_view()),
    path(f"{_ENTITY}/calendar", calendar.ChildCalendar.as_view()),
    path(f"{_ENTITY}/calendar/<str:item>", calendar.ChildCalendarItem.as_view()),
    path(f"{_ENTITY}/timeline", children.Timeline.as_view()),
    path(f"{_ENTITY}/tier", children.TierDecisions.as_view()),
    path(f"{_ENTITY}/appeals", appeals.EntityAppeals.as_view()),
    path(f"{_PROJECT}/appeals", appeals.Appeals.as_view()),
    path(f"{_PROJECT}/appeals/<int:pk>", appeals.OneAppeal.as_view()),
    path(f"{_PROJECT}/tasks", tasks.Tasks.as_view()),
    path(f"{_PROJECT}/tasks/<int:pk>", tasks.OneTask.as_view()),
    path(f"{_PROJECT}/tasks/<int:pk>/history", tasks.TaskHistory.as_view()),
]
