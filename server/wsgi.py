"""The web process: granian imports `application` from here."""

from django.core.wsgi import get_wsgi_application

from server.serve import end_with_parent

end_with_parent()  # granian's worker must not outlive a killed granian and keep the port
application = get_wsgi_application()
