-- An independent account of every stamped number and of the report's figures, over the tables that our own export
-- writes. It shares no code with the rules or the report: it is what docs/sync.md and docs/report.md say, once more.

-- Each page with itself and everything below it.
CREATE TEMP VIEW part_of AS
WITH RECURSIVE tree(top, node) AS (
  SELECT page_id, page_id FROM features
  UNION SELECT tree.top, link.page_id FROM tree JOIN features_parent link ON link.related_id = tree.node
) SELECT * FROM tree;

CREATE TEMP VIEW need_of AS
WITH RECURSIVE tree(top, node) AS (
  SELECT page_id, page_id FROM opportunities
  UNION SELECT tree.top, link.page_id FROM tree JOIN opportunities_parent link ON link.related_id = tree.node
) SELECT * FROM tree;

CREATE TEMP VIEW live_features AS
SELECT *, status IN ('Shipped', 'Measured') AS is_done FROM features WHERE status NOT IN ('Parked', 'Dropped');

-- The features of an objective: its own, those of its opportunities and what is below these, and all their parts.
CREATE TEMP VIEW objective_needs AS
SELECT DISTINCT link.related_id AS objective, need_of.node AS need
FROM opportunities_objective link JOIN need_of ON need_of.top = link.page_id;

CREATE TEMP VIEW objective_features AS
SELECT link.related_id AS objective, part_of.node AS feature
FROM features_objective link JOIN part_of ON part_of.top = link.page_id
UNION
SELECT needs.objective, part_of.node
FROM objective_needs needs
JOIN features_opportunity link ON link.related_id = needs.need
JOIN part_of ON part_of.top = link.page_id;

CREATE TEMP VIEW vision_features AS
SELECT DISTINCT link.related_id AS vision, found.feature
FROM objectives_vision link JOIN objective_features found ON found.objective = link.page_id;

-- The insights behind a thing, each once.
CREATE TEMP TABLE behind AS
SELECT related_id AS thing, page_id AS insight FROM insights_features
UNION SELECT need_of.top, link.page_id
FROM need_of JOIN insights_opportunity link ON link.related_id = need_of.node
UNION SELECT found.objective, link.page_id
FROM objective_features found JOIN insights_features link ON link.related_id = found.feature
UNION SELECT found.objective, link.page_id
FROM objective_needs found JOIN insights_opportunity link ON link.related_id = found.need;

CREATE TEMP VIEW asks AS
SELECT *, status IN ('New', 'Triaged', 'Linked', 'Planned') AS is_open
FROM insights WHERE coalesce(kind, '') NOT IN ('Praise', 'Question');

CREATE TEMP VIEW customers_today AS
SELECT * FROM customers WHERE coalesce(lifecycle, '') NOT IN ('Prospect', 'Churned');

CREATE TEMP VIEW customers_behind AS
SELECT DISTINCT behind.thing, link.related_id AS customer
FROM behind JOIN insights_customer link ON link.page_id = behind.insight;

-- Of each customer the latest importance that it stated for a thing; of several on one day the largest.
CREATE TEMP VIEW importances AS
SELECT thing, customer, importance FROM (
  SELECT behind.thing, link.related_id AS customer, CAST(substr(insights.importance, 1, 1) AS INTEGER) AS importance,
    row_number() OVER (
      PARTITION BY behind.thing, link.related_id
      ORDER BY coalesce(insights.observed_on, '') DESC, insights.importance DESC
    ) AS place
  FROM behind
  JOIN insights ON insights.page_id = behind.insight AND insights.importance IS NOT NULL
  JOIN insights_customer link ON link.page_id = behind.insight
) WHERE place = 1;

CREATE TEMP TABLE evidence AS
SELECT thing,
  (SELECT count(*) FROM behind b WHERE b.thing = all_things.thing) AS insights,
  (SELECT count(*) FROM customers_behind c WHERE c.thing = all_things.thing) AS customers,
  (SELECT sum(importance) FROM importances i WHERE i.thing = all_things.thing) AS importance,
  (SELECT sum(arr) FROM customers_behind c JOIN customers p ON p.page_id = c.customer
   WHERE c.thing = all_things.thing) AS arr,
  (SELECT sum(arr) FROM customers_behind c JOIN customers_today p ON p.page_id = c.customer
   WHERE c.thing = all_things.thing) AS stake
FROM (
  SELECT page_id AS thing FROM features UNION SELECT page_id FROM opportunities UNION SELECT page_id FROM objectives
) all_things;

-- Shares of what is done, weighed by effort: a feature without one weighs as the mean of the others.
CREATE TEMP VIEW bases AS
SELECT 'objectives' AS kind, objective AS thing, feature FROM objective_features
UNION SELECT 'vision', vision, feature FROM vision_features
UNION SELECT 'releases', related_id, page_id FROM features_release;

CREATE TEMP TABLE progress AS
SELECT base.kind, base.thing, count(*) AS live, sum(is_done) AS done,
  CASE WHEN coalesce(sum(effort), 0) = 0 THEN avg(is_done)
  ELSE sum(is_done * coalesce(effort, mean.effort_mean)) / sum(coalesce(effort, mean.effort_mean)) END AS share
FROM bases base
JOIN live_features live ON live.page_id = base.feature
JOIN (
  SELECT b.kind, b.thing, avg(l.effort) AS effort_mean
  FROM bases b JOIN live_features l ON l.page_id = b.feature GROUP BY b.kind, b.thing
) mean ON mean.kind = base.kind AND mean.thing = base.thing
GROUP BY base.kind, base.thing;

-- Live objectives, with a health that is no older than 14 days.
CREATE TEMP VIEW live_objectives AS
SELECT *, CASE
  WHEN health IN ('On track', 'At risk', 'Off track') AND health_date >= date(:today, '-14 days') THEN health
  ELSE 'No update' END AS fresh
FROM objectives WHERE status IN ('Proposed', 'Committed', 'In progress');

-- Requests and problems that a feature answers which shipped after they were observed, when all live ones shipped.
CREATE TEMP VIEW answered AS
SELECT asks.page_id AS insight FROM asks
WHERE EXISTS (
  SELECT 1 FROM insights_features link JOIN live_features live ON live.page_id = link.related_id
  WHERE link.page_id = asks.page_id AND live.is_done AND (asks.observed_on IS NULL OR live.shipped_on > asks.observed_on)
) AND NOT EXISTS (
  SELECT 1 FROM insights_features link JOIN live_features live ON live.page_id = link.related_id
  WHERE link.page_id = asks.page_id AND NOT live.is_done
);

CREATE TEMP TABLE waiting AS
SELECT customers.page_id AS customer, customers.name, coalesce(customers.arr, 0) AS arr, count(*) AS asks
FROM customers_today customers
JOIN insights_customer link ON link.related_id = customers.page_id
JOIN asks ON asks.page_id = link.page_id AND asks.is_open
GROUP BY customers.page_id;
