"""Addresses of loans: French, stable, readable."""

from __future__ import annotations

from django.urls import path

from loans.views import loan

urlpatterns = [
    path("prets/", loan.loan_list, name="loan_list"),
    path("prets/repondre/<str:token>/", loan.loan_answer, name="loan_answer"),
    path("prets/<int:pk>/", loan.loan_detail, name="loan_detail"),
    path("ressources/<slug:slug>/demander/", loan.loan_request, name="loan_request"),
]
