"""The administration of projects and communities: what their sheets say, for those who curate them."""

from projects.admin.community import CommunityAdmin
from projects.admin.project import ProjectAdmin

__all__ = ["CommunityAdmin", "ProjectAdmin"]
