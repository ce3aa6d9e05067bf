"""Health, and the notes: /ajoute/<text>/ writes one, / lists them."""

import os

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from notes.models import Note


def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"notes": Note.objects.count(), "pid": os.getpid()})


def listed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("\n".join(Note.objects.order_by("id").values_list("text", flat=True)))


def add(request: HttpRequest, text: str) -> HttpResponse:
    Note.objects.create(text=text)
    return HttpResponse("ok")


urlpatterns = [path("sante/", health), path("", listed), path("ajoute/<str:text>/", add)]
