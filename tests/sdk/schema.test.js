// Databases and data sources: every property type, and what becomes of a schema.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isFullDatabase, isFullDataSource } from "@notionhq/client";

import { database, isOld, names, notion, plain, refused, root, row, text, title, under } from "./workspace.js";

const PLAIN = {
  Text: { rich_text: {} },
  Number: { number: { format: "euro" } },
  Select: { select: { options: [{ name: "One", color: "red" }, { name: "Two" }] } },
  Tags: { multi_select: { options: [{ name: "a" }, { name: "b", color: "blue" }] } },
  Status: { status: {} },
  Date: { date: {} },
  People: { people: {} },
  Files: { files: {} },
  Done: { checkbox: {} },
  Link: { url: {} },
  Mail: { email: {} },
  Phone: { phone_number: {} },
  Created: { created_time: {} },
  Creator: { created_by: {} },
  Edited: { last_edited_time: {} },
  Editor: { last_edited_by: {} },
  Key: { unique_id: { prefix: "SDK" } },
  Place: { place: {} },
  Button: { button: {} },
};

const schemaOf = async (data_source_id) => (await notion.dataSources.retrieve({ data_source_id })).properties;

for (const [name, config] of Object.entries(PLAIN)) {
  const type = Object.keys(config)[0];
  test(`a property of type ${type}`, async () => {
    const { source } = await database(`With ${type}`, { [name]: config });
    const property = (await schemaOf(source))[name];
    assert.equal(property.type, type);
    assert.equal(property.name, name);
    assert.equal(property.description, null);
    assert.equal(typeof property[type], "object");
    const made = await row(source, "A row");
    assert.equal(made.properties[name].type, type);
    assert.equal(made.properties[name].id, property.id);
  });
}

test("a database has a data source and a view", async () => {
  const { id, source } = await database("Fresh", {});
  const found = await notion.databases.retrieve({ database_id: id });
  assert(isFullDatabase(found));
  assert.equal("archived" in found, isOld);
  const dataSource = await notion.dataSources.retrieve({ data_source_id: source });
  assert(isFullDataSource(dataSource));
  assert.deepEqual(dataSource.database_parent, under(root));
  assert.equal((await notion.views.list({ database_id: id })).results.length, 1);
});

test("a database is renamed, described, given an icon, locked, trashed and restored", async () => {
  const { id: database_id } = await database("Before", {});
  const changed = await notion.databases.update({
    database_id,
    title: text("After"),
    description: text("What it is for"),
    icon: { type: "emoji", emoji: "🚀" },
    cover: { type: "external", external: { url: "https://example.com/cover.png" } },
    is_locked: true,
    is_inline: true,
  });
  assert.deepEqual([plain(changed.title), plain(changed.description)], ["After", "What it is for"]);
  assert.deepEqual([changed.icon.emoji, changed.is_locked, changed.is_inline], ["🚀", true, true]);
  assert.equal((await notion.databases.update({ database_id, in_trash: true })).in_trash, true);
  await refused(notion.databases.update({ database_id, title: text("No") }), { message: /archived/ });
  assert.equal((await notion.databases.update({ database_id, in_trash: false })).in_trash, false);
});

test("a further data source has its own schema and view", async () => {
  const { id: database_id } = await database("Two sources", {});
  const second = await notion.dataSources.create({
    parent: { type: "database_id", database_id },
    title: text("Second"),
    properties: { Title: { title: {} }, Count: { number: {} } },
  });
  assert.deepEqual(Object.keys(second.properties).sort(), ["Count", "Title"]);
  assert.equal((await notion.databases.retrieve({ database_id })).data_sources.length, 2);
  assert.equal((await notion.views.list({ database_id })).results.length, 2);
  await refused(notion.pages.create({ parent: { database_id }, properties: { Name: title("Which?") } }), {
    message: /multiple data sources/,
  });
});

