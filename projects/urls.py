"""Addresses of projects and communities: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from projects.views import ledger, linking, participation, project, project_edit, telling

urlpatterns = [
    path("projets/", project.project_list, name="project_list"),
    path("projets/export.<slug:form>", project.project_export, name="project_export"),
    path("projets/atom/", project.project_feed, name="project_feed"),
    path("projets/carte.geojson", project.project_places, name="project_places"),
    path("projets/proposer/", project_edit.project_propose, name="project_propose"),
    path("projets/suivi/<str:token>/", project.project_unfollow, name="project_unfollow"),
    path("projets/photos/<uuid:uid>/<slug:size>.webp", telling.news_photo, name="news_photo"),
    path("projets/<slug:slug>/", project.project_detail, name="project_detail"),
    path("projets/<slug:slug>/modifier/", project_edit.project_edit, name="project_edit"),
    path("projets/<slug:slug>/etat/", project_edit.project_move, name="project_move"),
    path("projets/<slug:slug>/suivre/", project.project_follow, name="project_follow"),
    path("projets/<slug:slug>/appuyer/", project.project_support, name="project_support"),
    path("projets/<slug:slug>/participer/", participation.participate, name="participate"),
    path("projets/<slug:slug>/participations/<int:pk>/", participation.participation, name="participation"),
    path("projets/<slug:slug>/apports/<int:pk>/", participation.contribution, name="contribution"),
    path("projets/<slug:slug>/recus/<int:pk>/retirer/", participation.delivery_remove, name="delivery_remove"),
    path("projets/<slug:slug>/nouvelles/publier/", telling.news_create, name="news_create"),
    path("projets/<slug:slug>/nouvelles/<int:pk>/modifier/", telling.news_edit, name="news_edit"),
    path("projets/<slug:slug>/nouvelles/<int:pk>/retirer/", telling.news_remove, name="news_remove"),
    path("projets/<slug:slug>/documents/", telling.project_documents, name="project_documents"),
    path("projets/<slug:slug>/documents/<uuid:uid>/", telling.document, name="project_document"),
    path("projets/<slug:slug>/documents/<uuid:uid>/retirer/", telling.document_remove, name="document_remove"),
    path("projets/<slug:slug>/prets/", linking.project_loans, name="project_loans"),
    path("projets/<slug:slug>/prets/<int:pk>/retirer/", linking.project_loan_remove, name="project_loan_remove"),
    path("projets/<slug:slug>/besoins/", linking.project_needs, name="project_needs"),
    path("projets/<slug:slug>/besoins/<int:pk>/", linking.project_need_link, name="project_need_link"),
    path("projets/<slug:slug>/bilan/", ledger.project_ledger, name="project_ledger"),
    path("projets/<slug:slug>/bilan/export.<slug:form>", ledger.project_ledger_export, name="project_ledger_export"),
]
