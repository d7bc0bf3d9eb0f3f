// Queries: every filter operator, compound filters, sorts, paging and the SDK's own helpers.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  collectAllDataSourceRows,
  collectDataSourceTemplates,
  collectPaginatedAPI,
  isFullPage,
  isFullPageOrDataSource,
  iterateAllDataSourceRows,
  iterateDataSourceTemplates,
  iteratePaginatedAPI,
} from "@notionhq/client";

import { database, nameOf, names, notion, refused, row, text } from "./workspace.js";

const UNKNOWN = "11111111-1111-4111-8111-111111111111";
const DAY = 24 * 60 * 60 * 1000;
const day = (offset) => new Date(Date.now() + offset * DAY).toISOString().slice(0, 10);

let source, person, bot, other;

// Three rows: Full has every value, Half a few others, Bare nothing but its name.
before(async () => {
  const me = await notion.users.me({});
  bot = me.id;
  const users = await notion.users.list({});
  person = users.results.find((user) => user.type === "person").id;
  const target = await database("Targets", { Score: { number: {} }, Due: { date: {} } });
  const values = { Score: { number: 5 }, Due: { date: { start: "2026-05-01" } } };
  other = (await row(target.source, "Target", values)).id;
  const made = await database("Queried", {
    Text: { rich_text: {} },
    Number: { number: {} },
    Select: { select: { options: [{ name: "Red" }, { name: "Blue" }] } },
    Tags: { multi_select: { options: [{ name: "x" }, { name: "y" }] } },
    Status: { status: {} },
    Date: { date: {} },
    People: { people: {} },
    Files: { files: {} },
    Done: { checkbox: {} },
    Link: { url: {} },
    Mail: { email: {} },
    Phone: { phone_number: {} },
    Key: { unique_id: { prefix: "Q" } },
    Created: { created_time: {} },
    Edited: { last_edited_time: {} },
    Creator: { created_by: {} },
    Editor: { last_edited_by: {} },
    Target: { relation: { data_source_id: target.source, type: "single_property", single_property: {} } },
  });
  source = made.source;
  const rolled = (name, fn) => ({
    rollup: { relation_property_name: "Target", rollup_property_name: name, function: fn },
  });
  await notion.dataSources.update({
    data_source_id: source,
    properties: {
      "Target names": rolled("Name", "show_original"),
      "Target scores": rolled("Score", "show_original"),
      "Target score": rolled("Score", "sum"),
      "Target due": rolled("Due", "latest_date"),
      Upper: { formula: { expression: 'upper(prop("Text"))' } },
      Twice: { formula: { expression: 'prop("Number") * 2' } },
      Finished: { formula: { expression: 'prop("Done")' } },
      "A day later": { formula: { expression: 'dateAdd(prop("Date"), 1, "days")' } },
    },
  });
  await row(source, "Full", {
    Text: { rich_text: text("Alpha beta") },
    Number: { number: 10 },
    Select: { select: { name: "Red" } },
    Tags: { multi_select: [{ name: "x" }, { name: "y" }] },
    Status: { status: { name: "Done" } },
    Date: { date: { start: day(0) } },
    People: { people: [{ id: person }] },
    Files: { files: [{ name: "a.png", external: { url: "https://example.com/a.png" } }] },
    Done: { checkbox: true },
    Link: { url: "https://example.com/full" },
    Mail: { email: "full@example.com" },
    Phone: { phone_number: "+49 30 1" },
    Target: { relation: [{ id: other }] },
  });
  await row(source, "Half", {
    Text: { rich_text: text("Gamma") },
    Number: { number: -1.5 },
    Select: { select: { name: "Blue" } },
    Tags: { multi_select: [{ name: "y" }] },
    Status: { status: { name: "In progress" } },
    Date: { date: { start: "2020-02-29" } },
  });
  await row(source, "Bare");
});

