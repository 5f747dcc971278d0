import assert from "node:assert/strict";
import { ExeReader } from "./source.ts";
import { MemorySource } from "./testdata/samples.ts";

const DATA = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);

Deno.test("ExeReader serves neighbouring small reads from one block", async () => {
  const source = new MemorySource(DATA);
  const reader = new ExeReader(source);
  for (const offset of [100, 5_000, 60_000, 100]) {
    const bytes = await reader.read(offset, 40, "piece");
    assert.deepEqual(bytes.data, DATA.subarray(offset, offset + 40));
  }
  assert.equal(source.reads, 1);
  assert.deepEqual((await reader.read(65_530, 12, "across")).data, DATA.subarray(65_530, 65_542));
  assert.deepEqual((await reader.read(999_990, 10, "end")).data, DATA.subarray(999_990));
});

Deno.test("ExeReader refuses pieces outside the file, too long pieces and too much reading", async () => {
  const reader = new ExeReader(new MemorySource(DATA), { maxReadBytes: 700_000 });
  await assert.rejects(reader.read(999_990, 11, "piece"), /piece at 999990 needs 11 bytes/);
  await assert.rejects(reader.read(-1, 1, "piece"), { name: "Refusal" });
  await assert.rejects(reader.read(NaN, 1, "piece"), { name: "Refusal" });
  await reader.read(0, 500_000, "piece");
  await assert.rejects(reader.read(500_000, 300_000, "piece"), /too much of the file/);
});

Deno.test("ExeReader refuses a source that ends before its size", async () => {
  const lying = {
    size: 2_000_000,
    read: (offset: number, length: number) => Promise.resolve(DATA.slice(offset, offset + length)),
  };
  await assert.rejects(new ExeReader(lying).read(900_000, 300_000, "piece"), /piece ends at 1000000/);
});
