"""Empty the trash. Submissions and forms that were deleted thirty days ago go for good, and so do files that nobody
else refers to; the scheduler does the same every day.

anhu purge            what has lain in the trash for thirty days
anhu purge --force    all that is in the trash now
"""

import argparse

from django.utils.module_loading import import_string

# on the floor above, therefore named as text: (*, force) -> Purged
PURGE = "forms.services.purging.purge"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The option of `anhu purge`."""
    parser.add_argument(
        "--force", action="store_true", help="all that is in the trash, however short a time"
    )


def run(options: argparse.Namespace) -> int:
    """Purge, and say how much has gone."""
    gone = import_string(PURGE)(force=options.force)
    print(f"forms: {gone.forms}, submissions: {gone.submissions}, files: {gone.blobs}")
    return 0