// property -> operator -> [operand, the rows found]
const textual = (full, part) => ({
  equals: [full, ["Full"]],
  does_not_equal: [full, ["Bare", "Half"]],
  contains: [part, ["Full"]],
  does_not_contain: [part, ["Bare", "Half"]],
  starts_with: [full.slice(0, 3), ["Full"]],
  ends_with: [full.slice(-3), ["Full"]],
  is_empty: [true, ["Bare", "Half"]],
  is_not_empty: [true, ["Full"]],
});
const ALL = ["Bare", "Full", "Half"];
const stamp = {
  equals: [day(0), ALL],
  before: ["tomorrow", ALL],
  after: ["yesterday", ALL],
  on_or_before: ["today", ALL],
  on_or_after: ["one_week_ago", ALL],
  this_week: [{}, ALL],
  past_week: [{}, ALL],
  past_month: [{}, ALL],
  past_year: [{}, ALL],
  next_week: [{}, undefined],
  next_month: [{}, undefined],
  next_year: [{}, undefined],
  is_empty: [true, []],
  is_not_empty: [true, ALL],
};
const author = {
  contains: [() => bot, ALL],
  does_not_contain: [() => person, ALL],
  is_empty: [true, []],
  is_not_empty: [true, ALL],
};
const OPERATORS = {
  "Name title": {
    equals: ["Full", ["Full"]],
    does_not_equal: ["Full", ["Bare", "Half"]],
    contains: ["al", ["Half"]],
    does_not_contain: ["al", ["Bare", "Full"]],
    starts_with: ["Ba", ["Bare"]],
    ends_with: ["lf", ["Half"]],
    is_empty: [true, []],
    is_not_empty: [true, ALL],
  },
  "Text rich_text": { ...textual("Alpha beta", "ha be"), is_empty: [true, ["Bare"]], is_not_empty: [true, ["Full", "Half"]] },
  "Link url": textual("https://example.com/full", "example"),
  "Mail email": textual("full@example.com", "@"),
  "Phone phone_number": textual("+49 30 1", "30"),
  "Number number": {
    equals: [10, ["Full"]],
    does_not_equal: [10, ["Bare", "Half"]],
    greater_than: [-1.5, ["Full"]],
    less_than: [10, ["Half"]],
    greater_than_or_equal_to: [-1.5, ["Full", "Half"]],
    less_than_or_equal_to: [-1.5, ["Half"]],
    is_empty: [true, ["Bare"]],
    is_not_empty: [true, ["Full", "Half"]],
  },
  "Key unique_id": {
    equals: [1, ["Full"]],
    does_not_equal: [1, ["Bare", "Half"]],
    greater_than: [1, ["Bare", "Half"]],
    less_than: [2, ["Full"]],
    greater_than_or_equal_to: [2, ["Bare", "Half"]],
    less_than_or_equal_to: [2, ["Full", "Half"]],
  },
  "Done checkbox": { equals: [true, ["Full"]], does_not_equal: [true, ["Bare", "Half"]] },
  "Select select": {
    equals: ["Red", ["Full"]],
    does_not_equal: ["Red", ["Bare", "Half"]],
    is_empty: [true, ["Bare"]],
    is_not_empty: [true, ["Full", "Half"]],
  },
  "Status status": {
    equals: ["Done", ["Full"]],
    does_not_equal: ["Done", ["Bare", "Half"]],
    is_empty: [true, []],
    is_not_empty: [true, ALL],
  },
  "Tags multi_select": {
    contains: ["x", ["Full"]],
    does_not_contain: ["x", ["Bare", "Half"]],
    is_empty: [true, ["Bare"]],
    is_not_empty: [true, ["Full", "Half"]],
  },
  "Date date": {
    equals: [day(0), ["Full"]],
    before: ["2021-01-01", ["Half"]],
    after: ["2021-01-01", ["Full"]],
    on_or_before: ["2020-02-29", ["Half"]],
    on_or_after: ["today", ["Full"]],
    this_week: [{}, ["Full"]],
    past_week: [{}, ["Full"]],
    past_month: [{}, ["Full"]],
    past_year: [{}, ["Full"]],
    next_week: [{}, undefined],
    next_month: [{}, undefined],
    next_year: [{}, undefined],
    is_empty: [true, ["Bare"]],
    is_not_empty: [true, ["Full", "Half"]],
  },
  "People people": {
    contains: [() => person, ["Full"]],
    does_not_contain: [() => person, ["Bare", "Half"]],
    is_empty: [true, ["Bare", "Half"]],
    is_not_empty: [true, ["Full"]],
  },
  "Files files": { is_empty: [true, ["Bare", "Half"]], is_not_empty: [true, ["Full"]] },
  "Target relation": {
    contains: [() => other, ["Full"]],
    does_not_contain: [() => other, ["Bare", "Half"]],
    is_empty: [true, ["Bare", "Half"]],
    is_not_empty: [true, ["Full"]],
  },
  "Created created_time": stamp,
  "Edited last_edited_time": stamp,
  "Creator created_by": author,
  "Editor last_edited_by": author,
  "Upper formula": { string: [{ contains: "BETA" }, ["Full"]] },
  "Twice formula": { number: [{ greater_than: 5 }, ["Full"]] },
  "Finished formula": { checkbox: [{ equals: true }, ["Full"]] },
  "A day later formula": { date: [{ before: "2021-01-01" }, ["Half"]] },
  "Target names rollup": {
    any: [{ rich_text: { equals: "Target" } }, ["Full"]],
    none: [{ rich_text: { equals: "Target" } }, ["Bare", "Half"]],
    every: [{ rich_text: { equals: "Target" } }, undefined],
  },
  "Target scores rollup": { any: [{ number: { greater_than: 4 } }, ["Full"]] },
  "Target score rollup": { number: [{ equals: 5 }, ["Full"]] },
  "Target due rollup": { date: [{ on_or_before: "2026-05-01" }, ["Full"]] },
};

for (const [key, operators] of Object.entries(OPERATORS)) {
  const [, property, type] = key.match(/^(.*) (\w+)$/);
  for (const [operator, [operand, expected]] of Object.entries(operators)) {
    test(`${property}: ${type} ${operator}`, async () => {
      const value = typeof operand === "function" ? operand() : operand;
      const found = await names(source, { property, [type]: { [operator]: value } });
      if (expected) assert.deepEqual(found, expected);
    });
  }
}

