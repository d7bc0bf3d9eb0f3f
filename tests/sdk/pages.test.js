// Pages: values of every type, property items, trash, moving, Markdown.

import assert from "node:assert/strict";
import { test } from "node:test";

import { collectPaginatedAPI, extractPageId, isFullPage } from "@notionhq/client";

import { database, isOld, notion, page, plain, refused, root, row, text, title, under } from "./workspace.js";

const PAST = "2026-01-02T03:04:00.000+00:00";

test("a page has all that the types promise", async () => {
  const made = await page("A page", { icon: { type: "emoji", emoji: "📝" } });
  assert(isFullPage(made));
  assert.equal("archived" in made, isOld);
  assert.deepEqual(made.parent, under(root));
  assert.equal(plain(made.properties.title.title), "A page");
  assert.match(made.created_time, /:00\.000Z$/);
  assert.equal((await notion.pages.retrieve({ page_id: made.id.replaceAll("-", "") })).id, made.id);
  assert.equal(extractPageId(`https://www.notion.so/A-page-${made.id.replaceAll("-", "")}`), made.id);
});

test("values of every writable type come back as written, and can be cleared", async () => {
  const { results } = await notion.users.list({});
  const person = results.find((user) => user.type === "person").id;
  const { source } = await database("Values", {
    Text: { rich_text: {} },
    Number: { number: {} },
    Select: { select: {} },
    Tags: { multi_select: {} },
    Status: { status: {} },
    Date: { date: {} },
    People: { people: {} },
    Files: { files: {} },
    Done: { checkbox: {} },
    Link: { url: {} },
    Mail: { email: {} },
    Phone: { phone_number: {} },
    Place: { place: {} },
  });
  const { Place } = (await notion.dataSources.retrieve({ data_source_id: source })).properties;
  assert.equal(Place.type, "place");
  const made = await row(source, "Full", {
    Text: { rich_text: [{ text: { content: "bold", link: { url: "https://example.com/" } }, annotations: { bold: true } }] },
    Number: { number: 1.5 },
    Select: { select: { name: "One" } },
    Tags: { multi_select: [{ name: "a" }, { name: "b" }] },
    Status: { status: { name: "In progress" } },
    Date: { date: { start: PAST, end: "2026-02-03T03:04:00.000+00:00" } },
    People: { people: [{ id: person }] },
    Files: { files: [{ type: "external", name: "a.png", external: { url: "https://example.com/a.png" } }] },
    Done: { checkbox: true },
    Link: { url: "https://example.com/" },
    Mail: { email: "a@example.com" },
    Phone: { phone_number: "+49" },
    Place: { place: { lat: 52.5, lon: 13.4, name: "Berlin", address: "Mitte" } },
  });
  const { properties } = made;
  assert.equal(properties.Text.rich_text[0].annotations.bold, true);
  assert.equal(properties.Text.rich_text[0].href, "https://example.com/");
  assert.equal(properties.Number.number, 1.5);
  assert.equal(properties.Select.select.name, "One");
  assert.deepEqual(properties.Tags.multi_select.map((option) => option.name), ["a", "b"]);
  assert.equal(properties.Status.status.color, "blue");
  assert.equal(properties.Date.date.start, PAST);
  assert.equal(properties.People.people[0].id, person);
  assert.equal(properties.Files.files[0].external.url, "https://example.com/a.png");
  assert.deepEqual([properties.Done.checkbox, properties.Link.url], [true, "https://example.com/"]);
  assert.deepEqual([properties.Mail.email, properties.Phone.phone_number], ["a@example.com", "+49"]);
  assert.equal(properties.Place.place.name, "Berlin");
  const cleared = await notion.pages.update({
    page_id: made.id,
    properties: {
      Text: { rich_text: [] },
      Number: { number: null },
      Select: { select: null },
      Tags: { multi_select: [] },
      Status: { status: null },
      Date: { date: null },
      People: { people: [] },
      Files: { files: [] },
      Done: { checkbox: false },
      Link: { url: null },
      Mail: { email: null },
      Phone: { phone_number: null },
      Place: { place: null },
    },
  });
  assert.equal(cleared.properties.Status.status.name, "Not started");
  for (const name of ["Number", "Select", "Date", "Link", "Mail", "Phone", "Place"]) {
    assert.equal(cleared.properties[name][cleared.properties[name].type], null, name);
  }
});

