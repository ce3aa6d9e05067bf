"""The nouns of what is built together, one file each."""

from projects.models.community import Community, CommunityMember, Idea, IdeaSupport, LibraryItem, Pivot
from projects.models.gathering import Gathering, GatheringKind, GatheringStatus, Registration, RegistrationStatus

__all__ = [
    "Community",
    "CommunityMember",
    "Gathering",
    "GatheringKind",
    "GatheringStatus",
    "Idea",
    "IdeaSupport",
    "LibraryItem",
    "Pivot",
    "Registration",
    "RegistrationStatus",
]
