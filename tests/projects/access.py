"""Who may open what of projects and communities: rows of the table of ``tests/test_access.py``."""

from __future__ import annotations

from tests.cast import table

# Communities and gatherings: « cdc » hosts « entraide », where the member belongs; « entraide-cachee » is a draft.
COMMUNITIES = table("""
community_list | 200 | 405
community_detail slug=entraide | 200 | 405
community_detail slug=entraide-cachee | 404 404 200 200 404 200 200 | 405
community_create | 302 200 | 302 200 422 422 200 200 200
community_edit slug=entraide | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
community_edit slug=entraide-cachee | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
community_move slug=entraide | 302 405 | 302 403 302 302 403 302 302
community_calendar slug=entraide | 200 | 405
community_calendar slug=entraide-cachee | 404 404 200 200 404 404 200 | 405
community_join slug=entraide | 302 405 | 302 200 302 302 200 200 200
community_join slug=entraide-cachee | 302 405 | 302 404 403 403 404 200 200
community_leave slug=entraide | 302 405 | 302
community_tell slug=entraide | 302 405 | 302
community_entrust slug=entraide pk={belongs} | 302 405 | 302 403 302 302 403 302 302
pivot_add slug=entraide | 302 405 | 302 404 422 404 404 404 404
pivot_ask slug=entraide pk={pivot} | 302 200 | 302 422
pivot_remove slug=entraide pk={pivot} | 302 405 | 302 403 302 302 403 302 302
shelf_add slug=entraide | 302 404 200 404 404 404 404 | 302 404 422 404 404 404 404
shelf_remove slug=entraide pk={shelved} | 302 405 | 302 403 302 302 403 302 302
idea_add slug=entraide | 302 405 | 302 404 422 404 404 404 404
idea_support slug=entraide pk={idea} | 302 405 | 302 403 302 403 403 403 403
idea_withdraw slug=entraide pk={idea} | 302 405 | 302 404 302 302 404 302 302
gathering_create slug=entraide | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
gathering_calendar | 200 | 405
gathering_detail pk={gathering} | 200 | 405
gathering_detail pk={prepared} | 404 404 200 200 404 200 200 | 405
gathering_file pk={gathering} | 200 | 405
gathering_file pk={prepared} | 404 404 200 200 404 200 200 | 405
gathering_edit pk={gathering} | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
gathering_move pk={gathering} | 302 405 | 302 403 302 302 403 302 302
gathering_register pk={gathering} | 302 405 | 302 200 302 302 200 200 200
gathering_register pk={prepared} | 302 405 | 302 404 302 302 404 200 200
gathering_give_up pk={gathering} | 302 405 | 302
gathering_attendance pk={gathering} | 302 405 | 302 403 302 302 403 302 302
gathering_minutes pk={gathering} | 302 405 | 302 403 422 422 403 422 422
""")
