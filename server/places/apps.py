from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "server.places"
    label = "places"
