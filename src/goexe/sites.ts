/**
 * Chooses the instructions to probe in an executable. Two groups, HTTP server and HTTP client, are each probed whole
 * or not at all; the goroutine probe belongs to both. Called by inspect.ts.
 */
import {
  PROBE_CLIENT_ARM,
  PROBE_CLIENT_END,
  PROBE_CLIENT_START,
  PROBE_GOROUTINE,
  PROBE_SERVER_ABORT,
  PROBE_SERVER_ABORT_H2,
  PROBE_SERVER_ABORT_X_NET,
  PROBE_SERVER_END,
  PROBE_SERVER_END_H2,
  PROBE_SERVER_END_X_NET,
  PROBE_SERVER_START,
  SITE_FINAL,
} from "../../bpf/wire.gen.ts";
import { chooseClientEnds } from "./client_end.ts";
import { type Choice, choose, decodeAll, type FunctionCode } from "./code.ts";
import { chooseEntry } from "./prologue.ts";
import { noHttp, siteUnsafe, symbolInlined, symbolMissing } from "./refusal.ts";
import {
  CAS_STATUS,
  CLIENT_ATTEMPT,
  CLIENT_PUBLIC,
  CLIENT_START,
  NEW_GOROUTINE,
  RECOVER,
  SERVER_ABORT,
  SERVER_ABORT_H2,
  SERVER_ABORT_X_NET,
  SERVER_END,
  SERVER_END_H2,
  SERVER_END_X_NET,
  SERVER_SERVE,
  SERVER_START,
} from "./symbols.ts";
import type { ProbeSite } from "./types.ts";

/** Access to the functions of one executable. */
export interface Functions {
  /** Whether a function of that name is linked in. */
  has(name: string): boolean;
  /** Its address, as linked; 0 when it is not linked in. */
  address(name: string): number;
  /** Its code. */
  load(name: string): Promise<FunctionCode>;
}

/**
 * All sites, by probe.
 *
 * @throws {Refusal} when the program speaks no HTTP, or when a group cannot be probed whole.
 */
export async function chooseSites(functions: Functions): Promise<ProbeSite[]> {
  const server = functions.has(SERVER_SERVE);
  const client = functions.has(CLIENT_START);
  if (!server && !client) {
    throw noHttp();
  }
  return [
    ...(server ? await serverSites(functions) : []),
    ...(client ? await clientSites(functions) : []),
    ...await goroutineSites(functions),
  ];
}

async function serverSites(functions: Functions): Promise<ProbeSite[]> {
  const start = await required(functions, SERVER_START);
  const end = await required(functions, SERVER_END);
  const abort = await required(functions, SERVER_ABORT);
  await mustCall(functions, SERVER_SERVE, SERVER_START);
  await mustCall(functions, SERVER_SERVE, SERVER_END);
  if (!calls(abort, functions.address(RECOVER))) {
    throw siteUnsafe(SERVER_ABORT, `it does not call ${RECOVER}, so it is not the deferred closure`);
  }
  const sites = [
    site(PROBE_SERVER_START, start, chooseEntry(start)),
    site(PROBE_SERVER_END, end, chooseEntry(end)),
    site(PROBE_SERVER_ABORT, abort, chooseEntry(abort)),
  ];
  return [
    ...sites,
    ...await serverSitesH2(functions, {
      end: { probe: PROBE_SERVER_END_H2, names: SERVER_END_H2 },
      abort: { probe: PROBE_SERVER_ABORT_H2, names: SERVER_ABORT_H2 },
    }),
    ...await serverSitesH2(functions, {
      end: { probe: PROBE_SERVER_END_X_NET, names: [SERVER_END_X_NET] },
      abort: { probe: PROBE_SERVER_ABORT_X_NET, names: [SERVER_ABORT_X_NET] },
    }),
  ];
}

/** A probe and the function that it sits on, by the names that it has had. */
interface NamedProbe {
  readonly probe: number;
  readonly names: readonly string[];
}

