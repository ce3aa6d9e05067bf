"""Every field of every model, in one of four classes: the one place that says who may read what.

PUBLIC        anyone may read it, once the entry is published and to whom its visibility allows
ORGANISATION  the organisation’s people and the curators of its territory
PERSONAL      about a person: herself, whom she deals with, administrators; part of her export, erased when she leaves
SECRET        never leaves the database, not even in an export

A test keeps the list complete: a new field is classified here first. The history of a model (``…Event``) follows it.
"""

from __future__ import annotations

from typing import Any

PUBLIC = "public"
ORGANISATION = "organisation"
PERSONAL = "personal"
SECRET = "secret"  # noqa: S105 - a class of fields
CLASSES = (PUBLIC, ORGANISATION, PERSONAL, SECRET)

_LIFE_PUBLIC = "id is_demo created_at updated_at published_at verified_at slug sort_key search"
_LIFE_OURS = "status returned_note review_since freshness freshness_at"

FIELDS: dict[str, dict[str, str]] = {
    # Who you are
    "accounts.User": {
        PERSONAL: (
            "id email name language function phone closed_at is_active is_staff is_superuser created_at last_login "
            "groups user_permissions"
        ),
        SECRET: "password",
    },
    "accounts.Consent": {PERSONAL: "id user purpose version given_at withdrawn_at"},
    "accounts.Draft": {PERSONAL: "id user key data updated_at"},
    "accounts.Mail": {PERSONAL: "id event to subject text html calendar created_at sent_at failure"},
    "account.EmailAddress": {PERSONAL: "id user email verified primary"},
    "account.EmailConfirmation": {PERSONAL: "id email_address created sent", SECRET: "key"},
    "mfa.Authenticator": {PERSONAL: "id user type created_at last_used_at", SECRET: "data"},
    "usersessions.UserSession": {
        PERSONAL: "id user created_at ip last_seen_at user_agent data",
        SECRET: "session_key",
    },
    # Who acts for whom
    "directory.Membership": {
        PERSONAL: "user",
        ORGANISATION: "id organisation role is_signatory resolution_on created_at",
    },
    "directory.JoinRequest": {
        PERSONAL: "user message",
        ORGANISATION: "id organisation status created_at answered_at answered_by",
    },
    "directory.Invitation": {
        PERSONAL: "email",
        ORGANISATION: "id organisation role invited_by created_at expires_at accepted_at revoked_at",
        SECRET: "token_hash",
    },
    "directory.Curatorship": {PERSONAL: "user", ORGANISATION: "id territory"},
    "directory.NetworkMember": {PUBLIC: "id network organisation"},
    # What is built together
    "projects.Project": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} organisation title standfirst description place territories stage stood_at stage_since "
            "continuum actors inclusion determinants conditions budget hourly_rate year_starts drawing source_title"
        ),
        ORGANISATION: _LIFE_OURS,
        PERSONAL: "proposed_by",
    },
    "projects.Milestone": {PUBLIC: "id project title due_on done_on position"},
    "projects.Funding": {PUBLIC: "id project funder amount starts_on ends_on state position"},
    "projects.Effect": {PUBLIC: "id project value label position"},
    "projects.Participation": {
        PUBLIC: "id project organisation part roles",
        ORGANISATION: "message status reason offered_at answered_at ended_on",
        PERSONAL: "offered_by answered_by",
    },
    "projects.Contribution": {
        PUBLIC: "id participation nature role label need hours amount",
        ORGANISATION: "hourly_rate method starts_on ends_on status reason offered_at answered_at",
        PERSONAL: "offered_by",
    },
    "projects.Delivery": {
        ORGANISATION: "id contribution on hours amount note recorded_at removed_at removed_why",
        PERSONAL: "recorded_by removed_by",
    },
    "projects.ProjectLoan": {
        ORGANISATION: "id project loan contribution role rate per method why linked_at",
        PERSONAL: "linked_by",
    },
    "projects.ProjectNeed": {PUBLIC: "id project need"},
    "projects.News": {PUBLIC: "id project title body published_at", PERSONAL: "by"},
    "projects.NewsPhoto": {PUBLIC: "id uid news large small width height alt"},
    "projects.Document": {PUBLIC: "id uid project title file kind size added_at", PERSONAL: "added_by"},
    "projects.Follower": {PERSONAL: "id project user since"},
    # What is lent: the two organisations of a loan, and nobody else
    "loans.Loan": {
        ORGANISATION: (
            "id resource lender borrower status version quantity returned_quantity to_come purpose handling conditions "
            "recurrence starts_at ends_at cost_mode price price_unit deposit time_share trial_ends_on consent_on "
            "requested_at answer_by held_at reminded_at accepted_at handed_over_at returned_at late_reminded_at "
            "start_told_for end_told_for updated_at"
        ),
        PERSONAL: "worker supervisor consent_by requested_by",
    },
    "loans.LoanDate": {ORGANISATION: "id loan period act cancelled_at"},
    "loans.Proposal": {
        ORGANISATION: (
            "id loan kind side status resource periods quantity conditions cost_mode price price_unit deposit message "
            "made_at answered_at amendment act"
        ),
        PERSONAL: "made_by answered_by",
    },
    "loans.LoanEvent": {ORGANISATION: "id loan verb side at note data", PERSONAL: "by"},
    "loans.LoanMessage": {ORGANISATION: "id loan organisation at text", PERSONAL: "by"},
    "loans.Checklist": {PUBLIC: "id kind category moment items"},
    "loans.ConditionReport": {
        ORGANISATION: (
            "id loan moment version counted state checks note happened_at late_reason filled_side filled_at lender_at "
            "borrower_at contest"
        ),
        PERSONAL: "filled_by lender_by borrower_by",
    },
    "loans.Incident": {
        ORGANISATION: (
            "id loan report description units estimate payer payer_proposed payer_side act set_aside parts_aside "
            "back_on opened_at closed_at outcome"
        ),
        PERSONAL: "opened_by closed_by",
    },
    "loans.LoanPhoto": {
        ORGANISATION: "id uid loan report incident large small width height alt added_at",
        PERSONAL: "added_by",
    },
    "loans.CalendarFeed": {
        PERSONAL: "id user organisation created_at revoked_at read_at",
        SECRET: "token_hash",
    },
    # What is signed: the parties of the loan; what signs keeps its name, as paper does
    "loans.Agreement": {
        ORGANISATION: (
            "id loan edition amends number code title parties status version values chosen lender_agreed lacking "
            "borrower_agreed frozen_at clauses text sha256 sign_by reminded_at in_force_at ended_note created_at "
            "updated_at"
        )
    },
    "loans.AgreementRule": {PUBLIC: "id kind resource model demand threshold updated_at", PERSONAL: "updated_by"},
    "loans.AgreementVersion": {ORGANISATION: "id agreement number side at values chosen note", PERSONAL: "by"},
    "loans.Signature": {
        ORGANISATION: "id agreement party how mandate_on statement sha256 at",
        PERSONAL: "by name function",
    },
    "loans.PaperScan": {
        ORGANISATION: "id uid agreement file sha256 signers side sent_at answered_at confirmed reason",
        PERSONAL: "sent_by answered_by",
    },
    "loans.JournalEntry": {
        ORGANISATION: "id agreement n at kind party data previous hash",
        PERSONAL: "who by",
    },
    "loans.SigningLink": {
        ORGANISATION: "id agreement party sent_at used_at revoked_at",
        PERSONAL: "name email sent_by",
        SECRET: "token_hash",
    },
    "loans.IssuedDocument": {ORGANISATION: "id agreement sha256 state entries size made_at"},
    # What is shared
    "directory.Organisation": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} name acronym legal_form neq mission description sectors territory served_territories "
            "address postal_code latitude longitude website email phone year_founded is_network source"
        ),
        ORGANISATION: f"{_LIFE_OURS} orphan_since",
        PERSONAL: "created_by",
    },
    "directory.Resource": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} organisation kind category name summary description quantity part_of territory address "
            "latitude longitude is_paused min_minutes max_minutes notice_hours horizon_days cost_mode price "
            "price_unit deposit replacement_value insurance_required training_required license_required conditions "
            "drawing brand_model condition accessories handling pickup_hours capacity_seated capacity_standing area_m2 "
            "equipment accessibility access_note parking recurring_allowed buffer_minutes time_share days_per_week "
            "schedule supervision tasks trial_weeks format delivery hours_offered languages audience is_live "
            "closed_on_holidays accepts_by_itself answers"
        ),
        ORGANISATION: f"{_LIFE_OURS} pickup_instructions visibility visible_networks visible_organisations",
        PERSONAL: "created_by",
    },
    "directory.OpeningHours": {PUBLIC: "id resource weekday opens_at closes_at"},
    "directory.ExceptionalHours": {PUBLIC: "id resource organisation starts_on ends_on opens_at closes_at label"},
    "directory.Occupation": {PUBLIC: "id resource unit period", ORGANISATION: "reason act"},
    "directory.Closure": {
        ORGANISATION: "id resource act reason period quantity note created_at",
        PERSONAL: "created_by",
    },
    "directory.ResourcePhoto": {PUBLIC: "id uid resource large small width height alt position"},
    "directory.Need": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} organisation kind category name reason quantity territory starts_on ends_on state "
            "latitude longitude"
        ),
        ORGANISATION: _LIFE_OURS,
        PERSONAL: "created_by",
    },
    "directory.Practice": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} title standfirst place territories sectors kinds stage legal_form form_text started_on "
            "ended_on period_text origin pooled governance results difficulties success_factors lessons funders quote "
            "quote_source drawing source_title source_url"
        ),
        ORGANISATION: _LIFE_OURS,
        PERSONAL: "proposed_by",
    },
    "directory.PracticePartner": {PUBLIC: "id practice organisation role"},
    "directory.PracticeFigure": {PUBLIC: "id practice value label position"},
    "directory.PracticePhoto": {PUBLIC: "id uid practice large small width height alt position"},
    "directory.PracticeLink": {PUBLIC: "id practice title url position"},
    # Who looks for the same thing
    "directory.JointInvitation": {ORGANISATION: "id group need way message at", PERSONAL: "by"},
    "directory.JointRefusal": {PERSONAL: "id user at"},
    # How it is curated
    "directory.Report": {
        ORGANISATION: "id content_type object_id message created_at handled_at handled_by",
        PERSONAL: "email",
    },
    "directory.Decision": {
        ORGANISATION: "id content_type object_id verb note before decided_at undone_at",
        PERSONAL: "decided_by",
    },
    # What helps
    "toolbox.Tool": {
        PUBLIC: (
            f"{_LIFE_PUBLIC} title kind why stages kinds topics publisher year licence url file file_name file_size "
            "merged_into"
        ),
        ORGANISATION: _LIFE_OURS,
        PERSONAL: "proposed_by",
    },
    "toolbox.Term": {PUBLIC: "id slug term definition variants in_texts english updated_at"},
    "toolbox.ModelAgreement": {
        PUBLIC: (
            "id slug title kind parties summary warning position withdrawn_at withdrawn_reason owner copied_from "
            "updated_at"
        ),
    },
    "toolbox.PathEdition": {PUBLIC: "id number questions rules cases changes published_at updated_at"},
    "toolbox.Edition": {PUBLIC: "id model number title summary warning changes variables published_at"},
    "toolbox.Clause": {PUBLIC: "id edition position key title body guidance when"},
    # What is built together: communities and gatherings
    "projects.Community": {
        PUBLIC: f"{_LIFE_PUBLIC} organisation name purpose description sectors territory latitude longitude",
        ORGANISATION: _LIFE_OURS,
        PERSONAL: "created_by",
    },
    "projects.CommunityMember": {PUBLIC: "id community organisation", PERSONAL: "user is_facilitator tells joined_at"},
    "projects.Pivot": {PUBLIC: "id community organisation function sector territory since", PERSONAL: "user"},
    "projects.LibraryItem": {PUBLIC: "id community tool why added_at", PERSONAL: "added_by"},
    "projects.Idea": {
        PUBLIC: "id community organisation title text at withdrawn_at project supporters",
        PERSONAL: "by",
    },
    "projects.IdeaSupport": {PUBLIC: "id idea organisation at", PERSONAL: "by"},
    "projects.Gathering": {
        PUBLIC: (
            "id community kind title summary agenda starts_at ends_at place territory access limit status sequence "
            "note minutes minutes_at updated_at"
        ),
        ORGANISATION: "link",
        PERSONAL: "created_by",
    },
    "projects.Registration": {PUBLIC: "id gathering organisation", PERSONAL: "user status needs at attended"},
    # Words and places
    "directory.Category": {PUBLIC: "id slug kind name parent drawing position"},
    "directory.Sector": {PUBLIC: "id slug name examples"},
    "directory.Territory": {
        PUBLIC: "id kind code name slug designation parent latitude longitude population outline reads_first"
    },
    "directory.PostalArea": {PUBLIC: "id code place latitude longitude"},
    "directory.Synonym": {PUBLIC: "id terms"},
    "directory.Word": {PUBLIC: "word display"},
}

