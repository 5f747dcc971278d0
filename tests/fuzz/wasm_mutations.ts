/**
 * Changes to a decoder's module: to its bytes, to its sections, and to its functions, whose sizes are put right again
 * so that what is changed is looked at. Format: WebAssembly core specification, chapter 5.
 */
import { MANIFEST_SECTION } from "../../src/decoder/manifest.ts";
import { customSection, withCustomSection } from "../../src/decoder/wasm_section.ts";
import { EDGES_32, type Random } from "./random.ts";

const PREAMBLE_BYTES = 8;
const CUSTOM = 0;
const CODE = 10;

/** Instructions to put in front of a function's own; most are valid there, some only by luck. */
const SNIPPETS: readonly (readonly number[])[] = [
  [0x03, 0x40, 0x0c, 0x00, 0x0b], // loop br 0 end
  [0x02, 0x40, 0x03, 0x40, 0x41, 0x01, 0x0d, 0x00, 0x0b, 0x0b], // block loop i32.const 1 br_if 0 end end
  [0x03, 0x40, 0x41, 0x00, 0x0e, 0x02, 0x00, 0x00, 0x00, 0x0b], // loop br_table end
  [0x03, 0x40, 0x03, 0x40, 0x0c, 0x01, 0x0b, 0x0b], // loop loop br 1 end end
  [0x03, 0x40, 0x10, 0x00, 0x0c, 0x00, 0x0b], // loop call 0 br 0 end
  [0x10, 0x00], // call 0
  [0x10, 0x05],
  [0x41, 0x7f, 0x2d, 0x00, 0x00, 0x1a], // i32.const -1 i32.load8_u drop
  [0x41, 0x00, 0x41, 0x7f, 0x3a, 0x00, 0x00], // i32.store8 at 0
  [0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x24, 0x00], // global.set 0
  [0x42, 0xff, 0xff, 0x03, 0x24, 0x0a], // global.set 10
  [0x41, 0x01, 0x40, 0x00, 0x1a], // memory.grow
  [0x41, 0x00, 0x41, 0x00, 0x41, 0x7f, 0xfc, 0x0b, 0x00], // memory.fill
  [0x41, 0x00, 0x11, 0x00, 0x00], // call_indirect
  [0x3f, 0x00, 0x1a], // memory.size drop
  [0x00], // unreachable
  [0x0f], // return
  [0x02, 0x7b, 0xfd, 0x0c, ...new Array(16).fill(1), 0x0b, 0x1a], // block v128
];
/** How often a snippet is repeated. */
const REPEATS = [1, 1, 1, 2, 50, 2000];

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/** A mutated module; the same numbers give the same one. */
export function mutateModule(module: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  let mutated = module;
  for (let change = random.below(3); change >= 0; change--) mutated = changed(mutated, random);
  return mutated;
}

function changed(module: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  switch (random.below(9)) {
    case 0: // bytes anywhere
      return patched(module, random, 0, module.length);
    case 1: // cut
      return module.slice(0, random.below(module.length + 1));
    case 2: { // a section's head
      const at = random.pick(headsOf(module));
      return patched(module, random, at, Math.min(at + 6, module.length));
    }
    case 3: // sections lost, twice, in another order
      return reordered(module, random);
    case 4: // bytes of one section's beginning
      return withSection(
        module,
        random,
        (content) => patched(content, random, 0, Math.min(64, content.length)),
      );
    case 5: // more or fewer bytes in a section
      return withSection(module, random, (content) => spliced(content, random));
    case 6:
    case 7: // other instructions
      return withCode(module, random);
    default:
      return withManifest(module, random);
  }
}

function patched(
  bytes: Uint8Array,
  random: Random,
  from: number,
  to: number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice() as Uint8Array<ArrayBuffer>;
  for (let change = random.below(4); change >= 0 && to > from; change--) {
    const at = from + random.below(to - from);
    copy[at] = random.once(2) ? copy[at]! ^ 1 << random.below(8) : random.pick([...EDGES_32, random.bits()]);
  }
  return copy;
}

function spliced(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const without = random.once(2) ? random.below(16) : 0;
  const extra = random.once(2) ? random.bytes(random.below(16)) : bytes.slice(at, at + random.below(256));
  return joined([bytes.subarray(0, at), extra, bytes.subarray(Math.min(bytes.length, at + without))]);
}

