/**
 * A decoder for one Go version that no decoder knows yet, from a program built with it or from its toolchain. Called
 * by `deno task decoder new`.
 */
import type { Part } from "../../decoder-as/plans/parts.ts";
import { exactRange, GoRange, parseGoVersion } from "../decoder/go_release.ts";
import type { GoStructs } from "../decoder/manifest.ts";
import { FileSource } from "../goexe/file_source.ts";
import { inspectGoExe } from "../goexe/inspect.ts";
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import { makeDecoder, tracedParts } from "./make.ts";
import { readGoStructs } from "./structs.ts";
import { readToolchain, toolchainVersion } from "./toolchain.ts";

/** At least one of `binary` and `go` is given; with both, their versions must agree. */
export interface NewDecoderOptions {
  /** Path of a Go program. */
  readonly binary?: string;
  /** Directory of a Go toolchain (GOROOT). */
  readonly go?: string;
  /** ">=1.28 <1.29"; the patch release alone when left out. */
  readonly goRange?: string;
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/** What was made, for people. */
export interface NewDecoderSummary {
  readonly name: string;
  readonly goVersion: string;
  readonly goRange: string;
  /** How the offsets were read. */
  readonly method: string;
  readonly traces: readonly Part[];
  readonly structs: GoStructs;
}

export interface NewDecoder {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly summary: NewDecoderSummary;
}

/** No decoder can be made of what was given. */
export class NewDecoderError extends Error {
  override readonly name = "NewDecoderError";

  constructor(readonly reason: Reason, options?: ErrorOptions) {
    super(reason.message, options);
  }
}

interface Reading {
  readonly goVersion: string;
  readonly structs: GoStructs;
  readonly method: string;
}

/**
 * Makes a decoder.
 *
 * @throws {NewDecoderError} with what to do about it.
 */
export async function newDecoder(options: NewDecoderOptions): Promise<NewDecoder> {
  const reading = await read(options);
  const { goVersion, structs, method } = reading;
  const goRange = rangeFor(goVersion, options.goRange);
  const name = options.name ?? (options.goRange === undefined ? exactName(goVersion) : familyName(goRange));
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await makeDecoder({ structs, goRange, name, toolchains: [goVersion], method });
  } catch (cause) {
    throw refuse(
      "decoder-not-made",
      describeError(cause),
      "Report it with the Go version and how it was built",
      cause,
    );
  }
  return { bytes, summary: { name, goVersion, goRange, method, traces: tracedParts(structs), structs } };
}

/** A name that no bundled decoder has: the one of a range that begins at this release would be replaced. */
export function exactName(goVersion: string): string {
  return `go${exactRange(goVersion).slice(2).split(" ")[0]}-exact`;
}

function familyName(goRange: string): string {
  return `go${goRange.slice(2).split(" ")[0]}`;
}

async function read({ binary, go, signal }: NewDecoderOptions): Promise<Reading> {
  const abort = signal ? { signal } : {};
  if (binary === undefined) {
    if (go === undefined) {
      throw new TypeError("Cannot make a decoder: neither a program nor a toolchain is given");
    }
    return await fromToolchain(go, abort);
  }
  const program = await readBinary(binary, abort);
  if (go !== undefined) await checkVersion(binary, program.goVersion, go);
  if (program.structs !== null) {
    const { goVersion, structs } = program;
    return { goVersion, structs, method: "DWARF of a program built for linux/amd64" };
  }
  if (go === undefined) {
    throw refuse(
      "binary-without-dwarf",
      `Cannot read the structs of ${binary}: it is stripped of its debug information`,
      `Give the directory of the toolchain that built it, ${program.goVersion}: --go DIR, as go env GOROOT says`,
    );
  }
  return { ...await fromToolchain(go, abort), goVersion: program.goVersion };
}

async function fromToolchain(go: string, abort: { signal?: AbortSignal }): Promise<Reading> {
  try {
    const { goVersion, structs } = await readToolchain(go, abort);
    return { goVersion, structs, method: "DWARF of a net/http program built for linux/amd64" };
  } catch (cause) {
    throw refuse(
      "toolchain-unusable",
      describeError(cause),
      "Give the root of a complete Go toolchain, as go env GOROOT says; go build must work with it",
      cause,
    );
  }
}

async function readBinary(
  path: string,
  abort: { signal?: AbortSignal },
): Promise<{ goVersion: string; structs: GoStructs | null }> {
  const remedy = "Give a Go program for linux/amd64, built with Go 1.17 or later, that uses net/http";
  let source: FileSource;
  try {
    source = await FileSource.open(path);
  } catch (cause) {
    throw refuse("binary-unreadable", `Cannot open ${path}: ${describeError(cause)}`, remedy, cause);
  }
  using opened = source;
  const inspection = await inspectGoExe(opened, abort);
  if (inspection.kind === "not-go") {
    throw refuse("not-go", `Cannot make a decoder of ${path}: it is not Go`, remedy);
  }
  if (inspection.kind === "refused") throw new NewDecoderError(inspection.reason);
  try {
    return { goVersion: inspection.exe.goVersion, structs: await readGoStructs(opened, abort) };
  } catch (cause) {
    throw refuse(
      "binary-bad-dwarf",
      `Cannot read the structs of ${path}: ${describeError(cause)}`,
      remedy,
      cause,
    );
  }
}

async function checkVersion(binary: string, goVersion: string, go: string): Promise<void> {
  const own = await toolchainVersion(go).catch((cause) => {
    throw refuse("toolchain-unusable", describeError(cause), "Give a directory as go env GOROOT says", cause);
  });
  const [left, right] = [parseGoVersion(goVersion), parseGoVersion(own)];
  if (left !== null && right !== null && left[0] === right[0] && left[1] === right[1]) return;
  throw refuse(
    "toolchain-differs",
    `Cannot use the toolchain in ${go}: it is ${own}, and ${binary} was built with ${goVersion}`,
    `Give the toolchain of ${goVersion}`,
  );
}

function rangeFor(goVersion: string, wanted: string | undefined): string {
  const release = parseGoVersion(goVersion);
  if (release === null) {
    throw refuse(
      "go-version-unknown",
      `Cannot tell which Go release "${goVersion}" is`,
      "Use a release of the standard Go toolchain",
    );
  }
  if (wanted === undefined) return exactRange(goVersion);
  let range: GoRange;
  try {
    range = new GoRange(wanted);
  } catch (cause) {
    throw refuse("decoder-bad-range", describeError(cause), 'Write it like ">=1.28 <1.29"', cause);
  }
  if (!range.has(release)) {
    throw refuse(
      "decoder-bad-range",
      `Cannot make a decoder for ${wanted}: the structs are those of ${goVersion}`,
      "Give a range that holds this version",
    );
  }
  return wanted;
}

function refuse(code: string, message: string, remedy: string, cause?: unknown): NewDecoderError {
  return new NewDecoderError({ code, message, remedy }, cause === undefined ? {} : { cause });
}
