import assert from "node:assert/strict";
import {
  OFFSET_EXE_DATA_COUNT,
  OFFSET_EXE_DATA_ID,
  OFFSET_REPLY_ERROR,
  OFFSET_REPLY_ID,
  OFFSET_REPLY_TEXT_BYTES,
  SIZEOF_EXE_DATA,
  SIZEOF_REPLY,
} from "../../bpf/wire.gen.ts";
import { LoaderError } from "./loader_error.ts";
import { Requests } from "./requests.ts";

function reply(id: number, error = 0, text = ""): Uint8Array {
  const record = new Uint8Array(SIZEOF_REPLY + text.length);
  const view = new DataView(record.buffer);
  view.setUint32(OFFSET_REPLY_ID, id, true);
  view.setUint32(OFFSET_REPLY_ERROR, error, true);
  view.setUint32(OFFSET_REPLY_TEXT_BYTES, text.length, true);
  record.set(new TextEncoder().encode(text), SIZEOF_REPLY);
  return record;
}

function piece(id: number, byte: number): Uint8Array {
  const record = new Uint8Array(SIZEOF_EXE_DATA + 8);
  const view = new DataView(record.buffer);
  view.setUint32(OFFSET_EXE_DATA_ID, id, true);
  view.setUint32(OFFSET_EXE_DATA_COUNT, 1, true);
  record[SIZEOF_EXE_DATA] = byte;
  return record;
}

Deno.test("Requests gives each request the records of its own id, whatever the order of replies", async () => {
  const requests = new Requests();
  const first = requests.open(), second = requests.open();
  requests.onExeData(piece(first.id, 1));
  requests.onExeData(piece(second.id, 2));
  requests.onExeData(piece(first.id, 3));
  requests.onReply(reply(second.id));
  requests.onReply(reply(first.id));
  assert.deepEqual((await first.answer).pieces, [Uint8Array.of(1), Uint8Array.of(3)]);
  assert.deepEqual((await second.answer).pieces, [Uint8Array.of(2)]);
});

Deno.test("Requests rejects with errno and reason of the reply", async () => {
  const requests = new Requests();
  const { id, answer } = requests.open();
  requests.onReply(reply(id, 2, "no such attachment"));
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof LoaderError);
    assert.deepEqual([error.errno, error.message], [2, "no such attachment"]);
    return true;
  });
});

Deno.test("Requests ignores replies and data that nobody waits for", () => {
  const requests = new Requests();
  requests.onReply(reply(99));
  requests.onExeData(piece(99, 1));
});

Deno.test("Requests.close() rejects what waits and what comes", async () => {
  const requests = new Requests();
  const { answer } = requests.open();
  requests.close(new Error("gone"));
  await assert.rejects(answer, /gone/);
  await assert.rejects(requests.open().answer, /gone/);
});
