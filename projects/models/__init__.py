"""What is built together: projects, who takes part, what each brings, what is told."""

from projects.models.news import Document, Follower, News, NewsPhoto
from projects.models.participation import (
    IN_HOURS,
    ROLE_HELP,
    Contribution,
    ContributionRole,
    Delivery,
    Nature,
    Part,
    Participation,
    ProjectLoan,
    ProjectNeed,
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
    "IN_HOURS",
    "ROLE_HELP",
    "STAGE_MOVES",
    "STEPS",
    "Contribution",
    "ContributionRole",
    "Delivery",
    "Determinant",
    "Document",
    "Effect",
    "Follower",
    "Funding",
    "Milestone",
    "Nature",
    "News",
    "NewsPhoto",
    "Part",
    "Participation",
    "Project",
    "ProjectLoan",
    "ProjectNeed",
    "Stage",
]
