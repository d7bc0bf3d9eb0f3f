// Views: all ten types, their settings, and queries of views.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { collectPaginatedAPI, isFullView } from "@notionhq/client";

import { database, notion, page, refused, row, under } from "./workspace.js";

let database_id, data_source_id, ids;

before(async () => {
  const made = await database("Viewed", {
    Status: { status: {} },
    Stage: { select: { options: [{ name: "Now" }, { name: "Later" }] } },
    Due: { date: {} },
    Score: { number: {} },
    Where: { place: {} },
    Shots: { files: {} },
  });
  [database_id, data_source_id] = [made.id, made.source];
  const { properties } = await notion.dataSources.retrieve({ data_source_id });
  ids = Object.fromEntries(Object.entries(properties).map(([name, { id }]) => [name, id]));
  for (const [name, score] of [["Low", 1], ["Middle", 5], ["High", 9]]) {
    await row(data_source_id, name, { Score: { number: score } });
  }
});

const create = (type, more = {}) => notion.views.create({ database_id, data_source_id, name: `A ${type}`, type, ...more });
const manual = { type: "manual" };

const CONFIGURATIONS = {
  table: () => ({ wrap_cells: true, properties: [{ property_id: ids.Score, visible: false, width: 120 }] }),
  board: () => ({ group_by: { type: "status", property_id: ids.Status, group_by: "option", sort: manual } }),
  list: () => ({ properties: [{ property_id: ids.Score, visible: true }] }),
  calendar: () => ({ date_property_id: ids.Due, view_range: "week" }),
  timeline: () => ({ date_property_id: ids.Due, preference: { zoom_level: "month" } }),
  gallery: () => ({ cover: { type: "property", property_id: ids.Shots }, cover_size: "large" }),
  form: () => ({ is_form_closed: true }),
  chart: () => ({ chart_type: "bar", x_axis: { type: "select", property_id: ids.Stage, sort: manual } }),
  map: () => ({ height: "large", map_by: ids.Where }),
};

for (const [type, configuration] of Object.entries(CONFIGURATIONS)) {
  test(`a view of type ${type}`, async () => {
    const made = await create(type, { configuration: { type, ...configuration() } });
    assert(isFullView(made));
    assert.deepEqual([made.type, made.configuration.type], [type, type]);
    for (const key of Object.keys(configuration())) assert(key in made.configuration, key);
    const found = await notion.views.retrieve({ view_id: made.id });
    assert.deepEqual(found.configuration, made.configuration);
    assert.deepEqual(Object.keys(await notion.views.delete({ view_id: made.id })).sort(), [
      "id",
      "object",
      "parent",
      "request_id",
      "type",
    ]);
  });
}

test("a view of type dashboard holds other views", async () => {
  const dashboard = await create("dashboard");
  assert.equal(dashboard.data_source_id, null);
  const widget = await notion.views.create({ view_id: dashboard.id, data_source_id, name: "Widget", type: "table" });
  assert.equal(widget.dashboard_view_id, dashboard.id);
  const { configuration } = await notion.views.retrieve({ view_id: dashboard.id });
  assert.equal(configuration.rows.length, 1);
});

test("a linked view makes a database of its own on another page", async () => {
  const { id: page_id } = await page("Elsewhere");
  const made = await notion.views.create({
    create_database: { parent: under(page_id) },
    data_source_id,
    name: "Linked",
    type: "table",
  });
  assert.notEqual(made.parent.database_id, database_id);
  const listed = await collectPaginatedAPI(notion.views.list, { data_source_id });
  assert(listed.some((view) => view.id === made.id));
});

test("a view is renamed, filtered, sorted and configured", async () => {
  const { id: view_id } = await create("table");
  const changed = await notion.views.update({
    view_id,
    name: "High scores",
    filter: { property: "Score", number: { greater_than: 2 } },
    sorts: [{ property: "Score", direction: "descending" }],
    configuration: { type: "table", wrap_cells: true },
  });
  assert.equal(changed.name, "High scores");
  assert.equal(changed.filter.number.greater_than, 2);
  assert.deepEqual(changed.configuration.wrap_cells, true);
  const cleared = await notion.views.update({ view_id, filter: null, sorts: null });
  assert.deepEqual([cleared.filter, cleared.sorts], [null, null]);
});

test("a view is queried with its filter and sorts, page by page", async () => {
  const { id: view_id } = await create("table", {
    filter: { property: "Score", number: { greater_than: 2 } },
    sorts: [{ property: "Score", direction: "descending" }],
  });
  const query = await notion.views.queries.create({ view_id, page_size: 1 });
  assert.deepEqual([query.total_count, query.results.length, query.has_more], [2, 1, true]);
  const rest = await notion.views.queries.results({ view_id, query_id: query.id, start_cursor: query.next_cursor });
  assert.deepEqual([rest.results.length, rest.has_more], [1, false]);
  assert.equal((await notion.views.queries.delete({ view_id, query_id: query.id })).deleted, true);
  await refused(notion.views.queries.results({ view_id, query_id: query.id }), { status: 404, code: "object_not_found" });
});

test("the last view stays, and wrong settings are refused", async () => {
  const { id } = await database("One view", {});
  const [only] = (await notion.views.list({ database_id: id })).results;
  await refused(notion.views.delete({ view_id: only.id }), {});
  await refused(create("board", { configuration: { type: "table" } }), {});
  await refused(create("nonsense"), { message: /body\.type/ });
  await refused(create("table", { filter: { property: "Nobody", number: { equals: 1 } } }), {});
});
