/** Talks to the decoder routes of a running agent and turns what goes wrong into a Failure. Used by the commands. */
import { describeError } from "../../support/errors.ts";
import { VERSION } from "../../support/version.ts";
import { Failure } from "./failure.ts";
import { isObject, type JsonObject } from "./json.ts";

export interface AgentApiOptions {
  readonly url: string;
  /** For what changes something. */
  readonly token?: string;
}

/** Time for one answer: a push waits for the gate and for every executable to be switched. */
const TIMEOUT_MS = 60_000;

/** The decoder routes of one agent. Each method throws a Failure that a stranger understands. */
export class AgentApi {
  readonly #options: AgentApiOptions;

  constructor(options: AgentApiOptions) {
    this.#options = options;
  }

  list(): Promise<JsonObject> {
    return this.#ask("GET", "");
  }

  get(name: string): Promise<JsonObject> {
    return this.#ask("GET", `/${encodeURIComponent(name)}`);
  }

  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<JsonObject> {
    return this.#ask("PUT", `/${encodeURIComponent(name)}`, bytes);
  }

  rollback(name: string): Promise<JsonObject> {
    return this.#ask("POST", `/${encodeURIComponent(name)}/rollback`);
  }

  async #ask(method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<JsonObject> {
    const { url, token } = this.#options;
    const headers = new Headers({ "user-agent": `tsunagi-cli/${VERSION}`, accept: "application/json" });
    if (token !== undefined) setToken(headers, token);
    if (body) headers.set("content-type", "application/wasm");
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(`api/v1/decoders${path}`, url.endsWith("/") ? url : `${url}/`), {
        method,
        headers,
        // A token goes to the agent that the user named and nowhere else.
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...body ? { body } : {},
      });
      text = await response.text();
    } catch (cause) {
      throw unreachable(url, cause);
    }
    const answer = parseObject(text);
    if (!response.ok) throw refusal(url, response.status, answer);
    if (answer === null) throw stranger(url, `it answered ${response.status} with something that is no JSON`);
    return answer;
  }
}

function setToken(headers: Headers, token: string): void {
  try {
    headers.set("authorization", `Bearer ${token}`);
  } catch {
    // The platform's message would quote the token.
    throw new Failure("The API token has characters that HTTP does not allow", { code: "token-wrong" });
  }
}

function unreachable(url: string, cause: unknown): Failure {
  const text = describeError(cause);
  if (cause instanceof DOMException && cause.name === "TimeoutError") {
    return new Failure(`The agent at ${url} did not answer within ${TIMEOUT_MS / 1000} s`, {
      remedy: "Look at the agent's log",
      cause,
    });
  }
  if (/refused/i.test(text)) {
    return new Failure(`No agent answers at ${url}: connection refused`, {
      remedy: "Start it with scripts/up, or give its address with --url",
      cause,
    });
  }
  return new Failure(`Cannot talk to an agent at ${url}: ${text}`, {
    remedy: "Check --url, and that it is Tsunagi which listens there",
    cause,
  });
}

/** The agent's own remedy for it is for those who write requests. */
const TOKEN_REMEDY = "Set TSUNAGI_API_TOKEN or give --token-file, with the token of this very agent";
/** What helps where the answer itself does not say. */
const STATUS_REMEDIES: Readonly<Record<number, string>> = {
  404: "See deno task decoder list",
  413: "A decoder is well below 4 MiB: check that the file is one",
};

/** An answer that says no. The body is problem+json with `code` and `remedy` when it is the agent's own. */
function refusal(url: string, status: number, answer: JsonObject | null): Failure {
  if (answer === null) return stranger(url, `it answered ${status}`);
  const member = (name: string) => {
    const value = answer[name];
    return typeof value === "string" && value !== "" ? value : null;
  };
  return new Failure(member("detail") ?? member("title") ?? `The agent answered ${status}`, {
    code: member("code"),
    remedy: status === 401 ? TOKEN_REMEDY : member("remedy") ?? STATUS_REMEDIES[status] ?? null,
  });
}

function stranger(url: string, what: string): Failure {
  return new Failure(`What listens at ${url} is no Tsunagi agent with decoders: ${what}`, {
    remedy: "Check --url, and that the agent is of this release",
  });
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
