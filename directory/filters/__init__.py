"""What the address of a list asks: text, facets, distance, order."""

from directory.filters.listing import EntryFilterSet, Option
from directory.filters.need import NeedFilterSet, asked_now
from directory.filters.organisation import OrganisationFilterSet
from directory.filters.practice import PracticeFilterSet
from directory.filters.resource import ResourceFilterSet

__all__ = [
    "EntryFilterSet",
    "NeedFilterSet",
    "Option",
    "OrganisationFilterSet",
    "PracticeFilterSet",
    "ResourceFilterSet",
    "asked_now",
]
