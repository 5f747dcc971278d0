/**
 * The decoders that this installation has, and which of them suits a Go version. Made by App; discovery asks it for
 * every executable, the status API shows it.
 */
import { createHash } from "node:crypto";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import { WIRE_FINGERPRINT } from "../wire/hello.ts";
import { compare, GoRange, parseGoVersion } from "./go_release.ts";
import { harden } from "./harden.ts";
import { type DecoderPack, MANIFEST_SECTION, parseManifest } from "./manifest.ts";
import { customSection, isWasm } from "./wasm_section.ts";

const REBUILD = "Build the decoders anew with deno task build, or reinstall Tsunagi";

/** A file that is no usable decoder. */
export interface DecoderRefusal {
  readonly file: string;
  readonly reason: Reason;
}

interface Entry {
  readonly pack: DecoderPack;
  readonly range: GoRange;
}

/** Decoders in order of the Go releases they serve; ranges do not overlap. */
export class DecoderRegistry {
  readonly #entries: readonly Entry[];
  readonly refusals: readonly DecoderRefusal[];

  private constructor(entries: readonly Entry[], refusals: readonly DecoderRefusal[]) {
    this.#entries = entries;
    this.refusals = refusals;
  }

  /**
   * Loads every *.wasm of a directory. What cannot be used is refused with a reason, not thrown.
   *
   * @throws {Deno.errors.NotFound} when there is no such directory.
   */
  static async load(directory: URL): Promise<DecoderRegistry> {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isFile || !entry.name.endsWith(".wasm")) continue;
      files.set(entry.name, await Deno.readFile(new URL(entry.name, asDirectory(directory))));
    }
    return DecoderRegistry.of(files);
  }

  /** As `load`, from modules by file name. */
  static of(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): DecoderRegistry {
    const entries: Entry[] = [];
    const refusals: DecoderRefusal[] = [];
    for (const file of [...files.keys()].sort()) {
      const entry = examine(file, files.get(file)!, entries);
      if ("code" in entry) refusals.push({ file, reason: entry });
      else entries.push(entry);
    }
    entries.sort((a, b) => compare(a.range.from, b.range.from));
    return new DecoderRegistry(entries, refusals);
  }

  get packs(): readonly DecoderPack[] {
    return this.#entries.map(({ pack }) => pack);
  }

  /** The decoder for an executable's Go version ("go1.26.8"), or why there is none. */
  select(goVersion: string): DecoderPack | Reason {
    const release = parseGoVersion(goVersion);
    if (!release) {
      return {
        code: "no-decoder-for-unknown-go",
        message: `Cannot tell which Go release "${goVersion}" is`,
        remedy: "Build the program with a released Go toolchain",
      };
    }
    const entry = this.#entries.find(({ range }) => range.has(release));
    if (entry) return entry.pack;
    return {
      code: `no-decoder-for-go1.${release[0]}`,
      message: `No decoder knows the structs of ${goVersion}`,
      remedy: this.#remedy(),
    };
  }

  #remedy(): string {
    const first = this.#entries[0];
    const last = this.#entries.at(-1);
    if (!first || !last) return REBUILD;
    return `Use Go 1.${first.range.from[0]} or later before 1.${
      last.range.to[0]
    }, or a release of Tsunagi that knows it`;
  }
}

/** Takes a module for a decoder, or says why not. */
function examine(file: string, bytes: Uint8Array<ArrayBuffer>, known: readonly Entry[]): Entry | Reason {
  const refuse = (code: string, message: string): Reason => ({
    code,
    message: `Cannot use decoder ${file}: ${message}`,
    remedy: REBUILD,
  });
  if (!isWasm(bytes)) return refuse("decoder-not-wasm", "it is no WebAssembly module");
  try {
    const section = customSection(bytes, MANIFEST_SECTION);
    if (!section) return refuse("decoder-without-manifest", `it has no section ${MANIFEST_SECTION}`);
    const manifest = parseManifest(section);
    if (manifest.abi !== ABI_VERSION) {
      return refuse("decoder-abi-mismatch", `it has ABI ${manifest.abi}, the service has ${ABI_VERSION}`);
    }
    if (manifest.wireFingerprint !== WIRE_FINGERPRINT) {
      return refuse(
        "decoder-wire-mismatch",
        `it reads wire ${manifest.wireFingerprint}, the service has ${WIRE_FINGERPRINT}`,
      );
    }
    const range = new GoRange(manifest.goRange);
    const other = known.find((entry) => entry.range.overlaps(range));
    if (other) {
      return refuse(
        "decoder-ambiguous",
        `${other.pack.manifest.name} serves some of ${manifest.goRange} too`,
      );
    }
    const digest = createHash("sha256").update(bytes).digest("hex");
    return { pack: { manifest, bytes, code: harden(bytes), digest }, range };
  } catch (error) {
    return refuse("decoder-bad-manifest", describeError(error));
  }
}

function asDirectory(url: URL): URL {
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}