test("more than 25 relations are read from the property endpoint", async () => {
  const { source: targets } = await database("Targets", {});
  const made = await Promise.all(Array.from({ length: 30 }, (_, n) => row(targets, `Target ${n}`)));
  const relation = { data_source_id: targets, type: "single_property", single_property: {} };
  const { source } = await database("Sources", { Targets: { relation } });
  const holder = await row(source, "Holder", { Targets: { relation: made.map(({ id }) => ({ id })) } });
  const { Targets } = holder.properties;
  assert.deepEqual([Targets.relation.length, Targets.has_more], [25, true]);
  const items = await collectPaginatedAPI(notion.pages.properties.retrieve, {
    page_id: holder.id,
    property_id: Targets.id,
    page_size: 10,
  });
  assert.deepEqual(items.map((item) => item.relation.id), made.map(({ id }) => id));
});

test("a page is trashed and restored; in the trash it cannot be edited", async () => {
  const { id: page_id } = await page("Going");
  assert.equal((await notion.pages.update({ page_id, in_trash: true })).in_trash, true);
  assert.equal((await notion.pages.retrieve({ page_id })).in_trash, true);
  await refused(notion.pages.update({ page_id, properties: { title: title("No") } }), { message: /archived/ });
  assert.equal((await notion.pages.update({ page_id, in_trash: false })).in_trash, false);
});

test("a page is moved under another page and into a data source", async () => {
  const { source: data_source_id } = await database("Goal", {});
  const [{ id: page_id }, home] = [await page("Moving"), await page("Home")];
  assert.equal((await notion.pages.move({ page_id, parent: under(home.id) })).parent.page_id, home.id);
  const parent = { type: "data_source_id", data_source_id };
  assert.equal((await notion.pages.move({ page_id, parent })).parent.data_source_id, data_source_id);
});

test("Markdown makes a page, and is read, inserted, replaced", async () => {
  const { id: page_id } = await page("Written", { markdown: "# Plan\n\n- one\n- two\n" });
  const read = async () => (await notion.pages.retrieveMarkdown({ page_id })).markdown;
  assert.match(await read(), /# Plan\n- one\n- two/);
  await notion.pages.updateMarkdown({
    page_id,
    type: "insert_content",
    insert_content: { content: "## More" },
  });
  assert.match(await read(), /## More/);
  const content_updates = [{ old_str: "one", new_str: "first" }];
  await notion.pages.updateMarkdown({ page_id, type: "update_content", update_content: { content_updates } });
  assert.match(await read(), /- first/);
  await notion.pages.updateMarkdown({ page_id, type: "replace_content", replace_content: { new_str: "Only this" } });
  assert.equal((await read()).trim(), "Only this");
});

test("values that fit no property are refused", async () => {
  const { source } = await database("Strict", { Number: { number: {} }, Made: { created_time: {} } });
  await refused(row(source, "A", { Nobody: { number: 1 } }), { message: /Nobody is not a property that exists/ });
  await refused(row(source, "A", { Number: { rich_text: text("1") } }), { message: /Number is expected to be number/ });
  await refused(row(source, "A", { Number: { number: "1" } }), { message: /body\.properties\.Number\.number/ });
  await refused(row(source, "A", { Made: { created_time: PAST } }), {});
  await refused(row(source, "x".repeat(2001)), { message: /length should be ≤ `2000`, instead was `2001`/ });
});
