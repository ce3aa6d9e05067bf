"""What pages of other apps say of projects and communities: who brings what a need asks, which keep a tool."""

from __future__ import annotations

from typing import Any

from django import template

from directory.models import Need
from projects.linking import brought_to
from projects.models import Community
from toolbox.models import Tool

register = template.Library()
AT_MOST = 6


@register.inclusion_tag("projects/need/_brought.html")
def brought(need: Need, user: Any) -> dict[str, Any]:
    """On a need’s page: who brings it to its project, as far as this reader may see it. One query."""
    return {"brought": brought_to([need], user)[need.pk]}


@register.inclusion_tag("projects/community/_keeping.html")
def communities_that_keep(tool: Tool, user: Any) -> dict[str, Any]:
    """On a tool's page: the communities of practice whose library has it, and why; nothing without any. One query."""
    seen = Community.objects.visible_to(user).listed()
    kept = tool.communities.filter(community__in=seen).order_by("community__sort_key", "id")
    return {"kept": kept.select_related("community").only("why", "community__slug", "community__name")[:AT_MOST]}
