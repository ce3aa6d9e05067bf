"""Every field is classified, once; what is personal is exported, what is secret never."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey

from accounts import privacy, privacy_map
from accounts.models import User

WATCHED = ("accounts", "directory", "toolbox", "loans", "projects", "mutualisation", "account", "mfa", "usersessions")
MODELS = [m for m in apps.get_models() if m._meta.app_label in WATCHED]


def fields_of(model) -> set[str]:
    return {f.name for f in (*model._meta.local_fields, *model._meta.local_many_to_many)}


def test_every_field_of_every_model_is_classified() -> None:
    missing = {m._meta.label: fields_of(m) - set(privacy_map.classes_of(m)) for m in MODELS}
    assert {label: names for label, names in missing.items() if names} == {}, "À classer dans accounts/privacy_map.py."


def test_nothing_is_classified_twice_and_nothing_that_is_gone() -> None:
    known = {m._meta.label: fields_of(m) for m in MODELS}
    for label, classes in privacy_map.FIELDS.items():
        names = [name for listed in classes.values() for name in listed.split()]
        assert len(names) == len(set(names)), label
        assert set(classes) <= set(privacy_map.CLASSES), label
        assert set(names) - known[label] == set(), label


def test_each_of_our_apps_is_watched() -> None:
    ours = {app for app in settings.INSTALLED_APPS if "." not in app and (settings.BASE_DIR / app).is_dir()}
    assert ours <= set(WATCHED)


def test_what_is_personal_is_found_in_the_export() -> None:
    parts = {part.name for part in privacy.parts()}
    for model in MODELS:
        if "pgh_obj" in fields_of(model):
            continue  # history: its context tells whose changes they are (« changements »)
        classes = privacy_map.classes_of(model).values()
        of_someone = any(isinstance(f, ForeignKey) and f.related_model is User for f in model._meta.local_fields)
        if privacy_map.PERSONAL in classes or of_someone:
            assert privacy_map.EXPORTED.get(model._meta.label) in parts, model._meta.label


def test_passwords_tokens_and_keys_are_secret() -> None:
    for model in MODELS:
        for name, kind in privacy_map.classes_of(model).items():
            if any(word in name for word in ("password", "token", "session_key")):
                assert kind == privacy_map.SECRET or name == "user_permissions", f"{model._meta.label}.{name}"
