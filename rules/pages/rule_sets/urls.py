"""Addresses of the pages of a rule set; each module lists its own."""

from rules.pages.rule_sets import cases, checks, home, simulations, statistics

urlpatterns = [
    *home.urlpatterns,
    *checks.urlpatterns,
    *cases.urlpatterns,
    *simulations.urlpatterns,
    *statistics.urlpatterns,
]