/**
 * HTTP/2, where it is linked in. The deferred closure of runHandler ends every request: it calls handlerDone, or, only
 * after a panic, recover. So the abort is the call of recover.
 */
async function serverSitesH2(
  functions: Functions,
  probes: { readonly end: NamedProbe; readonly abort: NamedProbe },
): Promise<ProbeSite[]> {
  const endName = probes.end.names.find((name) => functions.has(name));
  const abortName = probes.abort.names.find((name) => functions.has(name));
  if (endName === undefined && abortName === undefined) {
    return [];
  }
  const end = await required(functions, endName ?? probes.end.names.join(" or "));
  const abort = await required(functions, abortName ?? probes.abort.names.join(" or "));
  await mustCall(functions, abort.name, end.name);
  const target = functions.address(RECOVER) - abort.address;
  const recovers = decodeAll(abort).filter((instruction) =>
    instruction.kind === "call" && instruction.target === target
  );
  const [recover] = recovers;
  if (recover === undefined || recovers.length > 1) {
    throw siteUnsafe(abort.name, `it calls ${RECOVER} ${recovers.length} times, must be once`);
  }
  return [
    site(probes.end.probe, end, chooseEntry(end)),
    site(probes.abort.probe, abort, choose(abort, recover)),
  ];
}

async function clientSites(functions: Functions): Promise<ProbeSite[]> {
  const start = await required(functions, CLIENT_START);
  const attempt = await required(functions, CLIENT_ATTEMPT);
  if (functions.has(CLIENT_PUBLIC)) {
    await mustCall(functions, CLIENT_PUBLIC, CLIENT_START);
  }
  await mustCall(functions, CLIENT_START, CLIENT_ATTEMPT);
  const ends = chooseClientEnds(start, attempt.address);
  if (ends.returns.length === 0) {
    throw siteUnsafe(CLIENT_START, "it has no return");
  }
  return [
    site(PROBE_CLIENT_START, start, chooseEntry(start)),
    site(PROBE_CLIENT_ARM, attempt, chooseEntry(attempt)),
    ...ends.jumps.map((choice) => site(PROBE_CLIENT_END, start, choice)),
    ...ends.returns.map((choice) => site(PROBE_CLIENT_END, start, choice, SITE_FINAL)),
  ];
}

/** Every status change in newproc1; the probe program tells a newborn goroutine by the old status. */
async function goroutineSites(functions: Functions): Promise<ProbeSite[]> {
  const fn = await required(functions, NEW_GOROUTINE);
  const target = functions.address(CAS_STATUS) - fn.address;
  const found = decodeAll(fn).filter((instruction) =>
    instruction.kind === "call" && instruction.target === target
  );
  if (found.length === 0) {
    throw functions.has(CAS_STATUS) ? symbolInlined(CAS_STATUS, NEW_GOROUTINE) : symbolMissing(CAS_STATUS);
  }
  return found.map((instruction) => site(PROBE_GOROUTINE, fn, choose(fn, instruction)));
}

async function required(functions: Functions, name: string): Promise<FunctionCode> {
  if (!functions.has(name)) {
    throw symbolMissing(name);
  }
  return await functions.load(name);
}

/** A probe on a function whose caller holds a copy of its body would never be hit. */
async function mustCall(functions: Functions, caller: string, callee: string): Promise<void> {
  if (!calls(await required(functions, caller), functions.address(callee))) {
    throw symbolInlined(callee, caller);
  }
}

function calls(fn: FunctionCode, callee: number): boolean {
  const target = callee - fn.address;
  return callee !== 0 &&
    decodeAll(fn).some(({ kind, target: to }) => (kind === "call" || kind === "jmp") && to === target);
}

function site(probe: number, fn: FunctionCode, choice: Choice, flags = 0): ProbeSite {
  return {
    probe,
    flags,
    symbol: fn.name,
    fileOffset: fn.fileOffset + choice.at,
    address: fn.address + choice.at,
    instruction: choice.instruction,
    price: choice.price,
  };
}
