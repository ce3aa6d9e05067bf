"""Who may open what of loans: rows of the table of ``tests/access/test_portal.py``."""

from __future__ import annotations

from tests.cast import table

# Calendars: the address is the member’s; the loan is between « cdc » and someone who is not of the cast.
FEEDS = table("""
loan_feeds | 302 200 | 302 200
loan_feed token={agenda} | 200 | 405
loan_feed token=abime | 404 | 405
loan_feed_revoke pk={agenda_pk} | 302 | 302 404 302 404 404 404 404
loan_calendar pk={agenda_loan} | 302 404 200 200 404 404 404 | 302 405
""")

FREE_BUSY = table("""
loan_dates pk={loan} | 302 404 200 200 404 404 200 | 302 404
resource_ifb slug=tente | 200 | 405
resource_ifb slug=reservee | 404 404 200 200 404 200 200 | 405
resource_ifb slug=brouillon | 404 404 200 200 404 200 200 | 405
""")

# Hand-overs, returns, incidents: « cdc » lends; one loan is accepted, one is out with a sheet and an incident.
CONDITION = table("""
loan_handover pk={loan_kept} | 302 404 200 200 404 404 200 | 302 404 422 422 404 404 403
loan_handover pk={loan_out} | 302 404 200 200 404 404 200 | 302 404 409 409 404 404 403
loan_handover_print pk={loan_kept} | 302 404 200 200 404 404 200 | 302 405
loan_return pk={loan_kept} | 302 404 302 302 404 404 302 | 302 404 302 302 404 404 302
loan_return pk={loan_out} | 302 404 200 200 404 404 200 | 302 404 422 422 404 404 403
loan_return_print pk={loan_out} | 302 404 200 200 404 404 200 | 302 405
loan_close pk={loan_out} | 302 | 302 404 302 302 404 404 403
loan_reopen pk={loan_out} | 302 | 302 404 302 302 404 404 403
incident_create pk={loan_kept} | 302 404 302 302 404 404 403 | 302 404 302 302 404 404 403
incident_create pk={loan_out} | 302 404 200 200 404 404 403 | 302 404 422 422 404 404 403
incident_detail pk={loan_out} incident={incident} | 302 404 200 200 404 404 200 | 302 404 404 404 404 404 403
incident_detail pk={loan_kept} incident={incident} | 302 404 | 302 404
loan_photo uid={loan_photo} size=480 | 302 404 200 200 404 404 200 | 302 405
loan_photo uid={loan_photo} size=99 | 302 404 | 302 405
""")

# Loans: the member and the manager are the lender’s; the link of the e-mail is the manager’s.
LOANS = table("""
loan_list | 302 200 | 302 405
loan_sheet | 302 200 | 302 405
loan_detail pk={loan} | 302 404 200 200 404 404 200 | 302 404 302 302 404 404 403
loan_propose pk={loan} | 302 404 200 200 404 404 403 | 302 404 422 422 404 404 403
loan_answer token={answer} | 200 403 403 200 403 403 403 | 200 403 403 302 403 403 403
loan_answer token=abime | 410 | 410
loan_request slug=tente | 302 200 | 302 409
loan_request slug=reservee | 302 404 200 200 404 404 200 | 302 404 409 409 404 404 409
loan_request slug=brouillon | 302 404 200 200 404 404 200 | 302 404 409 409 404 404 409
""")

# Agreements to sign: the member and the manager are the lender’s, without a mandate.
SIGNING = table("""
agreement_sign number={to_sign} | 302 404 200 200 404 404 200 | 302 404 409 409 404 404 403
agreement_refuse number={to_sign} | 302 404 403 200 404 404 403 | 302 404 403 422 404 404 403
agreement_refuse number={refused} | 302 404 302 302 404 404 302 | 302 404 302 302 404 404 302
agreement_renew number={to_sign} | 302 | 302 404 403 403 404 404 403
agreement_renew number={refused} | 302 | 302 404 302 302 404 404 403
agreement_link number={to_sign} | 302 404 200 200 404 404 403 | 302 404 422 422 404 404 403
agreement_paper number={to_sign} | 302 404 200 200 404 404 200 | 302 404 422 422 404 404 403
agreement_scan number={to_sign} uid={scan} | 302 404 200 200 404 404 200 | 302 405
agreement_scan number={refused} uid={scan} | 302 404 | 302 405
signing_link token={signing_link} | 200 | 422
signing_link token=abime | 404 | 404
signing_copy token={signing_link} | 409 | 405
signing_copy token={signed_link} | 200 | 405
signing_copy token=abime | 404 | 405
""")

# Documents: models and verifying for anyone; an agreement’s for the two organisations of its loan (« cdc » lends).
DOCUMENTS = table("""
model_agreement_document slug=pret-de-velo number=1 form=pdf | 200 | 405
model_agreement_document slug=pret-de-velo number=1 form=docx | 200 | 405
model_agreement_document slug=pret-de-velo number=1 form=odt | 200 | 405
model_agreement_document slug=pret-de-velo number=1 form=exe | 404 | 405
model_agreement_document slug=pret-de-velo number=2 form=pdf | 404 | 405
model_agreement_fill slug=pret-de-velo | 200 | 200
model_agreement_fill slug=inconnue | 404 | 404
agreement_document number={written} form=pdf | 302 404 200 200 404 404 200 | 302 405
agreement_document number={written} form=docx | 302 404 200 200 404 404 200 | 302 405
agreement_document number={settled} form=pdf | 302 404 200 200 404 404 200 | 302 405
agreement_document number={settled} form=odt | 302 404 404 404 404 404 404 | 302 405
agreement_document number=inconnue form=pdf | 302 404 | 302 405
verify | 200 | 422
""")

# Agreements: « cdc » lends; the loan that is accepted has one, complete. Rules are kept by curators, and by owners.
AGREEMENTS = table("""
agreement_list | 302 200 | 302 405
agreement number={agreement} | 302 404 200 200 404 404 200 | 302 404 404 404 404 404 403
agreement number=2020-0000 | 302 404 | 302 404
agreement_answer number={agreement} | 302 404 302 302 404 404 403 | 302 404 409 409 404 404 403
agreement_change number={agreement} | 302 404 200 200 404 404 403 | 302 404 409 409 404 404 403
agreement_amend number={agreement} | 302 | 302 404 302 302 404 404 403
agreement_draw_up pk={loan_kept} | 302 | 302 404 302 302 404 404 403
agreement_rules | 302 403 403 403 200 200 200 | 302 405
agreement_rule kind=materiel | 302 403 403 403 200 200 200 | 302 403 403 403 422 422 422
agreement_rule kind=autre | 302 403 403 403 404 404 404 | 302 403 403 403 404 404 404
resource_rule slug=tente | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
resource_rule slug=brouillon | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
""")
