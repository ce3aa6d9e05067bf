"""What pages of other apps say of loans: how an organisation keeps its word, in counts."""

from __future__ import annotations

from typing import Any

from django import template

from directory.models import Organisation
from loans import lateness

register = template.Library()


@register.inclusion_tag("loans/_record.html")
def loan_record(organisation: Organisation) -> dict[str, Any]:
    """« 12 prêts tenus, 9 empruntés, dont 8 rendus à temps »; nothing before the first one."""
    return {"record": lateness.record(organisation)}
