"""Addresses of loans: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from loans.views import feed, loan

urlpatterns = [
    path("prets/", loan.loan_list, name="loan_list"),
    path("prets/repondre/<str:token>/", loan.loan_answer, name="loan_answer"),
    path("prets/agenda/", feed.feed_list, name="loan_feeds"),
    path("prets/agenda/<str:token>.ics", feed.feed, name="loan_feed"),
    path("prets/agenda/<int:pk>/revoquer/", feed.feed_revoke, name="loan_feed_revoke"),
    path("prets/<int:pk>/rendez-vous.ics", feed.loan_calendar, name="loan_calendar"),
    path("prets/<int:pk>/", loan.loan_detail, name="loan_detail"),
    path("ressources/<slug:slug>/demander/", loan.loan_request, name="loan_request"),
]
