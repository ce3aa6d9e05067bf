"""What is asked of the tables. Dimensions: MRC (0 elsewhere), kind, sector (-1 all of them, 0 none), year.

A loan stands where its resource is, in the sectors of who lends; its hours are those of its dates gone by, its value
what the resource’s page says of replacing it. CAD, hours.
"""

from __future__ import annotations

PLACE = """place AS (SELECT * FROM unnest(%(places)s::bigint[], %(mrcs)s::bigint[]) AS p(territory_id, mrc))"""

# Who is of each sector, and who is of each MRC (of those published).
MEMBERS = f"""
WITH {PLACE}
SELECT 'sector', coalesce(s.sector_id, 0), array_agg(o.id) FROM directory_organisation o
  LEFT JOIN directory_organisation_sectors s ON s.organisation_id = o.id GROUP BY s.sector_id
UNION ALL
SELECT 'mrc', coalesce(p.mrc, 0), array_agg(o.id) FROM directory_organisation o
  LEFT JOIN place p ON p.territory_id = o.territory_id WHERE o.status = 'published' GROUP BY 2
"""

# One scan of the loans; then the whole, and each sector of who lends. A cell is one number (``_cell`` reads it back):
# numbers are grouped three times faster than words, and a year is found among twenty sooner than a moment is taken
# apart. Organisations come as they are: read once by Python, they cost a third of what making them distinct costs here.
# Told once: who lends in all, who borrows in each sector; the rest follows.
LOANS = f"""
WITH {PLACE},
spent AS (
    SELECT loan_id, sum(date_part('epoch', upper(period) - lower(period))) / 3600 AS hours
      FROM loans_loandate WHERE cancelled_at IS NULL AND upper(period) <= %(until)s GROUP BY loan_id),
thing AS MATERIALIZED (
    SELECT r.id, (coalesce(p.mrc, 0) * 8 + array_position(%(kinds)s, r.kind::text)) * 1000000 AS cell,
           coalesce(r.replacement_value::float, 0) AS value
      FROM directory_resource r LEFT JOIN place p ON p.territory_id = r.territory_id),
done AS (
    SELECT r.cell + width_bucket(l.requested_at, %(years)s::timestamptz[]) * 1000
             + coalesce(width_bucket(l.handed_over_at, %(years)s::timestamptz[]), 0) AS cell,
           l.lender_id, l.borrower_id,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE coalesce(s.hours, 0) END AS hours,
           CASE WHEN l.handed_over_at IS NULL THEN 0 ELSE r.value * l.quantity END AS value
      FROM loans_loan l JOIN thing r ON r.id = l.resource_id LEFT JOIN spent s ON s.loan_id = l.id
    OFFSET 0),
loan AS MATERIALIZED (
    SELECT cell * 4 + (hours > 0)::int * 2 + (value > 0)::int AS cell, lender_id, borrower_id, hours, value FROM done)
SELECT cell, -1, count(*), sum(hours), sum(value), array_agg(lender_id) FROM loan GROUP BY cell
UNION ALL
SELECT cell, coalesce(s.sector_id, 0), count(*), sum(hours), sum(value), array_agg(borrower_id)
  FROM loan LEFT JOIN directory_organisation_sectors s ON s.organisation_id = loan.lender_id GROUP BY cell, s.sector_id
"""

# Only what anyone may read; told apart: shared long enough, and lent. With who shares it, in all and by sector; then
# what there is of each category (its cell is the MRC and the kind alone).
RESOURCES = f"""
WITH {PLACE},
lent AS MATERIALIZED (SELECT DISTINCT resource_id FROM loans_loan WHERE handed_over_at IS NOT NULL),
owned AS MATERIALIZED (
    SELECT ((coalesce(p.mrc, 0) * 8 + array_position(%(kinds)s, r.kind::text)) * 1000000
             + width_bucket(r.published_at, %(years)s::timestamptz[]) * 1000) * 4
             + (r.published_at <= %(until)s - make_interval(days => %(idle)s))::int * 2
             + (l.resource_id IS NOT NULL)::int AS cell,
           r.organisation_id, r.category_id
      FROM directory_resource r
      LEFT JOIN place p ON p.territory_id = r.territory_id
      LEFT JOIN lent l ON l.resource_id = r.id
     WHERE r.is_live AND r.visibility = 'everyone' AND r.freshness <> 'hidden')
SELECT 'shared', cell, -1, count(*), array_agg(organisation_id) FROM owned GROUP BY cell
UNION ALL
SELECT 'shared', cell, coalesce(s.sector_id, 0), count(*), array_agg(organisation_id)
  FROM owned LEFT JOIN directory_organisation_sectors s USING (organisation_id) GROUP BY cell, s.sector_id
UNION ALL
SELECT 'category', cell / 4000000 * 4000000, category_id, count(*), NULL FROM owned GROUP BY cell / 4000000, category_id
"""

NEEDS = f"""
WITH {PLACE},
need AS MATERIALIZED (
    SELECT coalesce(p.mrc, 0) AS mrc, n.kind, n.category_id, n.organisation_id,
           width_bucket(n.published_at, %(years)s::timestamptz[]) + %(before)s AS year,
           n.state = 'open' AND (n.ends_on IS NULL OR n.ends_on >= %(today)s) AS open, n.published_at
      FROM directory_need n
      JOIN directory_organisation o ON o.id = n.organisation_id AND o.status = 'published'
      LEFT JOIN place p ON p.territory_id = n.territory_id
     WHERE n.status = 'published' AND n.freshness <> 'hidden')
SELECT mrc, kind, sector, year, category_id, count(*), count(*) FILTER (WHERE open),
       count(*) FILTER (WHERE open AND published_at <= %(until)s - make_interval(days => %(unanswered)s))
  FROM (SELECT *, -1 AS sector FROM need UNION ALL
        SELECT n.*, coalesce(s.sector_id, 0) FROM need n
          LEFT JOIN directory_organisation_sectors s ON s.organisation_id = n.organisation_id) n
 GROUP BY mrc, kind, sector, year, category_id
"""
