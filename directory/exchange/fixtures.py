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
from django.core.exceptions import FieldError, ObjectDoesNotExist, ValidationError
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
        raise FixtureError(_("%(file)s : illisible (%(why)s).") % {"file": path.name, "why": error}) from error
    if not isinstance(rows, list):
        raise FixtureError(_("%(file)s : une liste de lignes était attendue.") % {"file": path.name})
    return rows


@transaction.atomic
def load(paths: list[Path], *, update: bool = False) -> Loaded:
    """Load fixtures in order, in one transaction.

    A row whose natural key exists is left alone (people may have mended it), unless ``update``. A row without a
    natural key (a figure of a story, opening hours) comes with its owner: loaded when the owner is new, left alone
    when it was there; ``update`` replaces the owner's rows. Raises FixtureError; the database is then as it was.
    """
    created = kept = 0
    known = _Known()
    for path in paths:
        for number, row in enumerate(read(path), 1):
            fresh = _load_row(path, number, row, known, update=update)
            created += fresh
            kept += not fresh
    return Loaded(created, kept)


class _Known:
    """What the database held before this load, what was read, what was added, and whose rows were replaced."""

    def __init__(self) -> None:
        self.before: dict[type[models.Model], set[Any]] = {}
        self.met: set[tuple[type[models.Model], Any]] = set()
        self.added: set[tuple[type[models.Model], Any]] = set()

    def holds(self, model: type[models.Model], key: Any) -> bool:
        if model not in self.before:
            rows = model._default_manager.values_list(*_natural_fields(model))
            self.before[model] = {_frozen(list(values)) for values in rows}
        return key in self.before[model]


def _load_row(path: Path, number: int, row: Any, known: _Known, *, update: bool) -> bool:
    def fail(field: str, why: object) -> FixtureError:
        place = {"file": path.name, "row": number, "field": field, "why": why}
        return FixtureError(_("%(file)s, ligne %(row)s, champ « %(field)s » : %(why)s") % place)

    if not isinstance(row, dict) or not isinstance(row.get("fields"), dict) or "model" not in row:
        raise fail("model", _("il faut « model » et « fields »."))
    try:
        model = apps.get_model(row["model"])
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise fail("model", _("« %s » n’existe pas.") % (row["model"],)) from error
    if "pk" in row:
        raise fail("pk", _("une ligne se reconnaît à sa clé naturelle, jamais à un numéro."))
    names, fields = _natural_fields(model), row["fields"]
    key = _frozen([_named(fields, name) for name in names])
    if names and (model, key) in known.met:
        raise fail(names[0], _("cette clé est déjà celle d’une autre ligne."))
    known.met.add((model, key))
    held = bool(names) and known.holds(model, key)
    if held and not update:
        return False
    _check_fields(model, fields, fail)
    owner = _owner(model)
    if not names and owner and isinstance(fields.get(owner.name), list):
        its = owner.related_model, _frozen(fields[owner.name])
        if its not in known.added:
            if not update:
                return False
            if (model, its) not in known.added:
                known.added.add((model, its))
                holder = owner.related_model._default_manager.get_by_natural_key(*fields[owner.name])
                model._default_manager.filter(**{owner.name: holder}).delete()
    try:
        for item in serializers.deserialize("python", [row]):
            item.object.clean_fields(exclude=["updated_at"])
            item.save()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise fail(field, " ".join(messages)) from error
    except DeserializationError as error:
        raise fail(_guess_field(error, fields), error.__cause__ or error) from error
    except IntegrityError as error:
        raise fail(*_broken_rule(model, error)) from error
    except (DatabaseError, FieldError, AttributeError, TypeError, ValueError) as error:
        raise fail("?", error) from error
    if names and not held:
        known.added.add((model, key))
    return True


def _natural_fields(model: type[models.Model]) -> list[str]:
    """The fields of the natural key: those that the model says, else its one plain field."""
    if not hasattr(model, "natural_key"):
        return []
    if said := getattr(model, "NATURAL", None):
        return list(said)
    name = {"postalarea": "code", "synonym": "terms", "user": "email"}.get(model._meta.model_name or "", "slug")
    return [name] if any(f.name == name for f in model._meta.fields) else []


def _named(fields: dict[str, Any], name: str) -> Any:
    """What a row says of a field of the natural key; of a reference (« category__slug »), its own key."""
    field, _two, inside = name.partition("__")
    value = fields.get(field)
    return value[0] if inside and isinstance(value, list) and value else value


def _owner(model: type[models.Model]) -> Any:
    """The field that says whose a row is: what it would be deleted with."""
    owners = (f for f in model._meta.fields if f.many_to_one and f.remote_field.on_delete is models.CASCADE)  # type: ignore[union-attr]
    return next(owners, None)


def _frozen(value: Any) -> Any:
    """The same value, able to be a key."""
    if isinstance(value, dict):
        return repr(value)
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def _broken_rule(model: type[models.Model], error: IntegrityError) -> tuple[str, str]:
    """The column or the constraint that refused, and why: our own words when the constraint has some."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    for constraint in model._meta.constraints:
        if constraint.name == name and constraint.violation_error_message:
            return name, str(constraint.violation_error_message)
    return name or getattr(diagnosis, "column_name", None) or "?", str(error).splitlines()[0]


def _check_fields(model: type[models.Model], fields: dict[str, Any], fail: Any) -> None:
    """Say which field holds the wrong type and which reference is missing, rather than that one does."""
    for name, value in fields.items():
        try:
            field = model._meta.get_field(name)
        except Exception as error:
            raise fail(name, _("ce champ n’existe pas.")) from error
        if field.auto_created:
            raise fail(name, _("ce champ n’existe pas."))
        if not field.is_relation:
            try:
                field.to_python(value)  # type: ignore[union-attr]
            except ValidationError as error:
                raise fail(name, " ".join(error.messages)) from error
            except (TypeError, ValueError) as error:
                raise fail(name, error) from error
        target = field.related_model
        if not field.is_relation or value is None or not isinstance(target, type):
            continue
        if field.many_to_many and not isinstance(value, list):
            raise fail(name, _("une liste de clés naturelles était attendue : %r.") % (value,))
        for key in value if field.many_to_many else [value]:
            if not isinstance(key, list):
                raise fail(name, _("une clé naturelle était attendue, comme [huntingdon] : %r.") % (key,))
            try:
                target._default_manager.get_by_natural_key(*key)  # type: ignore[attr-defined]
            except (ObjectDoesNotExist, TypeError, ValueError) as error:
                raise fail(name, _("« %s » n’existe pas.") % ", ".join(map(str, key))) from error


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
            raise FixtureError(_("Le jeu de données « %s » n’existe pas.") % name)
