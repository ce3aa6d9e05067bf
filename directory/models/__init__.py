"""The directory's nouns, one file each."""

from directory.models.category import Category, Kind
from directory.models.organisation import LegalForm, Organisation
from directory.models.practice import (
    Continuum,
    Practice,
    PracticeFigure,
    PracticeForm,
    PracticeLink,
    PracticePartner,
)
from directory.models.resource import OpeningHours, Resource
from directory.models.sector import Sector
from directory.models.territory import PostalArea, Territory
from directory.models.vocabulary import Synonym, Word

__all__ = [
    "Category",
    "Continuum",
    "Kind",
    "LegalForm",
    "OpeningHours",
    "Organisation",
    "PostalArea",
    "Practice",
    "PracticeFigure",
    "PracticeForm",
    "PracticeLink",
    "PracticePartner",
    "Resource",
    "Sector",
    "Synonym",
    "Territory",
    "Word",
]
