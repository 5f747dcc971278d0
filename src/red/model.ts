/** Writes what does not depend on rules into the stage's memory: what it knows of words, and bounds of latencies. */
import * as map from "../../decoder-as/red/memory_map.ts";
import { LATENCY_BUCKETS } from "./types.ts";
import { KNOWN_WORDS, PAIR_COSTS } from "./words.ts";

const WORD_FACTOR = 0x9e3779b97f4a7c15n;
const WORD_SHIFT = 53n;
const POWERS = 64;

export function writeModel(view: DataView): void {
  writeWords(view);
  writeLatencyBounds(view);
}

function writeWords(view: DataView): void {
  PAIR_COSTS.forEach((row, before) => {
    [...row].forEach((cost, next) => {
      view.setUint8(map.PAIRS_OFFSET + row.length * before + next, parseInt(cost, 36));
    });
  });
  for (const word of KNOWN_WORDS) {
    const packed = [...word].reduce((bits, letter) => bits << 5n | BigInt(letter.charCodeAt(0) - 96), 0n);
    let index = Number(BigInt.asUintN(64, packed * WORD_FACTOR) >> WORD_SHIFT);
    while (view.getBigUint64(map.WORDS_OFFSET + 8 * index, true) !== 0n) {
      index = (index + 1) & (map.WORD_ENTRIES - 1);
    }
    view.setBigUint64(map.WORDS_OFFSET + 8 * index, packed, true);
  }
}

/** latencyBoundS in nanoseconds, and for each power of two the first bucket that can hold it. */
function writeLatencyBounds(view: DataView): void {
  const bounds = Array.from({ length: LATENCY_BUCKETS }, (_, index) => Math.floor(1000 * 2 ** (index / 8)));
  bounds.forEach((bound, index) =>
    view.setBigUint64(map.LATENCY_BOUNDS_OFFSET + 8 * index, BigInt(bound), true)
  );
  for (let power = 0; power < POWERS; power++) {
    const first = bounds.findIndex((bound) => bound >= 2 ** power);
    view.setUint8(map.LATENCY_FIRST_OFFSET + power, first === -1 ? LATENCY_BUCKETS - 1 : first);
  }
}
