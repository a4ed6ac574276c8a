"""What a rule set asks for by the calendar: its parts, its faults, and which of it is due (domain report, 4.3).

PURE. `parts` are the compiled items, `building` and `checking` read the section `calendar`, `openings` say what is due
for one child on a day, `visits` when it must be seen next.
"""
