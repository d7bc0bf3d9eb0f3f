// Page templates: made by the local workspace's command (in Notion, by people), listed and applied through the SDK.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { collectDataSourceTemplates } from "@notionhq/client";

import { database, nameOf, notion, refused } from "./workspace.js";

const { LOCAL_FILE, LOCAL_PYTHON } = process.env;

function addTemplate(source, name, markdown, ...options) {
  const command = ["-m", "notion_pm", "local", "template", LOCAL_FILE, "--data-source", source, "--name", name];
  return execFileSync(LOCAL_PYTHON, [...command, "--markdown", "-", ...options], { input: markdown }).toString().trim();
}

async function contentOf(block_id) {
  for (let left = 100; left > 0; left -= 1) {
    const { results } = await notion.blocks.children.list({ block_id });
    if (results.length) return results;
    await setTimeout(50);
  }
  return assert.fail("The template was not applied.");
}

test("a page begins with a template", async () => {
  const { source } = await database("With templates", {});
  const parent = { type: "data_source_id", data_source_id: source };
  await refused(notion.pages.create({ parent, template: { type: "default" } }), { message: /template/ });
  const idea = addTemplate(source, "Idea", "- [ ] Think");
  const bug = addTemplate(source, "Bug", "# Steps", "--default");
  assert.deepEqual(await collectDataSourceTemplates(notion, { data_source_id: source, page_size: 1 }), [
    { id: idea, name: "Idea", is_default: false },
    { id: bug, name: "Bug", is_default: true },
  ]);
  const page = await notion.pages.create({ parent, template: { type: "default" } });
  assert.equal(nameOf(page), "");
  assert.deepEqual((await contentOf(page.id)).map((block) => block.type), ["heading_1"]);
  assert.equal(nameOf(await notion.pages.retrieve({ page_id: page.id })), "Bug");

  const template = { type: "template_id", template_id: idea, timezone: "Europe/Paris" };
  await notion.pages.update({ page_id: page.id, template, erase_content: true });
  assert.deepEqual((await contentOf(page.id)).map((block) => block.type), ["to_do"]);
  const children = [{ paragraph: { rich_text: [] } }];
  await refused(notion.pages.create({ parent, template, children }), { message: /children should be not present/ });
});
