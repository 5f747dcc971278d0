/** Changes to an executable: numbers of any size where numbers are, overwritten bytes, moved pieces, an early end. */
import type { ExeSample } from "./exe_corpus.ts";
import { type Patch, PatchedSource } from "./patched_source.ts";
import { EDGES_64, type Random } from "./random.ts";

const MAX_CHANGES = 6;
const MAX_MOVED_BYTES = 4096;

/** A mutated executable; the same numbers give the same one. */
export function mutateExe(sample: ExeSample, random: Random, readLimit: number): PatchedSource {
  const patches: Patch[] = [];
  for (let change = random.below(MAX_CHANGES); change >= 0; change--) patches.push(changeOf(sample, random));
  const size = random.once(16) ? cutAt(sample, random) : sample.bytes.length;
  return new PatchedSource(sample.bytes, { patches, size, readLimit });
}

function cutAt({ bytes, places }: ExeSample, random: Random): number {
  const [from, to] = random.pick(places);
  return Math.min(
    bytes.length,
    random.once(2) ? from + random.below(to - from + 1) : random.below(bytes.length),
  );
}

function changeOf({ bytes, places }: ExeSample, random: Random): Patch {
  const [from, to] = random.pick(places);
  const at = from + random.below(to - from);
  switch (random.below(8)) {
    case 0: // a bit
      return { at, bytes: Uint8Array.of(bytes[at]! ^ 1 << random.below(8)) };
    case 1: // a byte
      return { at, bytes: random.bytes(1) };
    case 2: // a number of 1, 2 or 4 bytes
      return {
        at: at - at % 2,
        bytes: numberBytes(random.pick(EDGES_64)).subarray(0, random.pick([1, 2, 4])),
      };
    case 3: // a number of 8 bytes
    case 4:
      return { at: at - (at - from) % 8, bytes: numberBytes(edgeFor(bytes.length, random)) };
    case 5: // a number that is a little off
      return { at: at - at % 4, bytes: Uint8Array.of(bytes[at - at % 4]! + random.below(5) - 2) };
    case 6: // a run of one byte
      return {
        at,
        bytes: new Uint8Array(1 + random.below(64)).fill(
          random.pick([0, 0xff, 0x80, 0x7f, random.below(256)]),
        ),
      };
    default: { // a piece from elsewhere
      const [other, end] = random.pick(places);
      const source = other + random.below(end - other);
      return { at, bytes: bytes.slice(source, source + 1 + random.below(MAX_MOVED_BYTES)) };
    }
  }
}

/** Edges of the types, and of the file. */
function edgeFor(fileBytes: number, random: Random): bigint {
  return random.once(3)
    ? BigInt(
      Math.max(
        0,
        random.pick([fileBytes, fileBytes / 2 | 0, random.below(fileBytes)]) + random.below(17) - 8,
      ),
    )
    : random.pick(EDGES_64);
}

function numberBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
