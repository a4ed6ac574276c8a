"""Addresses of this floor: OpenRosa and the API; the pages add theirs."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("forms.pages.urls")),
    path("", include("forms.openrosa.urls")),
    path("", include("forms.api.urls")),
]
