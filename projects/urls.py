"""Addresses of projects and communities: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from projects.views import community, community_edit, gathering

urlpatterns = [
    path("communautes/", community.community_list, name="community_list"),
    path("communautes/nouvelle/", community_edit.community_create, name="community_create"),
    path("communautes/<slug:slug>/", community.community_detail, name="community_detail"),
    path("communautes/<slug:slug>/modifier/", community_edit.community_edit, name="community_edit"),
    path("communautes/<slug:slug>/publier/", community_edit.community_move, name="community_move"),
    path("communautes/<slug:slug>/agenda.ics", community.community_calendar, name="community_calendar"),
    path("communautes/<slug:slug>/en-etre/", community.community_join, name="community_join"),
    path("communautes/<slug:slug>/quitter/", community.community_leave, name="community_leave"),
    path("communautes/<slug:slug>/annonces/", community.community_tell, name="community_tell"),
    path("communautes/<slug:slug>/membres/<int:pk>/", community.community_entrust, name="community_entrust"),
    path("communautes/<slug:slug>/pivots/", community.pivot_add, name="pivot_add"),
    path("communautes/<slug:slug>/pivots/<int:pk>/ecrire/", community.pivot_ask, name="pivot_ask"),
    path("communautes/<slug:slug>/pivots/<int:pk>/retirer/", community.pivot_remove, name="pivot_remove"),
    path("communautes/<slug:slug>/bibliotheque/", community.shelf_add, name="shelf_add"),
    path("communautes/<slug:slug>/bibliotheque/<int:pk>/retirer/", community.shelf_remove, name="shelf_remove"),
    path("communautes/<slug:slug>/idees/", community.idea_add, name="idea_add"),
    path("communautes/<slug:slug>/idees/<int:pk>/appuyer/", community.idea_support, name="idea_support"),
    path("communautes/<slug:slug>/idees/<int:pk>/retirer/", community.idea_withdraw, name="idea_withdraw"),
    path("communautes/<slug:slug>/rencontres/nouvelle/", gathering.gathering_create, name="gathering_create"),
    path("rencontres/agenda.ics", community.gathering_calendar, name="gathering_calendar"),
    path("rencontres/<int:pk>/", gathering.gathering_detail, name="gathering_detail"),
    path("rencontres/<int:pk>/rencontre.ics", gathering.gathering_file, name="gathering_file"),
    path("rencontres/<int:pk>/modifier/", gathering.gathering_edit, name="gathering_edit"),
    path("rencontres/<int:pk>/geste/", gathering.gathering_move, name="gathering_move"),
    path("rencontres/<int:pk>/inscription/", gathering.gathering_register, name="gathering_register"),
    path("rencontres/<int:pk>/desistement/", gathering.gathering_give_up, name="gathering_give_up"),
    path("rencontres/<int:pk>/presences/", gathering.gathering_attendance, name="gathering_attendance"),
    path("rencontres/<int:pk>/compte-rendu/", gathering.gathering_minutes, name="gathering_minutes"),
]
