"""Who may open what of the toolbox: rows of the table of ``tests/test_access.py``."""

from __future__ import annotations

from tests.cast import table

# Tools: « outil » is published, « outil-cache » is the member’s draft; they have no place, every curator keeps them.
TOOLS = table("""
tool_detail slug=outil | 200 | 405
tool_detail slug=outil-cache | 404 404 200 404 200 200 200 | 405
tool_file slug=outil | 200 | 405
tool_file slug=outil-cache | 404 404 200 404 200 200 200 | 405
tool_propose | 302 200 | 302 422
tool_edit slug=outil | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
tool_edit slug=outil-cache | 302 404 200 404 200 200 200 | 302 404 422 404 422 422 422
tool_move slug=outil | 302 405 | 302 403 403 403 302 302 302
tool_move slug=outil-cache | 302 405 | 302 404 302 404 302 302 302
history noun=outil slug=outil | 302 403 403 403 200 200 200 | 302 405
history noun=outil slug=outil-cache | 302 404 200 404 200 200 200 | 302 405
path_rules | 302 403 403 403 200 200 200 | 302 403 403 403 302 302 302
path_publish | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
path_piece kind=rules key=materiel | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
path_piece kind=questions key=quoi | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
path_piece kind=rules key=inconnue | 302 403 403 403 404 404 404 | 302 403 403 403 404 404 404
path_piece_new kind=rules | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
path_piece_move kind=rules key=materiel | 302 405 | 302 403 403 403 302 302 302
report noun=outil slug=outil | 200 | 200
report noun=outil slug=outil-cache | 404 404 200 404 200 200 200 | 404 404 200 404 200 200 200
""")
