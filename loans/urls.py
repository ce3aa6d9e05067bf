"""Addresses of loans: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from loans.views import (
    agreement,
    agreement_writing,
    condition,
    document,
    feed,
    incident,
    link,
    listing,
    loan,
    proposal,
    request,
    rule,
    series,
)

urlpatterns = [
    path("prets/", listing.loan_list, name="loan_list"),
    path("prets/feuille/", listing.loan_sheet, name="loan_sheet"),
    path("prets/repondre/<str:token>/", link.loan_answer, name="loan_answer"),
    path("prets/agenda/", feed.feed_list, name="loan_feeds"),
    path("prets/agenda/<str:token>.ics", feed.feed, name="loan_feed"),
    path("prets/agenda/<int:pk>/revoquer/", feed.feed_revoke, name="loan_feed_revoke"),
    path("prets/<int:pk>/rendez-vous.ics", feed.loan_calendar, name="loan_calendar"),
    path("prets/<int:pk>/", loan.loan_detail, name="loan_detail"),
    path("prets/<int:pk>/dates/", series.loan_dates, name="loan_dates"),
    path("prets/<int:pk>/proposer/", proposal.loan_propose, name="loan_propose"),
    path("prets/<int:pk>/remise/", condition.sheet, {"moment": "handover"}, name="loan_handover"),
    path("prets/<int:pk>/remise/imprimer/", condition.blank, {"moment": "handover"}, name="loan_handover_print"),
    path("prets/<int:pk>/retour/", condition.sheet, {"moment": "return"}, name="loan_return"),
    path("prets/<int:pk>/retour/imprimer/", condition.blank, {"moment": "return"}, name="loan_return_print"),
    path("prets/<int:pk>/terminer/", condition.close, name="loan_close"),
    path("prets/<int:pk>/rouvrir/", condition.reopen, name="loan_reopen"),
    path("prets/<int:pk>/incidents/signaler/", incident.incident_create, name="incident_create"),
    path("prets/<int:pk>/incidents/<int:incident>/", incident.incident_detail, name="incident_detail"),
    path("prets/photos/<uuid:uid>/<str:size>.webp", condition.photo, name="loan_photo"),
    path("ententes/<slug:number>/document.<str:form>", document.agreement_document, name="agreement_document"),
    path("verifier/", document.verify, name="verify"),
    path("prets/<int:pk>/entente/", agreement.agreement_draw_up, name="agreement_draw_up"),
    path("ententes/", agreement.agreement_list, name="agreement_list"),
    path("ententes/regles/", rule.kind_rules, name="agreement_rules"),
    path("ententes/regles/<slug:kind>/", rule.kind_rule, name="agreement_rule"),
    path("ententes/<slug:number>/", agreement.agreement_detail, name="agreement"),
    path("ententes/<slug:number>/repondre/", agreement_writing.agreement_answer, name="agreement_answer"),
    path("ententes/<slug:number>/changer/", agreement_writing.agreement_change, name="agreement_change"),
    path("ententes/<slug:number>/avenant/", agreement.agreement_amend, name="agreement_amend"),
    path("ressources/<slug:slug>/entente/", rule.resource_rule, name="resource_rule"),
    path("ressources/<slug:slug>/demander/", request.loan_request, name="loan_request"),
]
