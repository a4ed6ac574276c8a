"""Addresses of this floor."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("rules.api.urls")),
    path("", include("rules.pages.urls")),
]
