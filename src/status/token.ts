/**
 * The token that the API asks for before it changes anything: where it comes from, and how a request's is compared.
 * Used by Agent (loading) and the decoder routes (comparing).
 */
import { ConfigError } from "../config/config_error.ts";
import { readFailure } from "../config/inputs.ts";
import type { Logger } from "../support/log.ts";

/** The variable that may hold the token. */
export const TOKEN_VARIABLE = "TSUNAGI_API_TOKEN";

export interface ApiTokenOptions {
  readonly getEnv: (name: string) => string | undefined;
  /** The configuration's token_file. */
  readonly tokenFile: string | null;
  /** Where a token goes that is made here, for those who can read it. */
  readonly generatedFile: string;
  readonly log: Logger;
}

/** Visible ASCII, so that it fits into a header (RFC 6750 allows less). */
const TOKEN = /^[\x21-\x7e]{1,1024}$/;
const GENERATED = /^[0-9a-f]{64}$/;
const OWNER_ONLY = 0o600;

/**
 * The token: the variable, else the file, else a random one in `generatedFile`, which a restart uses again.
 *
 * @throws {ConfigError} when the variable or the file holds none. The message never quotes it.
 */
export async function loadApiToken(options: ApiTokenOptions): Promise<string> {
  const { getEnv, tokenFile, generatedFile, log } = options;
  const fromEnv = getEnv(TOKEN_VARIABLE)?.trim();
  if (fromEnv) return checked(fromEnv, `environment variable ${TOKEN_VARIABLE}`);
  if (tokenFile === null) return await generatedToken(generatedFile, log);
  const source = `file ${tokenFile} (token_file)`;
  let content: string;
  try {
    content = await Deno.readTextFile(tokenFile);
  } catch (cause) {
    throw new ConfigError(source, readFailure(cause), { cause });
  }
  return checked(content.trim(), source);
}

/** Whether two tokens are equal, in a time that does not tell how much of them is. */
export async function sameToken(given: string, wanted: string): Promise<boolean> {
  const digest = async (text: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const [left, right] = [await digest(given), await digest(wanted)];
  let difference = 0;
  for (const [index, byte] of left.entries()) difference |= byte ^ right[index]!;
  return difference === 0;
}

function checked(token: string, source: string): string {
  if (TOKEN.test(token)) return token;
  throw new ConfigError(source, "a token must be 1 to 1024 visible ASCII characters");
}

async function generatedToken(path: string, log: Logger): Promise<string> {
  const present = await readOwnToken(path);
  if (present !== null) return present;
  const token = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const unfinished = `${path}.${crypto.randomUUID()}`;
  try {
    // Renamed into place, so that nobody who opened a former file reads this one.
    await Deno.writeTextFile(unfinished, `${token}\n`, { createNew: true, mode: OWNER_ONLY });
    await Deno.rename(unfinished, path);
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {});
    log.warn("cannot keep the API token, so nobody can push decoders; set TSUNAGI_API_TOKEN", {
      path,
      error,
    });
  }
  return token;
}

/** A token that was made here before, unless others could read or replace it. */
async function readOwnToken(path: string): Promise<string | null> {
  try {
    const { isFile, mode } = await Deno.lstat(path);
    if (!isFile || mode === null || (mode & 0o777) !== OWNER_ONLY) return null;
    const token = (await Deno.readTextFile(path)).trim();
    return GENERATED.test(token) ? token : null;
  } catch {
    return null;
  }
}
