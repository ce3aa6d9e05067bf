"""What the address of a list asks: text, facets, distance, order."""

from directory.filters.listing import EntryFilterSet, Option
from directory.filters.organisation import OrganisationFilterSet
from directory.filters.practice import PracticeFilterSet
from directory.filters.resource import ResourceFilterSet

__all__ = ["EntryFilterSet", "Option", "OrganisationFilterSet", "PracticeFilterSet", "ResourceFilterSet"]
