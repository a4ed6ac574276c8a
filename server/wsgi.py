"""The web process: granian imports `application` from here."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from server.reception import Reception
from server.serve import end_with_parent

end_with_parent()  # granian's worker must not outlive a killed granian and keep the port
_django = get_wsgi_application()
application = Reception(
    import_string(settings.SHORTCUT)(_django),
    desks=settings.WEB_THREADS,
    limit=settings.MAX_ATTACHMENT_BYTES + settings.MAX_REQUEST_BYTES,
    folder=settings.DATA_DIR / "incoming",
)
