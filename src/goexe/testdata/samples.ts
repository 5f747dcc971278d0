/**
 * Builds the sample program with the installed Go, each variant once per test file, and reads executables from
 * memory. Used by the tests of goexe.
 */
import type { ByteSource, ProbeSite } from "../types.ts";

const SAMPLE = new URL("./sample/", import.meta.url);

/** How to build: arguments of `go build` and additions to the environment. */
export interface Variant {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The executables of one test file; disposing removes them. */
export class Samples implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "tsunagi-goexe-" });
  readonly #built = new Map<string, Promise<string>>();

  /** Path of the sample built that way. */
  path(variant: Variant = {}): Promise<string> {
    const key = JSON.stringify(variant);
    let path = this.#built.get(key);
    if (path === undefined) {
      path = this.#build(variant, `${this.#folder}/sample-${this.#built.size}`);
      this.#built.set(key, path);
    }
    return path;
  }

  /** Its bytes. */
  async bytes(variant: Variant = {}): Promise<Uint8Array<ArrayBuffer>> {
    return await Deno.readFile(await this.path(variant));
  }

  async #build({ args = [], env = {} }: Variant, output: string): Promise<string> {
    await run("go", ["build", "-trimpath", "-o", output, ...args, "."], {
      cwd: SAMPLE,
      env: { CGO_ENABLED: "0", GOFLAGS: "", GOTOOLCHAIN: "local", ...env },
    });
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#built.values());
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Standard output of a command that must succeed. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: URL; env?: Record<string, string> } = {},
): Promise<string> {
  const output = await new Deno.Command(command, { args: [...args], ...options }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    throw new Error(`Cannot run ${command} ${args.join(" ")}: ${decoder.decode(output.stderr)}`);
  }
  return decoder.decode(output.stdout);
}

/** An executable in memory that counts what is read of it. */
export class MemorySource implements ByteSource {
  reads = 0;
  bytesRead = 0;

  constructor(readonly data: Uint8Array) {}

  get size(): number {
    return this.data.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const piece = this.data.slice(offset, offset + length);
    this.reads += 1;
    this.bytesRead += piece.length;
    return Promise.resolve(piece);
  }
}

/** A copy of `data` in which the only occurrence of `from` is replaced by `to`, of the same length. */
export function replaceOnce(data: Uint8Array, from: string, to: string): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(data);
  const places = occurrences(data, new TextEncoder().encode(from));
  if (places.length !== 1 || from.length !== to.length) {
    throw new Error(`Cannot replace "${from}": found ${places.length} times, must be found once`);
  }
  copy.set(new TextEncoder().encode(to), places[0]);
  return copy;
}

/** Where `wanted` is in `data`. */
export function occurrences(data: Uint8Array, wanted: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = data.indexOf(wanted[0] ?? 0); at >= 0; at = data.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, i) => data[at + i] === byte)) {
      places.push(at);
    }
  }
  return places;
}

/** A copy without section headers, as `sstrip` leaves it. */
export function withoutSections(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(data);
  copy.fill(0, 40, 48); // e_shoff
  copy.fill(0, 58, 64); // e_shentsize, e_shnum, e_shstrndx
  return copy;
}

/** Sites as short text, equal ones counted: "5 push emulated". */
export function siteSummary(sites: readonly ProbeSite[]): string[] {
  const counts = new Map<string, number>();
  for (const { probe, flags, instruction, price } of sites) {
    const key = `${probe}/${flags} ${instruction} ${price}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${count} x ${key}`);
}

/** Where the segment of `elfWith` is. */
export const ELF_ADDRESS = 0x40_0000;

/** An ELF file with one writable segment that is the whole file, and the given bytes at 0x100. */
export function elfWith(content: Uint8Array, options: { is64: boolean } = { is64: true }): Uint8Array {
  const data = new Uint8Array(0x100 + content.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, 0x464c_457f, true);
  data.set([options.is64 ? 2 : 1, 1, 1], 4);
  view.setUint16(16, 2, true); // ET_EXEC
  if (options.is64) {
    view.setUint16(18, 62, true); // x86-64
    view.setBigUint64(32, 64n, true); // e_phoff
    view.setUint16(54, 56, true);
    view.setUint16(56, 1, true);
    view.setUint32(64, 1, true); // PT_LOAD
    view.setUint32(68, 6, true); // readable and writable
    view.setBigUint64(80, BigInt(ELF_ADDRESS), true);
    view.setBigUint64(96, BigInt(data.length), true);
  } else {
    view.setUint16(18, 3, true); // 386
    view.setUint32(28, 52, true); // e_phoff
    view.setUint16(42, 32, true);
    view.setUint16(44, 1, true);
    view.setUint32(52, 1, true); // PT_LOAD
    view.setUint32(60, ELF_ADDRESS, true);
    view.setUint32(68, data.length, true);
    view.setUint32(76, 6, true); // readable and writable
  }
  data.set(content, 0x100);
  return data;
}
