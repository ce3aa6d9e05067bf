"""What is asked in return, as the forms that ask it read it: nothing, an exchange, or so much by the day."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from directory.models.resource import CostMode

PAID = (CostMode.COSTS, CostMode.PRICE)
UNIT = re.compile(r"(?i)(le|la|les|du|de|des|par|chaque)\s|[ld][’']")  # how « 40 $ » goes on


def settle_cost(form: forms.BaseForm, data: dict[str, Any]) -> None:
    """What is paid has an amount and what it is for, said as it is read (« 40 $ par jour »); the rest has none."""
    if data.get("cost_mode") not in PAID:  # what is folded away neither counts nor blocks
        data["price"], data["price_unit"] = None, ""
        form.errors.pop("price", None)
        return
    if not data.get("price") and "price" not in form.errors:
        form.add_error("price", _("Écrivez un montant, ou choisissez « Gratuit »."))
    if not data.get("price_unit"):
        form.add_error("price_unit", _("Dites par quoi : « la journée », « du km »…"))
    elif not UNIT.match(data["price_unit"]):
        data["price_unit"] = f"par {data['price_unit'].lstrip('/ ')}"[:40]
