// Against a running service: OCR_DOC_URL, OCR_DOC_TOKEN, and OCR_DOC_PAGE, a picture that says "hello".

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { Client, ServiceError } from "../src/index.js";

const address = process.env["OCR_DOC_URL"] ?? "http://127.0.0.1:8000";
const token = process.env["OCR_DOC_TOKEN"] ?? "";
const client = new Client(`${address}/`, { token });
const page = { name: "hello.png", data: new Uint8Array(await readFile(process.env["OCR_DOC_PAGE"] ?? "hello.png")) };

test("a page is read", async () => {
  const answer = await client.read(page);
  assert.equal(answer.full_text, "hello");
  assert.equal(answer.regions[0]?.text, "hello");
  assert.equal(answer.regions[0]?.bbox.length, 4);
  assert.equal((await client.read(page, { min_confidence: 0.99 })).full_text, "");
  assert.equal(new TextDecoder().decode(await client.write(page, "text")), "hello\n");
  assert.ok((await client.formats()).some(({ name }) => name === "json"));
  assert.ok((await client.stats()).documents >= 3);
});

test("a word is read", async () => {
  assert.equal((await client.readWord(page)).filename, "hello.png");
});

test("a job", async () => {
  const job = await client.start([page, { name: "bad.png", data: new Blob(["text"]) }], { images: true });
  const kinds: string[] = [];
  for await (const event of client.events(job.job_id)) kinds.push(event.kind);
  assert.equal(kinds.at(-1), "end");
  const done = await client.wait(job.job_id);
  assert.deepEqual(done.files.map(({ state }) => state), ["done", "failed"]);
  const document = JSON.parse(new TextDecoder().decode(await client.result(job.job_id, 0)));
  assert.equal(document.schema, "ocr-doc/1");
  await client.remove(job.job_id);
  await assert.rejects(client.job(job.job_id), (error: ServiceError) => error.status === 404);
});

test("errors say what is wrong", async () => {
  await assert.rejects(client.read({ name: "a.png", data: new Blob(["text"]) }), (error: ServiceError) => {
    return error.status === 415 && error.code === "input_unsupported" && error.remedy.length > 0;
  });
  await assert.rejects(new Client(address, { token: "wrong" }).stats(), { name: "ServiceError", status: 401 });
  await assert.rejects(new Client("http://127.0.0.1:9").stats(), { name: "ServiceError", status: 0 });
});
