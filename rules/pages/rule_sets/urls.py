"""Addresses of the pages of a rule set; each module lists its own."""

from rules.pages.rule_sets import home, simulations

urlpatterns = [
    *home.urlpatterns,
    *simulations.urlpatterns,
]
