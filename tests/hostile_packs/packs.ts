/** Packs that must not get in, or must not stay: made from the real decoder by one change each. */
import assert from "node:assert/strict";
import { compile, readSources } from "../../src/maker/compile.ts";
import { GOLDEN_SECTION } from "../../src/decoder/golden.ts";
import { MANIFEST_SECTION } from "../../src/decoder/manifest.ts";
import { customSection, withCustomSection } from "../../src/decoder/wasm_section.ts";
import { bundledPack, familyFor, unseen } from "../support/decoder_api.ts";

/** One hostile pack, and the code of the reason that it must be refused with. */
export interface HostilePack {
  readonly what: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly code: string;
}

type Sections = readonly (readonly [name: string, content: Uint8Array])[];

function withSections(module: Uint8Array, sections: Sections): Uint8Array<ArrayBuffer> {
  let pack = Uint8Array.from(module);
  for (const [name, content] of sections) pack = withCustomSection(pack, name, content);
  return pack;
}

function sectionOf(pack: Uint8Array, name: string): Uint8Array {
  const content = customSection(pack, name);
  assert.ok(content, `the bundled decoder has no section ${name}`);
  return content;
}

/** Limits of the imported memory: "env", "memory", kind 2, flag 1, then two numbers of two bytes for a few hundred pages. */
const MEMORY_IMPORT = [3, ...bytesOf("env"), 6, ...bytesOf("memory"), 2, 1];
/** 16,383 pages: 1 GiB. */
const HUGE_PAGES = [0xff, 0x7f];

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function withHugeMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const huge = Uint8Array.from(module);
  const at = huge.findIndex((_, from) => MEMORY_IMPORT.every((byte, index) => huge[from + index] === byte));
  assert.ok(at > 0, "the memory is imported");
  const limits = at + MEMORY_IMPORT.length;
  assert.ok(huge[limits]! >= 0x80 && huge[limits + 1]! < 0x80, "its size is a number of two bytes");
  huge.set([...HUGE_PAGES, ...HUGE_PAGES], limits);
  return huge;
}

/** Makes hostile packs of the decoder for one Go version. */
export class HostilePacks {
  readonly #family;
  readonly #genuine: Uint8Array<ArrayBuffer>;
  readonly #manifest: Uint8Array;
  readonly #goldens: Uint8Array;

  constructor(readonly toolchain: string) {
    this.#family = familyFor(toolchain);
    this.#genuine = bundledPack(this.#family.name);
    this.#manifest = sectionOf(this.#genuine, MANIFEST_SECTION);
    this.#goldens = sectionOf(this.#genuine, GOLDEN_SECTION);
  }

  /** What all of them are named. */
  get name(): string {
    return this.#family.name;
  }

  /** The genuine decoder, in bytes that nobody has seen. */
  get good(): Uint8Array<ArrayBuffer> {
    return unseen(this.#genuine);
  }

  /** Passes every check, and traps on one record after `count` others. */
  trapping(count: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#changed(
      "decoder-as/assembly/feed.ts",
      "    const kind = readU16(",
      `    if (++seen > ${count}) unreachable();\n    const kind = readU16(`,
      "\nlet seen: u32 = 0;\n",
    );
  }

  /** Those that the gate must refuse. */
  async refused(other: string): Promise<HostilePack[]> {
    const plain = await compile(this.#family, await readSources());
    const goldens = [GOLDEN_SECTION, this.#goldens] as const;
    const manifest = [MANIFEST_SECTION, this.#manifest] as const;
    const change = (field: string, value: unknown) => {
      const changed = { ...JSON.parse(new TextDecoder().decode(this.#manifest)), [field]: value };
      return [MANIFEST_SECTION, bytesOf(JSON.stringify(changed))] as const;
    };
    return [
      { what: "no module", bytes: Uint8Array.from(bytesOf("#!/bin/sh\n")), code: "decoder-not-wasm" },
      { what: "cut off", bytes: this.good.slice(0, -9), code: "decoder-truncated" },
      { what: "without manifest", bytes: withSections(plain, [goldens]), code: "decoder-without-manifest" },
      {
        what: "bad manifest",
        bytes: withSections(plain, [change("plans", "none"), goldens]),
        code: "decoder-bad-manifest",
      },
      {
        what: "wrong fingerprint",
        bytes: withSections(plain, [change("wireFingerprint", "0123456789abcdef"), goldens]),
        code: "decoder-wire-mismatch",
      },
      {
        what: "more imports",
        bytes: await this.#changed(
          "decoder-as/assembly/feed.ts",
          "export function feedRecords(length: u32): u32 {",
          "export function feedRecords(length: u32): u32 {\n  evil();",
          '\n@external("env", "evil")\ndeclare function evil(): void;\n',
        ),
        code: "decoder-imports",
      },
      {
        what: "huge memory",
        bytes: withSections(withHugeMemory(plain), [manifest, goldens]),
        code: "decoder-memory",
      },
      { what: "without goldens", bytes: withSections(plain, [manifest]), code: "decoder-golden-missing" },
      {
        what: "endless loop",
        bytes: await this.#changed(
          "decoder-as/assembly/feed.ts",
          "export function feedRecords(length: u32): u32 {",
          "export function feedRecords(length: u32): u32 {\n  while (true) count(WORD_ENDS);",
        ),
        code: "decoder-too-slow",
      },
      { what: "trap at once", bytes: await this.trapping(0), code: "decoder-trapped" },
      {
        what: "offsets of another Go, goldens of this one",
        bytes: withSections(await compile(familyFor(other), await readSources()), [manifest, goldens]),
        code: "decoder-golden-mismatch",
      },
    ];
  }

  /** The decoder compiled with one place of its sources changed, manifest and goldens those of the genuine one. */
  async #changed(file: string, from: string, to: string, more = ""): Promise<Uint8Array<ArrayBuffer>> {
    const sources = await readSources();
    const text = sources.get(file) ?? "";
    assert.ok(text.includes(from), `${file} has no "${from}"`);
    const changed = new Map(sources).set(file, text.replace(from, to) + more);
    const module = await compile(this.#family, changed);
    return withSections(module, [[MANIFEST_SECTION, this.#manifest], [GOLDEN_SECTION, this.#goldens]]);
  }
}
