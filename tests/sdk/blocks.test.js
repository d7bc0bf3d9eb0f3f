// Blocks: all types that the API makes, positions, edits, trash, limits.

import assert from "node:assert/strict";
import { test } from "node:test";

import { collectPaginatedAPI, isFullBlock } from "@notionhq/client";

import { isOld, notion, page, plain, refused, root, text } from "./workspace.js";

const external = { type: "external", external: { url: "https://example.com/file.pdf" } };
const said = { rich_text: text("said") };
const CONTENT = {
  paragraph: said,
  heading_1: said,
  heading_2: { ...said, is_toggleable: true },
  heading_3: said,
  heading_4: said,
  bulleted_list_item: said,
  numbered_list_item: said,
  to_do: { ...said, checked: true },
  toggle: { ...said, children: [{ paragraph: said }] },
  quote: { ...said, color: "blue_background" },
  callout: { ...said, icon: { type: "emoji", emoji: "💡" } },
  code: { ...said, language: "python" },
  equation: { expression: "e = mc^2" },
  divider: {},
  breadcrumb: {},
  table_of_contents: {},
  column_list: { children: [1, 2].map(() => ({ column: { children: [{ paragraph: said }] } })) },
  table: { table_width: 2, has_column_header: true, children: [{ table_row: { cells: [text("a"), text("b")] } }] },
  synced_block: { synced_from: null, children: [{ paragraph: said }] },
  template: said,
  link_to_page: { type: "page_id", page_id: root },
  bookmark: { url: "https://example.com/" },
  embed: { url: "https://example.com/" },
  image: external,
  video: external,
  audio: external,
  file: external,
  pdf: external,
  tab: { children: [{ paragraph: said }] },
};

const list = (block_id) => collectPaginatedAPI(notion.blocks.children.list, { block_id, page_size: 2 });
const saidIn = (block) => plain(block[block.type].rich_text);
const saying = (content) => ({ paragraph: { rich_text: text(content) } });

for (const [type, content] of Object.entries(CONTENT)) {
  test(`a block of type ${type}`, async () => {
    const { id: block_id } = await page(`With ${type}`);
    const appended = await notion.blocks.children.append({ block_id, children: [{ type, [type]: content }] });
    const [made] = appended.results;
    assert(isFullBlock(made));
    assert.equal(made.type, type);
    assert.equal(made.has_children, "children" in content);
    assert.equal("archived" in made, isOld);
    assert.deepEqual((await list(block_id)).map((block) => block.id), [made.id]);
    if (made.has_children) assert.equal((await list(made.id)).length, content.children.length);
    assert.equal((await notion.blocks.delete({ block_id: made.id })).in_trash, true);
    assert.deepEqual(await list(block_id), []);
  });
}

test("pages and databases are blocks of their parents", async () => {
  const { id: block_id } = await page("Parent");
  const child = await notion.pages.create({ parent: { page_id: block_id }, properties: { title: { title: text("Child") } } });
  const made = await notion.databases.create({ parent: { type: "page_id", page_id: block_id }, title: text("Base") });
  const children = await list(block_id);
  assert.deepEqual(children.map((block) => [block.id, block.type]), [
    [child.id, "child_page"],
    [made.id, "child_database"],
  ]);
  assert.equal(children[0].child_page.title, "Child");
  assert.equal((await notion.blocks.delete({ block_id: made.id })).type, "child_database");
  assert.equal((await notion.databases.retrieve({ database_id: made.id })).in_trash, true);
});

test("blocks are placed at the start, at the end and after another", async () => {
  const { id: block_id } = await page("Places", { children: [saying("b")] });
  const [b] = await list(block_id);
  const after = isOld ? { after: b.id } : { position: { type: "after_block", after_block: { id: b.id } } };
  await notion.blocks.children.append({ block_id, children: [saying("d")] });
  await notion.blocks.children.append({ block_id, children: [saying("c")], ...after });
  await notion.blocks.children.append({ block_id, children: [saying("a")], position: { type: "start" } });
  assert.deepEqual((await list(block_id)).map(saidIn), ["a", "b", "c", "d"]);
});

test("a block is edited, but keeps its type", async () => {
  const { id } = await page("Edited", { children: [{ to_do: { rich_text: text("do"), checked: false } }] });
  const [{ id: block_id }] = await list(id);
  const changed = await notion.blocks.update({ block_id, to_do: { rich_text: text("done"), checked: true } });
  assert.deepEqual([saidIn(changed), changed.to_do.checked], ["done", true]);
  await refused(notion.blocks.update({ block_id, paragraph: { rich_text: text("no") } }), {});
});

test("a trashed block is still there, and can be restored", async () => {
  const { id } = await page("Restored", { children: [saying("here")] });
  const [{ id: block_id }] = await list(id);
  await notion.blocks.delete({ block_id });
  assert.equal((await notion.blocks.retrieve({ block_id })).in_trash, true);
  await refused(notion.blocks.update({ block_id, paragraph: { rich_text: text("no") } }), { message: /archived/ });
  assert.equal((await notion.blocks.update({ block_id, in_trash: false })).in_trash, false);
  assert.equal((await list(id)).length, 1);
});

test("limits of one request", async () => {
  const { id: block_id } = await page("Limits");
  const append = (children) => notion.blocks.children.append({ block_id, children });
  await refused(append(Array.from({ length: 101 }, () => saying("x"))), {
    message: /body\.children\.length should be ≤ `100`, instead was `101`/,
  });
  await refused(append([saying("x".repeat(2001))]), { message: /length should be ≤ `2000`, instead was `2001`/ });
  await refused(append([{ type: "nonsense", nonsense: {} }]), {});
  await refused(append([{ to_do: { checked: true } }]), {});
  assert.equal((await append(Array.from({ length: 100 }, () => saying("x")))).results.length, 100);
});

test("rich text: mentions, equations, links, annotations", async () => {
  const { results } = await notion.users.list({});
  const person = results.find((user) => user.type === "person");
  const rich_text = [
    { type: "mention", mention: { type: "user", user: { id: person.id } } },
    { type: "mention", mention: { type: "page", page: { id: root } } },
    { type: "mention", mention: { type: "date", date: { start: "2026-01-02" } } },
    { type: "equation", equation: { expression: "x^2" } },
    { type: "text", text: { content: "link", link: { url: "https://example.com/" } }, annotations: { italic: true, color: "red" } },
  ];
  const { id: block_id } = await page("Rich", { children: [{ paragraph: { rich_text } }] });
  const [{ paragraph }] = await list(block_id);
  assert.deepEqual(paragraph.rich_text.map((item) => item.type), ["mention", "mention", "mention", "equation", "text"]);
  assert.equal(paragraph.rich_text[0].plain_text, `@${person.name}`);
  assert.equal(paragraph.rich_text[4].annotations.color, "red");
});