/** Puts instructions into one function, or changes some of its bytes. */
function withCode(module: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  const index = sections?.findIndex(({ id }) => id === CODE) ?? -1;
  if (!sections || index < 0) return module;
  const reader = new Leb(sections[index]!.content);
  const bodies = Array.from({ length: Math.min(reader.number(), 10_000) }, () => reader.block());
  if (bodies.length === 0) return module;
  const which = random.below(bodies.length);
  const body = bodies[which]!;
  if (random.once(2)) {
    bodies[which] = patched(body, random, 0, body.length);
  } else {
    const locals = new Leb(body);
    for (let groups = Math.min(locals.number(), 1000); groups > 0; groups--) {
      locals.number();
      locals.at++;
    }
    const repeats = random.pick(REPEATS);
    const snippet = random.pick(SNIPPETS);
    const inserted = Uint8Array.from(
      { length: snippet.length * repeats },
      (_, at) => snippet[at % snippet.length]!,
    );
    bodies[which] = joined([body.subarray(0, locals.at), inserted, body.subarray(locals.at)]);
  }
  const content = joined([
    Uint8Array.from(leb(bodies.length)),
    ...bodies.flatMap((one) => [Uint8Array.from(leb(one.length)), one]),
  ]);
  sections[index] = { id: CODE, content };
  return moduleOf(sections);
}

/** Another manifest: characters changed, or values of other types. */
function withManifest(module: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  if (!sections) return module;
  let manifest: Uint8Array | null = null;
  try {
    manifest = customSection(module, MANIFEST_SECTION);
  } catch {
    return module;
  }
  if (!manifest) return module;
  const rest = moduleOf(
    sections.filter(({ id, content }) => id !== CUSTOM || !isNamed(content, MANIFEST_SECTION)),
  );
  return withCustomSection(rest, MANIFEST_SECTION, mutateManifest(manifest, random));
}

const VALUES = [null, -1, 0, 1.5, 2 ** 53, "", "x", "__proto__", [], {}, true, 1e308, [[[[]]]]];

function mutateManifest(manifest: Uint8Array, random: Random): Uint8Array {
  if (random.once(3)) return patched(manifest, random, 0, manifest.length);
  try {
    const root: unknown = JSON.parse(new TextDecoder().decode(manifest));
    let at = root;
    for (let depth = random.below(5); depth >= 0 && typeof at === "object" && at !== null; depth--) {
      const holder = at as Record<string, unknown>;
      const key = random.pick([...Object.keys(holder), "more"]);
      if (depth === 0 || typeof holder[key] !== "object" || holder[key] === null) {
        holder[key] = random.once(6)
          ? undefined
          : random.pick([...VALUES, "9".repeat(random.below(100_000))]);
        break;
      }
      at = holder[key];
    }
    return new TextEncoder().encode(JSON.stringify(root));
  } catch {
    return manifest;
  }
}

function reordered(module: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  if (!sections || sections.length === 0) return module;
  const one = random.below(sections.length);
  const other = random.below(sections.length);
  if (random.once(3)) sections.splice(one, 1);
  else if (random.once(2)) sections.splice(other, 0, sections[one]!);
  else [sections[one], sections[other]] = [sections[other]!, sections[one]!];
  return moduleOf(sections);
}

function withSection(
  module: Uint8Array<ArrayBuffer>,
  random: Random,
  change: (content: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(module);
  if (!sections || sections.length === 0) return module;
  const index = random.below(sections.length);
  const { id, content } = sections[index]!;
  sections[index] = { id: random.once(20) ? random.below(16) : id, content: change(content) };
  return moduleOf(sections);
}

/** Offsets of the sections' heads. */
function headsOf(module: Uint8Array): number[] {
  const heads = [0];
  const reader = new Leb(module, PREAMBLE_BYTES);
  while (reader.at < module.length) {
    heads.push(reader.at);
    reader.at++;
    reader.block();
  }
  return heads;
}

/** The sections, or null when the module is no longer made of some. */
function sectionsOf(module: Uint8Array): Section[] | null {
  const sections: Section[] = [];
  const reader = new Leb(module, PREAMBLE_BYTES);
  while (reader.at < module.length) {
    const id = module[reader.at++]!;
    sections.push({ id, content: reader.block() });
  }
  return reader.at === module.length ? sections : null;
}

function moduleOf(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  return joined([
    Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]),
    ...sections.flatMap(({ id, content }) => [Uint8Array.from([id, ...leb(content.length)]), content]),
  ]);
}

function isNamed(content: Uint8Array, name: string): boolean {
  return new TextDecoder().decode(new Leb(content).block()) === name;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** Reads numbers of a module that may be broken: never fails. */
class Leb {
  constructor(readonly bytes: Uint8Array, public at = 0) {}

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  }

  block(): Uint8Array {
    const length = this.number();
    const from = this.at;
    this.at = from + length;
    return this.bytes.subarray(from, this.at);
  }
}
