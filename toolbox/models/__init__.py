"""The nouns of the toolbox, one file each."""

from toolbox.models.agreement import Clause, Edition, ModelAgreement, Party
from toolbox.models.path import PathEdition
from toolbox.models.term import Term
from toolbox.models.tool import Tool, ToolKind

__all__ = ["Clause", "Edition", "ModelAgreement", "Party", "PathEdition", "Term", "Tool", "ToolKind"]
