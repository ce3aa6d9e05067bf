"""The directory's nouns, one file each."""

from directory.models.calendar import Closure, ExceptionalHours, Occupation, Reason
from directory.models.category import Category, Kind
from directory.models.joint import JointInvitation, JointRefusal, JointWay
from directory.models.membership import Curatorship, Invitation, JoinRequest, Membership, NetworkMember, Role
from directory.models.moderation import Decision, Report
from directory.models.need import Need, NeedState
from directory.models.opening import OpeningHours
from directory.models.organisation import LegalForm, Organisation
from directory.models.photo import PracticePhoto, ResourcePhoto
from directory.models.practice import (
    Continuum,
    Practice,
    PracticeFigure,
    PracticeForm,
    PracticeLink,
    PracticePartner,
)
from directory.models.resource import Resource, Visibility
from directory.models.sector import Sector
from directory.models.territory import PostalArea, Territory
from directory.models.vocabulary import Synonym, Word

__all__ = [
    "Category",
    "Closure",
    "Continuum",
    "Curatorship",
    "Decision",
    "ExceptionalHours",
    "Invitation",
    "JoinRequest",
    "JointInvitation",
    "JointRefusal",
    "JointWay",
    "Kind",
    "LegalForm",
    "Membership",
    "Need",
    "NeedState",
    "NetworkMember",
    "Occupation",
    "OpeningHours",
    "Organisation",
    "PostalArea",
    "Practice",
    "PracticeFigure",
    "PracticeForm",
    "PracticeLink",
    "PracticePartner",
    "PracticePhoto",
    "Reason",
    "Report",
    "Resource",
    "ResourcePhoto",
    "Role",
    "Sector",
    "Synonym",
    "Territory",
    "Visibility",
    "Word",
]
