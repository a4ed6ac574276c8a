"""Addresses of this floor."""

from django.urls import URLPattern, URLResolver, path

from server.shell.pages import journal, profile, session

urlpatterns: list[URLPattern | URLResolver] = [
    path("", session.home, name="home"),
    path("login", session.login, name="login"),
    path("logout", session.logout, name="logout"),
    path("language", session.language, name="language"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", profile.password, name="password"),
    path("journal", journal.journal, name="journal"),
]
