"""Who may open what of the toolbox: rows of the table of ``tests/access/test_portal.py``."""

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
tool_merge slug=outil other=outil-cache | 302 403 403 403 302 302 302 | 302 403 403 403 302 302 302
tool_merge slug=outil other=inconnu | 302 403 403 403 404 404 404 | 302 403 403 403 404 404 404
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

# The editor of model agreements: « pret-de-velo » is the portal’s, with an edition 2 in preparation; « a-soi » belongs
# to a network of the curator’s territory, and was never published.
EDITOR = table("""
edition_changes slug=pret-de-velo number=1 | 404 | 405
edition_changes slug=pret-de-velo number=2 | 404 | 405
model_agreement slug=a-soi | 404 | 405
model_desk | 302 403 403 403 200 200 200 | 302 405
edition_desk slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 405
edition_desk slug=a-soi | 302 403 403 403 403 200 200 | 302 405
edition_desk slug=inconnue | 302 403 403 403 404 404 404 | 302 405
edition_prepare slug=pret-de-velo | 302 405 | 302 403 403 403 302 302 302
edition_prepare slug=a-soi | 302 405 | 302 403 403 403 403 302 302
edition_preview slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 405
edition_preview slug=a-soi | 302 403 403 403 403 200 200 | 302 405
edition_history slug=pret-de-velo number=1 | 302 403 403 403 200 200 200 | 302 405
edition_history slug=pret-de-velo number=9 | 302 403 403 403 404 404 404 | 302 405
edition_history slug=a-soi number=1 | 302 403 403 403 403 200 200 | 302 405
clause_add slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
clause_add slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
clause_edit slug=pret-de-velo pk={clause} | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
clause_edit slug=a-soi pk={own_clause} | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
clause_edit slug=pret-de-velo pk={own_clause} | 302 403 403 403 404 404 404 | 302 403 403 403 409 409 409
clause_move slug=pret-de-velo pk={clause} | 302 405 | 302 403 403 403 302 302 302
clause_move slug=a-soi pk={own_clause} | 302 405 | 302 403 403 403 403 302 302
clause_gesture slug=pret-de-velo pk={clause} | 302 405 | 302 403 403 403 302 302 302
clause_gesture slug=a-soi pk={own_clause} | 302 405 | 302 403 403 403 403 302 302
clause_restore slug=pret-de-velo event=1 | 302 405 | 302 403 403 403 302 302 302
clause_restore slug=a-soi event=1 | 302 405 | 302 403 403 403 403 302 302
variable_add slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
variable_add slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
variable_edit slug=pret-de-velo name=panier | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
variable_edit slug=pret-de-velo name=inconnue | 302 403 403 403 404 404 404 | 302 403 403 403 302 302 302
variable_edit slug=a-soi name=panier | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
variable_remove slug=pret-de-velo name=panier | 302 405 | 302 403 403 403 302 302 302
variable_remove slug=a-soi name=panier | 302 405 | 302 403 403 403 403 302 302
model_presentation slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
model_presentation slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
edition_publish slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
edition_publish slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
edition_discard slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 302 302 302
edition_discard slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 302 302
model_withdraw slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
model_withdraw slug=a-soi | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
model_put_back slug=pret-de-velo | 302 405 | 302 403 403 403 302 302 302
model_put_back slug=a-soi | 302 405 | 302 403 403 403 403 302 302
model_copy slug=pret-de-velo | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
model_copy slug=a-soi | 302 403 403 403 404 404 404 | 302 403 403 403 404 404 404
""")
