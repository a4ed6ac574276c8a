"""Addresses of this floor."""

from django.urls import URLPattern, URLResolver, path

from server.shell.pages import forgotten, journal, people, profile, session

urlpatterns: list[URLPattern | URLResolver] = [
    path("", session.home, name="home"),
    path("login", session.login, name="login"),
    path("logout", session.logout, name="logout"),
    path("language", session.language, name="language"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", profile.password, name="password"),
    path("password/forgotten", forgotten.forgotten, name="forgotten"),
    path("password/new", forgotten.new_password, name="new_password"),
    path("people", people.people, name="people"),
    path("people/invite", people.invite, name="invite"),
    path("people/<int:user_id>", people.person, name="person"),
    path("people/<int:user_id>/change", people.change, name="person_change"),
    path("journal", journal.journal, name="journal"),
]