for (const timestamp of ["created_time", "last_edited_time"]) {
  for (const [operator, [operand, expected]] of Object.entries(stamp)) {
    test(`timestamp ${timestamp} ${operator}`, async () => {
      const found = await names(source, { timestamp, [timestamp]: { [operator]: operand } });
      if (expected) assert.deepEqual(found, expected);
    });
  }
}

test("options may be several, and a person may be me", async () => {
  assert.deepEqual(await names(source, { property: "Select", select: { equals: ["Red", "Blue"] } }), ["Full", "Half"]);
  assert.deepEqual(await names(source, { property: "Tags", multi_select: { contains: ["x", "y"] } }), ["Full", "Half"]);
  assert.deepEqual(await names(source, { property: "Creator", created_by: { contains: "me" } }), ALL);
  assert.deepEqual(await names(source, { property: "Target", relation: { contains: UNKNOWN } }), []);
});

test("filters are combined on two levels, and no more", async () => {
  const red = { property: "Select", select: { equals: "Red" } };
  const small = { property: "Number", number: { less_than: 0 } };
  const named = { property: "Name", title: { is_not_empty: true } };
  assert.deepEqual(await names(source, { or: [red, small] }), ["Full", "Half"]);
  assert.deepEqual(await names(source, { and: [red, small] }), []);
  assert.deepEqual(await names(source, { and: [named, { or: [red, small] }] }), ["Full", "Half"]);
  await refused(names(source, { and: [{ or: [{ and: [red] }] }] }), {});
});

test("filters that fit no property are refused", async () => {
  await refused(names(source, { property: "Nobody", number: { equals: 1 } }), {
    message: /Could not find property with name or id: Nobody/,
  });
  await refused(names(source, { property: "Number", rich_text: { equals: "1" } }), {
    message: /database property number does not match filter rich_text/,
  });
  await refused(names(source, { property: "Number", number: { equals: "1" } }), { message: /body\.filter/ });
  await refused(names(source, undefined, { sorts: [{ property: "Nobody", direction: "ascending" }] }), {
    message: /Could not find sort property with name or id: Nobody/,
  });
});

test("sorts take precedence in their order", async () => {
  const sorted = async (...sorts) => {
    const found = await notion.dataSources.query({ data_source_id: source, sorts });
    return found.results.map(nameOf);
  };
  assert.deepEqual(await sorted({ property: "Name", direction: "ascending" }), ["Bare", "Full", "Half"]);
  assert.deepEqual(await sorted({ property: "Number", direction: "descending" }), ["Full", "Half", "Bare"]);
  assert.deepEqual(
    await sorted({ property: "Done", direction: "ascending" }, { property: "Name", direction: "descending" }),
    ["Half", "Bare", "Full"],
  );
  assert.deepEqual(await sorted({ timestamp: "created_time", direction: "ascending" }), ["Full", "Half", "Bare"]);
});

test("only wanted properties come back", async () => {
  const { properties } = await notion.dataSources.retrieve({ data_source_id: source });
  for (const wanted of ["Number", properties.Number.id]) {
    const found = await notion.dataSources.query({ data_source_id: source, filter_properties: [wanted, "title"] });
    assert.deepEqual(Object.keys(found.results[0].properties), ["Number", "Name"]);
  }
});

test("the helpers page through a query, and through all rows", async () => {
  const { source: data_source_id } = await database("Many", { Number: { number: {} } });
  for (let number = 0; number < 7; number += 1) await row(data_source_id, `Row ${number}`, { Number: { number } });
  const paged = [];
  for await (const each of iteratePaginatedAPI(notion.dataSources.query, { data_source_id, page_size: 3 })) {
    assert(isFullPage(each) && isFullPageOrDataSource(each));
    paged.push(nameOf(each));
  }
  const expected = [6, 5, 4, 3, 2, 1, 0].map((number) => `Row ${number}`);
  assert.deepEqual(paged, expected);
  const windowed = [];
  const filter = { property: "Number", number: { greater_than: 1 } };
  for await (const each of iterateAllDataSourceRows(notion, { data_source_id, filter, page_size: 2 })) {
    windowed.push(nameOf(each));
  }
  assert.deepEqual(windowed, expected.slice(0, 5).reverse());
  assert.equal((await collectAllDataSourceRows(notion, { data_source_id })).length, 7);
  assert.equal((await collectPaginatedAPI(notion.dataSources.query, { data_source_id, page_size: 1 })).length, 7);
});

test("templates are listed: there are none", async () => {
  assert.deepEqual(await collectDataSourceTemplates(notion, { data_source_id: source }), []);
  for await (const template of iterateDataSourceTemplates(notion, { data_source_id: source })) assert.fail(template);
});

test("page_size and start_cursor are checked", async () => {
  const query = (more) => notion.dataSources.query({ data_source_id: source, ...more });
  assert.equal((await query({ page_size: 1 })).results.length, 1);
  await refused(query({ page_size: 101 }), { message: /page_size should be ≤ `100`, instead was `101`/ });
  await refused(query({ start_cursor: "garbage" }), { message: /start_cursor/ });
});
