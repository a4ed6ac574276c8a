"""What can be done with forms, submissions and entities. Edges and the floors above call these."""

from forms.services.datasets import add_property, create_dataset
from forms.services.form_files import attach_file, clear_file, link_dataset
from forms.services.phones import collect_qr, collect_settings, create_app_user, revoke_app_user
from forms.services.publishing import publish_checks, publish_draft
from forms.services.receiving import Receipt, receive_submission
from forms.services.uploads import abandon_draft, set_draft, upload_form

__all__ = [
    "Receipt",
    "abandon_draft",
    "add_property",
    "attach_file",
    "clear_file",
    "collect_qr",
    "collect_settings",
    "create_app_user",
    "create_dataset",
    "link_dataset",
    "publish_checks",
    "publish_draft",
    "receive_submission",
    "revoke_app_user",
    "set_draft",
    "upload_form",
]
