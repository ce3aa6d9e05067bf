"""Loans: the list, one loan and its thread, the request, the answer from an e-mail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from loans.models import Loan


def loan_list(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def loan_detail(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Loan.objects.visible_to(request.user), pk=pk)
    return HttpResponse("")


def loan_answer(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse("")


def loan_request(request: HttpRequest, slug: str) -> HttpResponse:
    return HttpResponse("")
