/**
 * The page as the status server hands it out: what `deno task build` put into build/page, read once at the start and
 * compressed once. Made by the composition root.
 */
import { describeError } from "../support/errors.ts";

/** One file, ready to send. */
export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `bytes` compressed, for those who accept gzip. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Strong validator of the uncompressed form, in quotes. */
  readonly etag: string;
}

export interface PageFiles {
  /** The file at the path of a URL ("/" is the page itself), or null. */
  get(path: string): PageFile | null;
}

const FILES: ReadonlyMap<string, readonly [name: string, contentType: string]> = new Map([
  ["/", ["index.html", "text/html; charset=utf-8"]],
  ["/assets/main.js", ["main.js", "text/javascript; charset=utf-8"]],
  ["/assets/theme.js", ["theme.js", "text/javascript; charset=utf-8"]],
  ["/assets/style.css", ["style.css", "text/css; charset=utf-8"]],
  ["/assets/icon.svg", ["icon.svg", "image/svg+xml"]],
]);

/**
 * Reads the page.
 *
 * @param directory where the build put it; a file URL with a slash at its end.
 * @throws {Error} when a file is missing.
 */
export async function loadPage(
  directory: URL = new URL("../../build/page/", import.meta.url),
): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  for (const [path, [name, contentType]] of FILES) {
    const bytes = await read(new URL(name, directory));
    files.set(path, { bytes, gzip: await gzip(bytes), contentType, etag: await etagOf(bytes) });
  }
  return { get: (path) => files.get(path) ?? null };
}

async function read(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    throw new Error(
      `Cannot read ${file.pathname} of the page: ${describeError(cause)}; run deno task build`,
      { cause },
    );
  }
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).bytes();
}

async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `"${digest.subarray(0, 16).toHex()}"`;
}