test("properties are added, renamed, described, converted and removed", async () => {
  const { source: data_source_id } = await database("Changing", { Note: { rich_text: {} } });
  const made = await row(data_source_id, "A", { Note: { rich_text: text("42") } });
  const update = (properties) => notion.dataSources.update({ data_source_id, properties });
  assert("Extra" in (await update({ Extra: { checkbox: {} } })).properties);
  const { id } = (await update({ Note: { name: "Points", description: "How many" } })).properties.Points;
  const { Points } = (await update({ [id]: { number: { format: "number" } } })).properties;
  assert.deepEqual([Points.id, Points.type, Points.description], [id, "number", "How many"]);
  const { properties } = await notion.pages.retrieve({ page_id: made.id });
  assert.equal(properties.Points.number, 42);
  assert.deepEqual(Object.keys((await update({ Extra: null, Points: null })).properties), ["Name"]);
  await refused(update({ Name: null }), {});
  await refused(update({ Nothing: { name: "Else" } }), { message: /Nothing is not a property that exists/ });
});

test("status options stand in Notion's groups, and a list replaces them", async () => {
  const options = [
    { name: "Idea", color: "gray" },
    { name: "Building", color: "blue", group: "In progress" },
    { name: "Shipped", color: "green", group: "Complete" },
  ];
  const { source: data_source_id } = await database("Stages", { Status: { status: { options } } });
  const { status } = (await schemaOf(data_source_id)).Status;
  assert.deepEqual(status.groups.map((group) => group.name), ["To-do", "In progress", "Complete"]);
  assert.deepEqual(status.groups.map((group) => group.option_ids.length), [1, 1, 1]);
  assert.equal((await row(data_source_id, "A")).properties.Status.status.name, "Idea");
  const update = (sent) =>
    notion.dataSources.update({ data_source_id, properties: { Status: { status: { options: sent } } } });
  await refused(update([{ name: "Idea", color: "red" }]), { message: /Cannot update color of select/ });
  const kept = await update([{ name: "Idea" }, { name: "Building" }]);
  assert.deepEqual(kept.properties.Status.status.options.map((option) => option.name), ["Idea", "Building"]);
  await refused(row(data_source_id, "B", { Status: { status: { name: "Shipped" } } }), {
    message: /Status option "Shipped" does not exist/,
  });
});

test("a page write makes a select option; commas and twins are refused", async () => {
  const { source } = await database("Options", { Tags: { multi_select: { options: [{ name: "old" }] } } });
  await row(source, "A", { Tags: { multi_select: [{ name: "old" }, { name: "new" }] } });
  const { options } = (await schemaOf(source)).Tags.multi_select;
  assert.deepEqual(options.map((option) => option.name).sort(), ["new", "old"]);
  await refused(row(source, "B", { Tags: { multi_select: [{ name: "a, b" }] } }), { message: /commas not allowed/ });
});

test("a two-way relation is seen and written from both sides", async () => {
  const { source: features } = await database("Features", {});
  const { source: insights } = await database("Insights", {
    Feature: { relation: { data_source_id: features, type: "dual_property", dual_property: {} } },
  });
  const near = (await schemaOf(insights)).Feature;
  const far = (await schemaOf(features))["Related to Insights (Feature)"];
  assert.equal(near.relation.dual_property.synced_property_id, far.id);
  assert.equal(far.relation.dual_property.synced_property_id, near.id);
  const feature = await row(features, "Search");
  const insight = await row(insights, "Slow", { Feature: { relation: [{ id: feature.id }] } });
  const seen = await notion.pages.retrieve({ page_id: feature.id });
  assert.deepEqual(seen.properties[far.name].relation, [{ id: insight.id }]);
  await notion.pages.update({ page_id: feature.id, properties: { [far.id]: { relation: [] } } });
  const { properties } = await notion.pages.retrieve({ page_id: insight.id });
  assert.deepEqual([properties.Feature.relation, properties.Feature.has_more], [[], false]);
});

const ROLLUPS = {
  count: 3, count_values: 2, empty: 1, not_empty: 2, unique: 2, percent_empty: 1 / 3, percent_not_empty: 2 / 3,
  sum: 30, average: 15, median: 15, min: 10, max: 20, range: 10,
  count_per_group: undefined, percent_per_group: undefined,
}; // prettier-ignore

