"""Addresses of the pages of a rule set; each module lists its own."""

from rules.pages.rule_sets import (
    cases,
    checks,
    draft,
    home,
    releases,
    shadows,
    simulations,
    statistics,
)

urlpatterns = [
    *home.urlpatterns,
    *draft.urlpatterns,
    *checks.urlpatterns,
    *cases.urlpatterns,
    *simulations.urlpatterns,
    *shadows.urlpatterns,
    *releases.urlpatterns,
    *statistics.urlpatterns,
]
