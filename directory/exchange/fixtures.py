"""Loads fixtures (Django's format, natural keys): all or nothing, and errors that say file, row and field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.core import serializers
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.serializers.base import DeserializationError
from django.db import DatabaseError, IntegrityError, models, transaction
from django.utils.translation import gettext as _

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover - PyYAML without its C part
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class FixtureError(Exception):
    """What is wrong in a fixture, as a sentence that names the file, the row and the field."""


@dataclass(frozen=True)
class Loaded:
    """What was done: how many rows were created, how many were left as they stand."""

    created: int
    kept: int


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a fixture. Raises FixtureError when the file can't be read."""
    try:
        text = path.read_text(encoding="utf-8")
        rows = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError) as error:
        raise FixtureError(_("%(file)s : illisible (%(why)s).") % {"file": path.name, "why": error}) from error
    if not isinstance(rows, list):
        raise FixtureError(_("%(file)s : une liste de lignes était attendue.") % {"file": path.name})
    return rows


@transaction.atomic
def load(paths: list[Path], *, update: bool = False) -> Loaded:
    """Load fixtures in order, in one transaction.

    A row whose natural key exists is left alone (people may have mended it), unless ``update``.
    Raises FixtureError; the database is then as it was.
    """
    created = kept = 0
    for path in paths:
        seen: dict[type[models.Model], set[tuple[Any, ...]]] = {}
        for number, row in enumerate(read(path), 1):
            fresh = _load_row(path, number, row, seen, update=update)
            created += fresh
            kept += not fresh
    return Loaded(created, kept)


def _load_row(
    path: Path,
    number: int,
    row: Any,
    seen: dict[type[models.Model], set[tuple[Any, ...]]],
    *,
    update: bool,
) -> bool:
    def fail(field: str, why: object) -> FixtureError:
        place = {"file": path.name, "row": number, "field": field, "why": why}
        return FixtureError(_("%(file)s, ligne %(row)s, champ « %(field)s » : %(why)s") % place)

    if not isinstance(row, dict) or not isinstance(row.get("fields"), dict) or "model" not in row:
        raise fail("model", _("il faut « model » et « fields »."))
    try:
        model = apps.get_model(row["model"])
    except (LookupError, ValueError, AttributeError) as error:
        raise fail("model", _("« %s » n’existe pas.") % row["model"]) from error
    existing = seen.setdefault(model, _natural_keys(model))
    key = _key_of(model, row["fields"])
    if key is not None and key in existing and not update:
        return False
    _check_references(model, row["fields"], fail)
    try:
        for item in serializers.deserialize("python", [row]):
            item.object.clean_fields(exclude=["updated_at"])
            item.save()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise fail(field, " ".join(messages)) from error
    except DeserializationError as error:
        raise fail(_guess_field(error, row["fields"]), error.__cause__ or error) from error
    except IntegrityError as error:
        raise fail(getattr(error.__cause__.diag, "constraint_name", "") or "?", str(error).splitlines()[0]) from error  # type: ignore[union-attr]
    except (DatabaseError, TypeError, ValueError) as error:
        raise fail("?", error) from error
    if key is not None:
        existing.add(key)
    return True


def _natural_fields(model: type[models.Model]) -> list[str]:
    """The fields of the natural key, when it is made of plain fields of the model."""
    if not hasattr(model, "natural_key"):
        return []
    return (
        ["code"]
        if model._meta.model_name == "postalarea"
        else ["terms"]
        if model._meta.model_name == "synonym"
        else ["slug"]
    )


def _natural_keys(model: type[models.Model]) -> set[tuple[Any, ...]]:
    names = _natural_fields(model)
    if not names:
        return set()
    return {tuple(_frozen(v) for v in values) for values in model._default_manager.values_list(*names)}


def _key_of(model: type[models.Model], fields: dict[str, Any]) -> tuple[Any, ...] | None:
    names = _natural_fields(model)
    return tuple(_frozen(fields.get(n)) for n in names) if names else None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_references(model: type[models.Model], fields: dict[str, Any], fail: Any) -> None:
    """Say which reference is missing, rather than that one is."""
    for name, value in fields.items():
        try:
            field = model._meta.get_field(name)
        except Exception as error:
            raise fail(name, _("ce champ n’existe pas.")) from error
        target = field.related_model
        if not field.is_relation or value is None or not isinstance(target, type):
            continue
        for key in value if field.many_to_many else [value]:
            if not isinstance(key, list):
                raise fail(name, _("une clé naturelle était attendue, comme [huntingdon] : %r.") % (key,))
            try:
                target._default_manager.get_by_natural_key(*key)  # type: ignore[attr-defined]
            except ObjectDoesNotExist as error:
                raise fail(name, _("« %s » n’existe pas.") % ", ".join(map(str, key))) from error


def _guess_field(error: DeserializationError, fields: dict[str, Any]) -> str:
    text = str(error.__cause__ or error)
    return next((name for name in fields if name in text), "?")


def fixture_files(folder: Path, names: list[str]) -> Iterator[Path]:
    """The files of these fixtures, by name without ending."""
    for name in names:
        for suffix in (".json", ".yaml"):
            if (path := folder / f"{name}{suffix}").exists():
                yield path
                break
        else:
            raise FixtureError(_("Le jeu de données « %s » n’existe pas.") % name)
