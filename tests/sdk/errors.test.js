// Errors, as the SDK tells them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { APIErrorCode, ClientErrorCode, isHTTPResponseError, isNotionClientError } from "@notionhq/client";

import { client, notion, page, refused, root, title, under } from "./workspace.js";

const NOBODY = "11111111-1111-4111-8111-111111111111";

test("the SDK knows our errors as Notion's", async () => {
  const error = await notion.pages.retrieve({ page_id: NOBODY }).catch((caught) => caught);
  assert(isNotionClientError(error) && isHTTPResponseError(error));
  assert.equal(error.code, APIErrorCode.ObjectNotFound);
  assert.equal(typeof error.additional_data.integration_id, "string");
});

test("a wrong token is unauthorized", async () => {
  await refused(client({ auth: "ntn_wrong" }).users.me({}), {
    status: 401,
    code: APIErrorCode.Unauthorized,
    message: /API token is invalid/,
  });
});

test("an unknown version is refused", async () => {
  await refused(client({ notionVersion: "2019-01-01" }).users.me({}), { message: /Notion-Version/ });
});

const MISSING = {
  page: () => notion.pages.retrieve({ page_id: NOBODY }),
  database: () => notion.databases.retrieve({ database_id: NOBODY }),
  data_source: () => notion.dataSources.retrieve({ data_source_id: NOBODY }),
  block: () => notion.blocks.retrieve({ block_id: NOBODY }),
  "block's children": () => notion.blocks.children.list({ block_id: NOBODY }),
  user: () => notion.users.retrieve({ user_id: NOBODY }),
  view: () => notion.views.retrieve({ view_id: NOBODY }),
  comment: () => notion.comments.retrieve({ comment_id: NOBODY }),
  "file upload": () => notion.fileUploads.retrieve({ file_upload_id: NOBODY }),
  "parent page": () => notion.pages.create({ parent: under(NOBODY), properties: { title: title("x") } }),
};

for (const [what, request] of Object.entries(MISSING)) {
  test(`a missing ${what} is a 404`, async () => {
    await refused(request(), { status: 404, code: APIErrorCode.ObjectNotFound });
  });
}

test("an id that is no UUID is refused", async () => {
  await refused(notion.pages.retrieve({ page_id: "x" }), {
    message: /path\.page_id should be a valid uuid, instead was `"x"`/,
  });
});

test("an unknown path or method is an invalid request URL", async () => {
  for (const [method, path] of [["get", "nowhere"], ["delete", "users/me"], ["get", "data_sources"]]) {
    await refused(notion.request({ method, path }), { code: APIErrorCode.InvalidRequestURL });
  }
});

test("a parent must be named", async () => {
  await refused(notion.pages.create({ properties: { title: title("x") } }), {
    message: /body\.parent should be defined, instead was `undefined`/,
  });
});

test("an unknown key is refused", async () => {
  const body = { parent: under(root), properties: { title: title("x") }, nonsense: 1 };
  await refused(notion.request({ method: "post", path: "pages", body }), { message: /body\.nonsense/ });
});

test("a slow answer is a timeout of the client", async () => {
  const error = await client({ timeoutMs: 1, fetch: () => new Promise(() => {}) }).users.me({}).catch((caught) => caught);
  assert(isNotionClientError(error));
  assert.equal(error.code, ClientErrorCode.RequestTimeout);
});

test("a page of properties is refused below a page", async () => {
  const { id } = await page("No rows here");
  const properties = { title: title("x"), Status: { status: { name: "Done" } } };
  await refused(notion.pages.create({ parent: under(id), properties }), {});
});
