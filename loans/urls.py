"""Addresses of loans: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from loans.views import feed, link, listing, loan, proposal, request

urlpatterns = [
    path("prets/", listing.loan_list, name="loan_list"),
    path("prets/feuille/", listing.loan_sheet, name="loan_sheet"),
    path("prets/repondre/<str:token>/", link.loan_answer, name="loan_answer"),
    path("prets/agenda/", feed.feed_list, name="loan_feeds"),
    path("prets/agenda/<str:token>.ics", feed.feed, name="loan_feed"),
    path("prets/agenda/<int:pk>/revoquer/", feed.feed_revoke, name="loan_feed_revoke"),
    path("prets/<int:pk>/rendez-vous.ics", feed.loan_calendar, name="loan_calendar"),
    path("prets/<int:pk>/", loan.loan_detail, name="loan_detail"),
    path("prets/<int:pk>/proposer/", proposal.loan_propose, name="loan_propose"),
    path("ressources/<slug:slug>/demander/", request.loan_request, name="loan_request"),
]
