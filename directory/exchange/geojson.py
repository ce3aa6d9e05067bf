"""Map data: counts by place, as GeoJSON. Never an exact address: the point is the municipality's."""

from __future__ import annotations

from django.http import JsonResponse

from directory.taxonomies import territories

ATTRIBUTION = "Données Québec (MRNF, MAMH), CC BY 4.0"


def places(counts: dict[int, int]) -> JsonResponse:
    """A FeatureCollection of points: name, slug and count of each place that holds something."""
    tree = territories()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [node.longitude, node.latitude]},
            "properties": {"name": node.name, "slug": node.slug, "count": n},
        }
        for territory_id, n in sorted(counts.items())
        if (node := tree.by_id.get(territory_id)) and node.latitude is not None
    ]
    return JsonResponse(
        {"type": "FeatureCollection", "attribution": ATTRIBUTION, "features": features},
        content_type="application/geo+json",
    )
