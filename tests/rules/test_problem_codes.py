"""The catalogue of this floor's problems."""

from collections import Counter

from rules import problems
from server.problems import Kind


def test_every_problem_has_a_code_of_its_own():
    codes = Counter(one.code for one in vars(problems).values() if isinstance(one, Kind))
    assert [code for code, count in codes.items() if count > 1] == []
