// Users, search, comments, file uploads, emojis.

import assert from "node:assert/strict";
import { test } from "node:test";

import { collectPaginatedAPI, isFullComment, isFullUser } from "@notionhq/client";

import { database, notion, page, plain, refused, root, row, text } from "./workspace.js";

test("users: the bot itself, one, and all", async () => {
  const me = await notion.users.me({});
  assert(isFullUser(me));
  assert.deepEqual([me.type, me.bot.owner.type], ["bot", "workspace"]);
  const users = await collectPaginatedAPI(notion.users.list, { page_size: 1 });
  assert(users.some((user) => user.type === "person" && user.person.email));
  assert.equal((await notion.users.retrieve({ user_id: users[0].id })).id, users[0].id);
});

test("search finds pages and data sources by title", async () => {
  const word = `Needle${Date.now()}`;
  const found = await page(word);
  const { source } = await database(`${word} base`, {});
  const search = async (more = {}) => (await notion.search({ query: word, ...more })).results.map((each) => each.id);
  assert.deepEqual((await search()).sort(), [found.id, source].sort());
  for (const [value, expected] of [["page", found.id], ["data_source", source]]) {
    assert.deepEqual(await search({ filter: { property: "object", value } }), [expected]);
  }
  assert.equal((await collectPaginatedAPI(notion.search, { query: word, page_size: 1 })).length, 2);
});

test("comments on pages and blocks, answers, edits", async () => {
  const { id: page_id } = await page("Discussed", { children: [{ paragraph: { rich_text: text("Here") } }] });
  const made = await notion.comments.create({ parent: { page_id }, rich_text: text("First") });
  assert(isFullComment(made));
  const { discussion_id } = made;
  const answer = await notion.comments.create({ discussion_id, markdown: "Second, **bold**" });
  assert.equal(answer.discussion_id, discussion_id);
  const listed = await collectPaginatedAPI(notion.comments.list, { block_id: page_id, page_size: 1 });
  assert.deepEqual(listed.map((comment) => plain(comment.rich_text)), ["First", "Second, bold"]);
  const { results } = await notion.blocks.children.list({ block_id: page_id });
  const onBlock = await notion.comments.create({ parent: { block_id: results[0].id }, rich_text: text("Third") });
  assert.equal(onBlock.parent.block_id, results[0].id);
  const changed = await notion.comments.update({ comment_id: made.id, rich_text: text("Edited") });
  assert.equal(plain(changed.rich_text), "Edited");
  await notion.comments.delete({ comment_id: answer.id });
  await refused(notion.comments.retrieve({ comment_id: answer.id }), { status: 404, code: "object_not_found" });
});

test("a file is uploaded, attached and read back", async () => {
  const created = await notion.fileUploads.create({ mode: "single_part", filename: "a.txt", content_type: "text/plain" });
  assert.equal(created.status, "pending");
  const data = new Blob(["hello"], { type: "text/plain" });
  const sent = await notion.fileUploads.send({ file_upload_id: created.id, file: { filename: "a.txt", data } });
  assert.deepEqual([sent.status, sent.content_length], ["uploaded", 5]);
  const file_upload = { id: created.id };
  const { id: block_id } = await page("Attached", { children: [{ file: { type: "file_upload", file_upload } }] });
  const { results } = await notion.blocks.children.list({ block_id });
  assert.equal(await (await fetch(results[0].file.file.url)).text(), "hello");
  const listed = await collectPaginatedAPI(notion.fileUploads.list, { status: "uploaded" });
  assert(listed.some((each) => each.id === created.id));
  const { source } = await database("With files", { Files: { files: {} } });
  const files = [{ type: "file_upload", name: "a.txt", file_upload }];
  const { properties } = await row(source, "Row", { Files: { files } });
  assert.equal(properties.Files.files[0].type, "file");
});

test("a big file is uploaded in parts", async () => {
  const part = new Blob([new Uint8Array(5 * 1024 * 1024)]);
  const { id: file_upload_id } = await notion.fileUploads.create({
    mode: "multi_part",
    filename: "b.bin",
    content_type: "application/octet-stream",
    number_of_parts: 2,
  });
  for (const part_number of ["1", "2"]) {
    await notion.fileUploads.send({ file_upload_id, file: { filename: "b.bin", data: part }, part_number });
  }
  assert.equal((await notion.fileUploads.complete({ file_upload_id })).status, "uploaded");
});

test("there are no custom emojis", async () => {
  assert.deepEqual(await collectPaginatedAPI(notion.customEmojis.list, {}), []);
});

test("the root page is shared", async () => {
  assert.equal((await notion.pages.retrieve({ page_id: root })).parent.type, "workspace");
});