test("rollups of every function, and formulas over them", async () => {
  const { source: items } = await database("Items", { Price: { number: {} }, Due: { date: {} }, Done: { checkbox: {} } });
  const dated = { Due: { date: { start: "2026-01-01" } }, Done: { checkbox: true } };
  const made = [
    await row(items, "a", { Price: { number: 10 }, ...dated }),
    await row(items, "b", { Price: { number: 20 }, Due: { date: { start: "2026-01-31" } } }),
    await row(items, "c"),
  ];
  const { source: orders } = await database("Orders", {
    Items: { relation: { data_source_id: items, type: "single_property", single_property: {} } },
  });
  const over = (name, fn) => ({
    rollup: { relation_property_name: "Items", rollup_property_name: name, function: fn },
  });
  const numeric = Object.fromEntries(Object.keys(ROLLUPS).map((fn) => [fn, over("Price", fn)]));
  const others = {
    checked: over("Done", "checked"),
    unchecked: over("Done", "unchecked"),
    percent_checked: over("Done", "percent_checked"),
    percent_unchecked: over("Done", "percent_unchecked"),
    earliest_date: over("Due", "earliest_date"),
    latest_date: over("Due", "latest_date"),
    date_range: over("Due", "date_range"),
    show_original: over("Price", "show_original"),
    show_unique: over("Price", "show_unique"),
  };
  await notion.dataSources.update({ data_source_id: orders, properties: { ...numeric, ...others } });
  await notion.dataSources.update({
    data_source_id: orders,
    properties: { Double: { formula: { expression: 'prop("sum") * 2' } } },
  });
  const order = await row(orders, "Order", { Items: { relation: made.map(({ id }) => ({ id })) } });
  const value = (name) => order.properties[name].rollup;
  for (const [fn, expected] of Object.entries(ROLLUPS)) {
    assert.equal(value(fn).function, fn);
    if (expected !== undefined) assert.equal(value(fn).number, expected, fn);
  }
  assert.deepEqual(
    ["checked", "unchecked", "percent_checked", "percent_unchecked"].map((fn) => value(fn).number),
    [1, 2, 1 / 3, 2 / 3],
  );
  assert.match(value("earliest_date").date.start, /^2026-01-01/);
  assert.match(value("latest_date").date.start, /^2026-01-31/);
  assert.match(value("date_range").date.end, /^2026-01-31/);
  assert.deepEqual(value("show_original").array.map((item) => item.number), [10, 20, null]);
  assert.equal(value("show_unique").type, "array");
  assert.deepEqual(order.properties.Double.formula, { type: "number", number: 60 });
});

test("formulas of every result, stored by property id", async () => {
  const { source: data_source_id } = await database("Formulas", {
    Count: { number: {} },
    Day: { date: {} },
    Greeting: { formula: { expression: '"Hello " + prop("Name")' } },
    Many: { formula: { expression: 'prop("Count") >= 2' } },
    Half: { formula: { expression: 'prop("Count") / 2' } },
    Next: { formula: { expression: 'dateAdd(prop("Day"), 1, "days")' } },
  });
  const values = { Count: { number: 3 }, Day: { date: { start: "2026-02-28" } } };
  const { properties } = await row(data_source_id, "you", values);
  assert.deepEqual(properties.Greeting.formula, { type: "string", string: "Hello you" });
  assert.deepEqual(properties.Many.formula, { type: "boolean", boolean: true });
  assert.deepEqual(properties.Half.formula, { type: "number", number: 1.5 });
  assert.match(properties.Next.formula.date.start, /^2026-03-01/);
  assert.match((await schemaOf(data_source_id)).Half.formula.expression, /\{\{notion:block_property:/);
  await notion.dataSources.update({ data_source_id, properties: { Count: { name: "Amount" } } });
  assert.deepEqual(await names(data_source_id, { property: "Half", formula: { number: { equals: 1.5 } } }), ["you"]);
  const bad = { Bad: { formula: { expression: 'prop("Nobody") + 1' } } };
  await refused(notion.dataSources.update({ data_source_id, properties: bad }), {});
});
