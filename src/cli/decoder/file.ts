/** Reads a decoder file for the commands: errors name the file, and nothing huge is taken into memory. */
import { MAX_PACK_BYTES } from "../../gate/examine.ts";
import { describeError } from "../../support/errors.ts";
import { Failure } from "./failure.ts";

/** @throws {Failure} */
export async function readDecoderFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw new Failure(`Cannot read ${path}: it is no file`);
    if (size > MAX_PACK_BYTES) {
      throw new Failure(`Cannot use ${path}: size is ${size}, must be at most ${MAX_PACK_BYTES}`, {
        code: "decoder-too-large",
        remedy: "Name a decoder; those that deno task decoder new makes have less than 1 MiB",
      });
    }
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw fileFailure("read", path, cause);
  }
}

/** What the system said about a file, in few words. */
export function fileFailure(doing: "read" | "write", path: string, cause: unknown): Failure {
  if (cause instanceof Deno.errors.NotFound) {
    return new Failure(`Cannot ${doing} ${path}: no such file or directory`, { cause });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new Failure(`Cannot ${doing} ${path}: permission denied`, { cause });
  }
  return new Failure(`Cannot ${doing} ${path}: ${describeError(cause)}`, { cause });
}
