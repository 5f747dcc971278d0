/** Finds the token that the agent's API asks for before it changes a decoder. Used by push, rollback and new --push. */
import { describeError } from "../../support/errors.ts";
import { Failure } from "./failure.ts";

/** The variable that holds the token, for the agent as for this command. */
export const TOKEN_VARIABLE = "TSUNAGI_API_TOKEN";

export interface TokenOptions {
  readonly getEnv: (name: string) => string | undefined;
  /** Flag --token-file, as a path that can be opened. */
  readonly tokenFile: string | undefined;
  /** The file into which an agent of this installation writes its own token. */
  readonly agentFile: string;
  /** Of the API; the agent's own file counts for this machine only. */
  readonly url: string;
}

/**
 * First hit wins: variable, flag, the agent's own file.
 *
 * @throws {Failure} when there is none.
 */
export async function findToken(options: TokenOptions): Promise<string> {
  const { getEnv, tokenFile, agentFile, url } = options;
  const fromEnv = getEnv(TOKEN_VARIABLE)?.trim();
  if (fromEnv) return fromEnv;
  if (tokenFile !== undefined) return await readToken(tokenFile, "Name a file that holds the agent's token");
  if (!isLoopback(url)) {
    throw new Failure(`No token for ${url}`, {
      code: "token-missing",
      remedy: `Set ${TOKEN_VARIABLE} or give --token-file: an agent elsewhere has a token of its own`,
    });
  }
  return await readToken(
    agentFile,
    `Start the agent, which writes it, or set ${TOKEN_VARIABLE} or give --token-file`,
  );
}

async function readToken(path: string, remedy: string): Promise<string> {
  let token: string;
  try {
    token = (await Deno.readTextFile(path)).trim();
  } catch (cause) {
    const denied = cause instanceof Deno.errors.PermissionDenied;
    throw new Failure(`Cannot read token file ${path}: ${shorten(cause)}`, {
      code: "token-missing",
      remedy: denied ? "Run this as the user who runs the agent" : remedy,
      cause,
    });
  }
  if (token === "") throw new Failure(`Token file ${path} is empty`, { code: "token-missing", remedy });
  return token;
}

/** Deno repeats the path behind the reason. */
function shorten(error: unknown): string {
  return describeError(error).replace(/: readfile '.*'$/s, "");
}

function isLoopback(url: string): boolean {
  const host = new URL(url).hostname;
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
