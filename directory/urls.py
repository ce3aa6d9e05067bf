"""Addresses of the directory: French, stable, readable."""

from django.urls import path

from directory.views import organisation, practice, resource

urlpatterns = [
    path("organismes/", organisation.organisation_list, name="organisation_list"),
    path("organismes/atom/", organisation.organisation_feed, name="organisation_feed"),
    path("organismes/carte.geojson", organisation.organisation_places, name="organisation_places"),
    path("organismes/<slug:slug>/", organisation.organisation_detail, name="organisation_detail"),
    path("ressources/", resource.resource_list, name="resource_list"),
    path("ressources/atom/", resource.resource_feed, name="resource_feed"),
    path("ressources/carte.geojson", resource.resource_places, name="resource_places"),
    path("ressources/<slug:slug>/", resource.resource_detail, name="resource_detail"),
    path("pratiques/", practice.practice_list, name="practice_list"),
    path("pratiques/atom/", practice.practice_feed, name="practice_feed"),
    path("pratiques/carte.geojson", practice.practice_places, name="practice_places"),
    path("pratiques/<slug:slug>/", practice.practice_detail, name="practice_detail"),
]