# In which file of the export a person finds what these models hold of her; or why not there.
EXPORTED: dict[str, str] = {
    "accounts.User": "compte",
    "accounts.Consent": "accords",
    "accounts.Draft": "brouillons",
    "accounts.Mail": "courriels",
    "account.EmailAddress": "adresses",
    "account.EmailConfirmation": "adresses",
    "mfa.Authenticator": "double_verification",
    "usersessions.UserSession": "sessions",
    "directory.Membership": "organismes",
    "directory.JoinRequest": "demandes",
    "directory.Invitation": "invitations",
    "directory.Curatorship": "territoires",
    "directory.Organisation": "fiches",
    "directory.Resource": "fiches",
    "directory.Need": "fiches",
    "directory.Practice": "fiches",
    "toolbox.Tool": "fiches",
    "directory.Report": "signalements",
    "directory.Decision": "decisions",
    "directory.Closure": "blocages",
    "directory.JointInvitation": "besoins_communs",
    "directory.JointRefusal": "besoins_communs",
    "loans.Loan": "prets",
    "loans.Proposal": "propositions",
    "loans.LoanEvent": "gestes",
    "loans.LoanMessage": "messages",
    "loans.ConditionReport": "etats_des_lieux",
    "loans.Incident": "incidents",
    "loans.LoanPhoto": "photos_de_prets",
    "loans.CalendarFeed": "agendas",
    "projects.Participation": "participations",
    "projects.Contribution": "apports",
    "projects.Delivery": "apports_recus",
    "projects.News": "nouvelles",
    "projects.Document": "documents_de_projets",
    "projects.Follower": "projets_suivis",
    "projects.ProjectLoan": "prets_de_projets",
    "projects.Project": "fiches",
    "loans.AgreementRule": "regles_d_entente",
    "projects.Community": "communautes",
    "projects.CommunityMember": "communautes",
    "projects.Pivot": "communautes",
    "projects.LibraryItem": "communautes",
    "projects.Idea": "communautes",
    "projects.IdeaSupport": "communautes",
    "projects.Gathering": "communautes",
    "projects.Registration": "rencontres",
    "loans.AgreementVersion": "ententes",
    "loans.Signature": "ententes",
    "loans.PaperScan": "ententes",
    "loans.JournalEntry": "ententes",
    "loans.SigningLink": "ententes",
}


def classes_of(model: Any) -> dict[str, str]:
    """The class of each classified field of a model; a history model answers for the model it follows."""
    label = model._meta.label
    if "pgh_obj" in {f.name for f in model._meta.local_fields}:
        tracked = model._meta.get_field("pgh_obj").related_model
        known = classes_of(tracked)
        own = {f.name for f in model._meta.local_fields}
        return {name: known.get(name, ORGANISATION) for name in own if name in known or name.startswith("pgh_")}
    return {name: kind for kind, names in FIELDS.get(label, {}).items() for name in names.split()}
