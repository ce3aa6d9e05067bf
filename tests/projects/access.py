"""Who may open what of projects and communities: rows of the table of ``tests/access/test_portal.py``."""

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
community_move slug=entraide | 302 | 302 403 302 302 403 302 302
community_calendar slug=entraide | 200 | 405
community_calendar slug=entraide-cachee | 404 404 200 200 404 404 200 | 405
community_join slug=entraide | 302 | 302 200 302 302 200 200 200
community_join slug=entraide-cachee | 302 | 302 404 403 403 404 200 200
community_leave slug=entraide | 302 | 302
community_tell slug=entraide | 302 | 302
community_stop token={stop_announcements} | 200 | 200
community_stop token=abime | 404 | 404
community_entrust slug=entraide pk={belongs} | 302 | 302 403 302 302 403 302 302
pivot_add slug=entraide | 302 | 302 404 422 404 404 404 404
pivot_ask slug=entraide pk={pivot} | 302 200 | 302 422
pivot_remove slug=entraide pk={pivot} | 302 | 302 403 302 302 403 302 302
shelf_add slug=entraide | 302 404 200 404 404 404 404 | 302 404 422 404 404 404 404
shelf_remove slug=entraide pk={shelved} | 302 | 302 403 302 302 403 302 302
idea_add slug=entraide | 302 | 302 404 422 404 404 404 404
idea_support slug=entraide pk={idea} | 302 | 302 403 302 403 403 403 403
idea_withdraw slug=entraide pk={idea} | 302 | 302 404 302 302 404 302 302
gathering_create slug=entraide | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
gathering_calendar | 200 | 405
gathering_detail pk={gathering} | 200 | 405
gathering_detail pk={prepared} | 404 404 200 200 404 200 200 | 405
gathering_file pk={gathering} | 200 | 405
gathering_file pk={prepared} | 404 404 200 200 404 200 200 | 405
gathering_edit pk={gathering} | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
gathering_move pk={gathering} | 302 | 302 403 302 302 403 302 302
gathering_register pk={gathering} | 302 | 302 200 302 302 200 200 200
gathering_register pk={prepared} | 302 | 302 404 302 302 404 200 200
gathering_give_up pk={gathering} | 302 | 302
gathering_attendance pk={gathering} | 302 | 302 403 302 302 403 302 302
gathering_minutes pk={gathering} | 302 | 302 403 422 422 403 422 422
""")

# Projects: « cdc » carries « camion », whose partner is not of the cast; « projet-cache » is its draft.
PROJECTS = table("""
project_list | 200 | 405
project_export form=csv | 200 | 405
project_export form=xlsx | 200 | 405
project_feed | 200 | 405
project_places | 200 | 405
project_detail slug=camion | 200 | 405
project_detail slug=projet-cache | 404 404 200 200 404 200 200 | 405
project_unfollow token={stop_news} | 200 | 200
project_unfollow token=abime | 404 | 404
project_propose | 302 200 | 302 200 422 422 200 200 200
project_edit slug=camion | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
project_edit slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
project_move slug=camion | 302 | 302 403 302 302 403 302 302
project_move slug=projet-cache | 302 | 302 404 302 302 404 302 302
project_follow slug=camion | 302 | 302
project_follow slug=projet-cache | 302 | 302 404 302 302 404 302 302
project_support slug=camion | 302 | 302
project_support slug=projet-cache | 302 | 302 404 403 403 404 302 302
participate slug=camion | 302 200 | 302 200 422 422 200 200 200
participate slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 409 409 404 200 200
participation slug=camion pk={taking_part} | 302 404 200 200 404 200 200 | 302 404 302 302 404 302 302
participation slug=projet-cache pk={taking_part} | 302 404 | 302 404
contribution slug=camion pk={promise} | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
delivery_remove slug=camion pk={came} | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
news_create slug=camion | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
news_create slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
news_edit slug=camion pk={news} | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
news_remove slug=camion pk={news} | 302 | 302 403 302 302 403 302 302
news_photo uid={news_photo} size=480 | 200 | 405
news_photo uid={news_photo} size=99 | 404 | 405
project_documents slug=camion | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
project_documents slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
project_document slug=camion uid={project_document} | 200 | 405
project_document slug=projet-cache uid={project_document} | 404 | 405
document_remove slug=camion uid={project_document} | 302 | 302 403 302 302 403 302 302
project_loans slug=camion | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
project_loans slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
project_loan_keeps slug=camion pk={linked_loan} | 302 | 302 403 302 302 403 403 302
project_loan_remove slug=camion pk={linked_loan} | 302 | 302 403 302 302 403 302 302
project_needs slug=camion | 302 403 200 200 403 200 200 | 302 403 422 422 403 403 403
project_needs slug=projet-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 403 403
project_need_link slug=camion pk={missing} | 302 | 302 403 302 302 403 403 403
project_ledger slug=camion | 302 403 200 200 403 200 200 | 302 405
project_ledger slug=projet-cache | 302 404 200 200 404 200 200 | 302 405
project_ledger_export slug=camion form=xlsx | 302 403 200 200 403 200 200 | 302 405
project_ledger_export slug=camion form=pdf | 302 403 200 200 403 200 200 | 302 405
project_ledger_export slug=camion form=odt | 302 403 404 404 403 404 404 | 302 405
history noun=projet slug=camion | 302 403 200 200 403 200 200 | 302 405
report noun=projet slug=camion | 200 | 200
""")
