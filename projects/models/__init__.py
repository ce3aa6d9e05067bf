"""What is built together, one file a noun: projects, who takes part, what is told; communities, gatherings."""

from projects.models.community import Community, CommunityMember, Idea, IdeaSupport, LibraryItem, Pivot
from projects.models.gathering import Gathering, GatheringKind, GatheringStatus, Registration, RegistrationStatus
from projects.models.link import COUNTS, ProjectLoan, ProjectNeed, lent
from projects.models.news import Document, Follower, News, NewsPhoto
from projects.models.participation import (
    IN_HOURS,
    IN_USE,
    ROLE_HELP,
    Contribution,
    ContributionRole,
    Delivery,
    Nature,
    Part,
    Participation,
)
from projects.models.project import (
    ASIDE,
    STAGE_MOVES,
    STEPS,
    Determinant,
    Effect,
    Funding,
    Milestone,
    Project,
    Stage,
)

__all__ = [
    "ASIDE",
    "COUNTS",
    "IN_HOURS",
    "IN_USE",
    "ROLE_HELP",
    "STAGE_MOVES",
    "STEPS",
    "Community",
    "CommunityMember",
    "Contribution",
    "ContributionRole",
    "Delivery",
    "Determinant",
    "Document",
    "Effect",
    "Follower",
    "Funding",
    "Gathering",
    "GatheringKind",
    "GatheringStatus",
    "Idea",
    "IdeaSupport",
    "LibraryItem",
    "Milestone",
    "Nature",
    "News",
    "NewsPhoto",
    "Part",
    "Participation",
    "Pivot",
    "Project",
    "ProjectLoan",
    "ProjectNeed",
    "Registration",
    "RegistrationStatus",
    "Stage",
    "lent",
]
