"""How many submissions a reader could read in all."""

from exports.tables.reading import Source


def count_submissions(source: Source, filter_text: str | None = None) -> int:
    """The number of rows of the table "Submissions"."""
    return source.rows.count()
