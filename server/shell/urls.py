"""Addresses of this floor."""

from django.urls import URLPattern, URLResolver, path

from server.shell.pages import forgotten, journal, people, places, profile, session

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
    path("places", places.places, name="places"),
    path("places/boundaries", places.boundaries, name="places_boundaries"),
    path("places/boundaries.geojson", places.outlines, name="places_outlines"),
    path("places/<str:noun>/new", places.create, name="place_new"),
    path("places/<str:noun>/<int:key>", places.place, name="place"),
    path("places/<str:noun>/<int:key>/change", places.change, name="place_change"),
    path("journal", journal.journal, name="journal"),
]
