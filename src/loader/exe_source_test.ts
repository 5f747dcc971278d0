import assert from "node:assert/strict";
import { ExeSource } from "./exe_source.ts";
import { LoaderError } from "./loader_error.ts";

const BLOCK = 65_536;

function fakeLoader(bytes: Uint8Array<ArrayBuffer>) {
  const asked: [offset: number, count: number][] = [];
  return {
    asked,
    readExe(_pid: number, offset: number, count: number) {
      asked.push([offset, count]);
      return Promise.resolve(bytes.slice(offset, offset + count));
    },
  };
}

function someBytes(count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, index) => (index * 2_654_435_761) >>> 13);
}

Deno.test("ExeSource.read() equals the file at every border", async () => {
  const bytes = someBytes(5 * BLOCK + 123);
  const source = new ExeSource({ loader: fakeLoader(bytes), pid: 1, size: bytes.length });
  for (const offset of [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK - 7, 5 * BLOCK + 100, bytes.length - 1]) {
    for (const length of [1, 8, BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK]) {
      assert.deepEqual(
        await source.read(offset, length),
        bytes.slice(offset, offset + length),
        `${offset} ${length}`,
      );
    }
  }
});

Deno.test("ExeSource.read() yields nothing outside the file", async () => {
  const loader = fakeLoader(someBytes(10));
  const source = new ExeSource({ loader, pid: 1, size: 10 });
  for (const [offset, length] of [[10, 1], [99, 1], [0, 0], [-1, 5]] as const) {
    assert.equal((await source.read(offset, length)).length, 0);
  }
  assert.deepEqual(loader.asked, []);
});

Deno.test("ExeSource.read() asks for a block once, and reads ahead only in sequence", async () => {
  const bytes = someBytes(64 * BLOCK);
  const loader = fakeLoader(bytes);
  const source = new ExeSource({ loader, pid: 1, size: bytes.length });
  await source.read(5 * BLOCK, 10);
  await source.read(5 * BLOCK + 100, 10);
  await source.read(30 * BLOCK, 10);
  assert.deepEqual(loader.asked, [[5 * BLOCK, BLOCK], [30 * BLOCK, BLOCK]]);
  await source.read(31 * BLOCK, 10);
  await source.read(40 * BLOCK, 10);
  assert.deepEqual(loader.asked.slice(2), [[31 * BLOCK, 16 * BLOCK]]);
});

Deno.test("ExeSource.read() keeps no more blocks than it may", async () => {
  const bytes = someBytes(8 * BLOCK);
  const loader = fakeLoader(bytes);
  const source = new ExeSource({ loader, pid: 1, size: bytes.length, maxBlocks: 2 });
  for (const block of [0, 2, 4, 0]) await source.read(block * BLOCK, 1);
  assert.deepEqual(loader.asked.map(([offset]) => offset / BLOCK), [0, 2, 4, 0]);
  assert.deepEqual(await source.read(0, bytes.length), bytes);
});

Deno.test("ExeSource.read() fails as the loader does, and asks again the next time", async () => {
  let fails = true;
  const bytes = someBytes(10);
  const source = new ExeSource({
    loader: {
      readExe: () => fails ? Promise.reject(new LoaderError("gone", 3)) : Promise.resolve(bytes),
    },
    pid: 1,
    size: 10,
  });
  await assert.rejects(source.read(0, 4), /gone/);
  fails = false;
  assert.deepEqual(await source.read(0, 4), bytes.slice(0, 4));
});
