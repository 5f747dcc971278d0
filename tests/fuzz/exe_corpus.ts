/** Executables to mutate, and where in them it matters: headers, tables and whatever the reader looks at. */
import { Bytes } from "../../src/goexe/bytes.ts";
import { findSection, readElf } from "../../src/goexe/elf.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { findDebugSection, readWholeSection } from "../../src/goexe/section_stream.ts";
import { ExeReader } from "../../src/goexe/source.ts";
import { goBuild, type GoFlavour } from "../support/go_build.ts";
import { elfOf } from "./elf_file.ts";
import { PatchedSource } from "./patched_source.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MAX_DEBUG_BYTES = 256 * 1024 * 1024;
/** Sections that readers take apart, of which the beginning matters most. */
const HEADED = [
  ".go.buildinfo",
  ".gopclntab",
  ".go.module",
  ".note.go.buildid",
  ".rela",
  ".rela.dyn",
  ".dynamic",
];
const HEAD_BYTES = 256;

/** One executable; `reads` says which reader it is for. */
export interface ExeSample {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly reads: "inspect" | "structs";
  /** Places worth changing, each as likely as any other. */
  readonly places: readonly (readonly [from: number, to: number])[];
}

/** Which program to build. */
export interface ExeBuild {
  readonly toolchain: string;
  readonly flavour: GoFlavour;
}

/** A Go program as the inspection sees it. */
export async function programSample({ toolchain, flavour }: ExeBuild): Promise<ExeSample> {
  const path = await goBuild({ module: `${ROOT}tests/programs`, package: "./matrix", toolchain, flavour });
  const bytes = await Deno.readFile(path);
  const elf = await readElf(new ExeReader(new PatchedSource(bytes, { patches: [] })));
  const view = new DataView(bytes.buffer);
  const shoff = Number(view.getBigUint64(40, true));
  const headers = view.getUint16(60, true);
  const places: (readonly [number, number])[] = [
    [0, 64],
    [64, 64 + 56 * view.getUint16(56, true)],
    [shoff, shoff + 64 * headers],
  ];
  for (const name of HEADED) {
    const section = findSection(elf!, name);
    if (!section) continue;
    places.push([section.offset, section.offset + Math.min(HEAD_BYTES, section.size)]);
    places.push([section.offset, section.offset + section.size]);
  }
  const recorder = new PatchedSource(bytes, { patches: [] });
  const read = recorder.read.bind(recorder);
  recorder.read = (offset, length) => {
    places.push([offset, Math.min(offset + length, bytes.length)]);
    return read(offset, length);
  };
  await inspectGoExe(recorder);
  const kept = places.filter(([from, to]) => from >= 0 && to <= bytes.length && from < to);
  return { name: `go${toolchain}-${flavour}`, bytes, reads: "inspect", places: kept };
}

/** The debug information of a program alone: plain, and in both compressed forms. */
export async function debugSamples({ toolchain, flavour }: ExeBuild): Promise<ExeSample[]> {
  const path = await goBuild({ module: `${ROOT}tests/programs`, package: "./matrix", toolchain, flavour });
  const reader = new ExeReader(new PatchedSource(await Deno.readFile(path), { patches: [] }));
  const elf = await readElf(reader);
  const section = async (name: string) =>
    await readWholeSection(reader, findDebugSection(elf!, name)!, MAX_DEBUG_BYTES);
  const info = unitsOf(await section("info"));
  const abbrev = await section("abbrev");
  const samples: ExeSample[] = [];
  for (const compression of ["none", "zlib", "gnu"] as const) {
    const bytes = await elfOf([
      { name: ".debug_abbrev", bytes: abbrev, compression },
      { name: ".debug_info", bytes: info.bytes, compression },
    ]);
    const contentAt = 64 + 56 + 3 * 64;
    const places: (readonly [number, number])[] = [[0, 120], [120, contentAt], [contentAt, contentAt + 64]];
    if (compression === "none") {
      const infoAt = contentAt + abbrev.length;
      places.push([contentAt, infoAt], [infoAt, infoAt + info.bytes.length]);
      for (const at of info.starts) places.push([infoAt + at, infoAt + at + 64]);
    } else {
      places.push([contentAt, bytes.length]);
    }
    samples.push({ name: `go${toolchain}-debug-${compression}`, bytes, reads: "structs", places });
  }
  return samples;
}

/** The units that describe the structs of Go's runtime and HTTP packages, and a few small ones. */
function unitsOf(info: Uint8Array): { bytes: Uint8Array; starts: number[] } {
  const wanted = [
    "runtime\0",
    "net/http\0",
    "net/url\0",
    "net/http/internal/http2\0",
    "internal/runtime/maps\0",
  ]
    .map((name) => new TextEncoder().encode(name));
  const bytes = new Bytes(info, "info");
  const kept: Uint8Array[] = [];
  const starts: number[] = [];
  let length = 0;
  for (let at = 0; at + 4 <= info.length;) {
    const behind = at + 4 + bytes.u32(at);
    const unit = info.subarray(at, behind);
    const head = unit.subarray(0, 64);
    const named = wanted.some((name) =>
      head.some((_, from) => name.every((byte, i) => head[from + i] === byte))
    );
    if (named || unit.length < 512) {
      starts.push(length);
      kept.push(unit);
      length += unit.length;
    }
    at = behind;
  }
  const joined = new Uint8Array(length);
  for (const [index, unit] of kept.entries()) joined.set(unit, starts[index]!);
  return { bytes: joined, starts };
}
