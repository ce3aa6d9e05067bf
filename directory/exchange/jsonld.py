"""schema.org descriptions of public pages, for search engines. Mapping: docs of the domain, table of standards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from directory.models import Kind, Need, Organisation, Practice, PracticePartner, Resource
from mutualisation.kernel.markdown import plain

Absolute = Callable[[str], str]
_SAFE = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def script(data: dict[str, Any]) -> SafeString:
    """What a page holds for machines, nothing of it run; what is empty is left out."""
    kept = {k: v for k, v in data.items() if v not in (None, "", [], {})}
    text = json.dumps({"@context": "https://schema.org", **kept}, ensure_ascii=False).translate(_SAFE)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - < > & are escaped


def organisation(one: Organisation, absolute: Absolute) -> SafeString:
    """NGO (or Organization for a public body)."""
    public = one.legal_form in ("public", "municipal")
    return script(
        {
            "@type": "Organization" if public else "NGO",
            "name": one.name,
            "alternateName": one.acronym,
            "url": absolute(one.get_absolute_url()),
            "sameAs": one.website,
            "description": one.mission,
            "foundingDate": str(one.year_founded or ""),
            "identifier": {"@type": "PropertyValue", "propertyID": "NEQ", "value": one.neq} if one.neq else None,
            "areaServed": [{"@type": "AdministrativeArea", "name": t.name} for t in one.served_territories.all()],
            "knowsAbout": [s.name for s in one.sectors.all()],
            "address": {
                "@type": "PostalAddress",
                "addressLocality": one.territory.name,
                "addressRegion": "QC",
                "addressCountry": "CA",
                **({"streetAddress": one.address} if one.address else {}),
                **({"postalCode": one.postal_code} if one.postal_code else {}),
            },
        }
    )


def resource(one: Resource, absolute: Absolute) -> SafeString:
    """Offer of a Product (material), a Place (premises) or a Service (people's time, expertise)."""
    address = {
        "@type": "PostalAddress",
        "addressLocality": one.territory.name,
        "addressRegion": "QC",
        "addressCountry": "CA",
        **({"streetAddress": one.address} if one.address else {}),
    }
    item: dict[str, Any] = {"name": one.name, "description": one.summary, "category": one.category.name}
    if one.kind == Kind.MATERIEL:
        item["@type"] = "Product"
        if one.brand_model:
            item["model"] = one.brand_model
    elif one.kind == Kind.LOCAUX:
        del item["category"]
        item |= {"@type": "Place", "address": address}
        if one.capacity_seated or one.capacity_standing:
            item["maximumAttendeeCapacity"] = max(one.capacity_seated or 0, one.capacity_standing or 0)
        item["amenityFeature"] = [
            {"@type": "LocationFeatureSpecification", "name": name, "value": True} for name in one.equipment
        ]
    else:
        item |= {"@type": "Service", "areaServed": {"@type": "AdministrativeArea", "name": one.territory.name}}
    priced = one.price is not None
    return script(
        {
            "@type": "Offer",
            "url": absolute(one.get_absolute_url()),
            "name": one.name,
            "image": [absolute(reverse("photo", args=[p.uid, "1600"])) for p in one.photos.all()],
            "itemOffered": item,
            "offeredBy": {
                "@type": "NGO",
                "name": one.organisation.name,
                "url": absolute(one.organisation.get_absolute_url()),
            },
            "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut" if priced else None,
            "price": str(one.price if priced else 0) if one.cost_mode != "echange" else None,
            "priceCurrency": "CAD" if one.cost_mode != "echange" else None,
            "eligibleQuantity": {"@type": "QuantitativeValue", "maxValue": one.quantity} if one.quantity > 1 else None,
            "eligibleCustomerType": "http://purl.org/goodrelations/v1#PublicInstitution",
            "availableAtOrFrom": {"@type": "Place", "address": address},
        }
    )


def practice(one: Practice, partners: list[PracticePartner], absolute: Absolute) -> SafeString:
    """Article."""
    return script(
        {
            "@type": "Article",
            "headline": one.title,
            "description": one.standfirst,
            "url": absolute(one.get_absolute_url()),
            "datePublished": one.published_at.date().isoformat() if one.published_at else "",
            "dateModified": one.updated_at.date().isoformat(),
            "inLanguage": "fr-CA",
            "license": "https://creativecommons.org/licenses/by/4.0/deed.fr",
            "articleSection": one.get_stage_display(),
            "keywords": [s.name for s in one.sectors.all()],
            "contributor": [{"@type": "Organization", "name": p.organisation.name} for p in partners],
            "contentLocation": {"@type": "Place", "name": one.place} if one.place else None,
            "isBasedOn": one.source_url or one.source_title,
            "articleBody": plain("\n\n".join(filter(None, (one.origin, one.pooled, one.governance, one.results)))),
        }
    )


def need(one: Need, absolute: Absolute) -> SafeString:
    """Demand of a Product (material), a Place (premises) or a Service."""
    what = {Kind.MATERIEL: "Product", Kind.LOCAUX: "Place"}.get(Kind(one.kind), "Service")
    return script(
        {
            "@type": "Demand",
            "name": one.name,
            "url": absolute(one.get_absolute_url()),
            "description": one.reason,
            "itemOffered": {"@type": what, "name": one.name},
            "eligibleQuantity": {"@type": "QuantitativeValue", "minValue": one.quantity},
            "areaServed": {"@type": "AdministrativeArea", "name": one.territory.name},
            "validFrom": one.starts_on.isoformat() if one.starts_on else "",
            "validThrough": one.ends_on.isoformat() if one.ends_on else "",
        }
    )
