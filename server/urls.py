"""Every address of the product, floor by floor. One of the five places of wiring (design.md section 2)."""

from django.urls import include, path

urlpatterns = [
    path("", include("server.people.urls")),
    path("", include("server.shell.urls")),
    # before the forms: `/forms/visit.svc` would else be a form named "visit.svc"
    path("", include("exports.urls")),
    path("", include("forms.urls")),
    path("", include("rules.urls")),
]

handler404 = "server.shell.failures.not_found"
handler500 = "server.shell.failures.server_error"
