"""One thing that awaits someone, as « Mon espace » lists it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Todo:
    """One thing that awaits this person: what, for which organisation, and the one gesture that does it."""

    title: str
    address: str
    about: str
    state: str
    tone: str
    action: str
    kind: str = "commun"
    icon: str = "access"
    kind_label: str = ""
    post: bool = False
