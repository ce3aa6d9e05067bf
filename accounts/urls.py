"""Addresses of a person’s account, beside those of allauth."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
