/** `deno task decoder list --local`: decoder files, without an agent. Called by main.ts. */
import { relative } from "node:path";
import type { DecoderManifest } from "../../decoder/manifest.ts";
import type { Reason } from "../../support/reason.ts";
import { type CommandContext, projectPath, userPath } from "./context.ts";
import { examineFile } from "./examine.ts";
import { Failure } from "./failure.ts";
import { fileFailure, readDecoderFile } from "./file.ts";
import { decoderFiles } from "./local_files.ts";
import { printRefusals, shortDigest } from "./refusals.ts";
import { alignRows } from "./table.ts";

/** Bundled decoders and those that the agent watches. */
const DIRECTORIES = ["build/decoders", "decoders"];

interface LocalDecoder {
  readonly file: string;
  readonly digest: string;
  readonly manifest: DecoderManifest;
}

interface LocalRefusal {
  readonly file: string;
  readonly reason: Reason;
}

/** @returns the exit status. */
export async function listLocal(
  context: CommandContext,
  options: { directories: readonly string[]; json: boolean },
): Promise<number> {
  const { directories, json } = options;
  const decoders: LocalDecoder[] = [];
  const refused: LocalRefusal[] = [];
  for (const file of await filesOf(context, directories)) {
    const bytes = await readDecoderFile(file).catch((error: unknown) => {
      if (error instanceof Failure && error.code !== null) return asReason(error, error.code);
      throw error;
    });
    if (!(bytes instanceof Uint8Array)) {
      refused.push({ file, reason: bytes });
      continue;
    }
    const { manifest, refused: reason, digest } = await examineFile(bytes);
    if (reason !== null) refused.push({ file, reason });
    else if (manifest !== null) decoders.push({ file, digest, manifest });
  }
  if (json) {
    const shown = decoders.map(({ file, digest, manifest: { name, version, goRange, libraries } }) => ({
      name,
      version,
      goRange,
      libraries: libraries.map(({ module, range }) => `${module} ${range}`),
      digest,
      file,
    }));
    context.print(JSON.stringify({ decoders: shown, refused }, null, 2));
    return 0;
  }
  if (decoders.length === 0) {
    context.print("No decoder found: deno task build makes those that belong to this release");
  } else printTable(context, decoders);
  printRefusals(context, refused.map(({ file, reason }) => ({ what: shorten(file), ...reason })));
  return 0;
}

function printTable(context: CommandContext, decoders: readonly LocalDecoder[]): void {
  const rows = decoders.map(({ file, digest, manifest }) => [
    manifest.name,
    manifest.version,
    manifest.goRange,
    shortDigest(digest),
    shorten(file),
    [...new Set(manifest.libraries.map(({ module }) => module))].join(", ") || "-",
  ]);
  const head = ["NAME", "VERSION", "GO", "DIGEST", "FILE", "LIBRARIES"];
  for (const line of alignRows([head, ...rows])) context.print(line);
}

/** Files of the named directories, or of the usual ones as far as they exist. */
async function filesOf(context: CommandContext, directories: readonly string[]): Promise<string[]> {
  const named = directories.length > 0;
  const paths = named ? directories.map((path) => userPath(context, path)) : DIRECTORIES.map(projectPath);
  const files: string[] = [];
  for (const path of paths) {
    try {
      files.push(...await decoderFiles(path));
    } catch (cause) {
      if (!named && cause instanceof Deno.errors.NotFound) continue;
      throw fileFailure("read", path, cause);
    }
  }
  return files;
}

/** Paths inside of the project are told from there. */
function shorten(path: string): string {
  const short = relative(projectPath("."), path);
  return short.startsWith("..") ? path : short;
}

function asReason({ message, remedy }: Failure, code: string): Reason {
  return { code, message, remedy: remedy ?? "-" };
}
