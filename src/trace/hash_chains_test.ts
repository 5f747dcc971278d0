import { deepEqual, equal } from "node:assert/strict";
import { BrokenTraces } from "./broken_traces.ts";
import { HashChains } from "./hash_chains.ts";

function rows(chains: HashChains, hash: number): number[] {
  const found = [];
  for (let row = chains.first(hash); row >= 0; row = chains.after(row)) found.push(row);
  return found;
}

Deno.test("HashChains keeps rows by hash, and lets each go from wherever it stands", () => {
  const chains = new HashChains(5);
  for (const row of [0, 1, 2, 3]) chains.add(-8, row);
  chains.add(3, 4);
  deepEqual(rows(chains, -8), [3, 2, 1, 0]);
  deepEqual(rows(chains, 3), [4]);
  chains.remove(-8, 2);
  chains.remove(-8, 3);
  chains.remove(-8, 0);
  deepEqual(rows(chains, -8), [1]);
  chains.add(3, 2);
  deepEqual(rows(chains, 3), [2, 4]);
  chains.remove(-8, 1);
  deepEqual(rows(chains, -8), []);
});

Deno.test("HashChains finds with any number of rows what is there", () => {
  for (const capacity of [1, 2, 3, 64, 65]) {
    const chains = new HashChains(capacity);
    for (let row = 0; row < capacity; row++) chains.add(row * 7, row);
    for (let row = 0; row < capacity; row++) {
      equal(rows(chains, row * 7).includes(row), true, `${row} of ${capacity}`);
    }
  }
});

Deno.test("BrokenTraces remembers as many as it has room for, each once, and forgets the oldest", () => {
  const broken = new BrokenTraces(3);
  for (const hash of [-5, 7, -5, 7, 9]) broken.add(hash);
  deepEqual([-5, 7, 9].map((hash) => broken.has(hash)), [true, true, true]);
  broken.add(11);
  deepEqual([-5, 7, 9, 11].map((hash) => broken.has(hash)), [false, true, true, true]);
  for (let hash = 100; hash < 203; hash++) broken.add(hash);
  deepEqual([199, 200, 201, 202].map((hash) => broken.has(hash)), [false, true, true, true]);
  const none = new BrokenTraces(0);
  none.add(1);
  equal(none.has(1), false);
});
