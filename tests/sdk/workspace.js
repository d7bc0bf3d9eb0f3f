// What all tests share: clients of the workspace that the environment names, and short words for the API's shapes.

import assert from "node:assert/strict";

import { Client, LogLevel } from "@notionhq/client";

const { NOTION_BASE_URL, NOTION_TOKEN, NOTION_PARENT_PAGE, NOTION_VERSION } = process.env;
assert(NOTION_BASE_URL && NOTION_TOKEN && NOTION_PARENT_PAGE, "NOTION_BASE_URL, NOTION_TOKEN, NOTION_PARENT_PAGE");

export const root = NOTION_PARENT_PAGE;
export const version = NOTION_VERSION || Client.defaultNotionVersion;
export const isOld = version < "2026-03-11";

export function client(options = {}) {
  return new Client({
    auth: NOTION_TOKEN,
    baseUrl: NOTION_BASE_URL,
    notionVersion: version,
    logLevel: LogLevel.ERROR,
    logger: () => {},
    retry: false,
    ...options,
  });
}

export const notion = client();

export const text = (content) => [{ text: { content } }];
export const plain = (richText) => richText.map((item) => item.plain_text).join("");
export const title = (content) => ({ title: text(content) });
export const under = (page_id) => ({ type: "page_id", page_id });

export function page(name, more = {}) {
  return notion.pages.create({ parent: under(root), properties: { title: title(name) }, ...more });
}

export async function database(name, properties) {
  const made = await notion.databases.create({
    parent: under(root),
    title: text(name),
    initial_data_source: { properties: { Name: { title: {} }, ...properties } },
  });
  return { id: made.id, source: made.data_sources[0].id };
}

export function row(data_source_id, name, properties = {}) {
  return notion.pages.create({
    parent: { type: "data_source_id", data_source_id },
    properties: { Name: title(name), ...properties },
  });
}

// The names of the rows that a query finds, sorted.
export async function names(data_source_id, filter, more = {}) {
  const found = await notion.dataSources.query({ data_source_id, filter, ...more });
  return found.results.map(nameOf).sort();
}

export const nameOf = (row) => plain(row.properties.Name.title);

export async function refused(promise, { status = 400, code = "validation_error", message }) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.name, "APIResponseError", String(error));
    assert.deepEqual([error.status, error.code], [status, code], error.message);
    if (message) assert.match(error.message, message);
    const body = JSON.parse(error.body);
    assert.equal(body.object, "error");
    assert.match(body.request_id, /^[0-9a-f-]{36}$/);
    assert.equal(error.request_id, body.request_id);
    return true;
  });
}
