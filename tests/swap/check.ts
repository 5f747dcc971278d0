/** Checks every span of the proof by the number in its request's query: three of each, joined, and right in every attribute. */
import assert from "node:assert/strict";
import type { LoadRequest, LoadResult } from "../support/load.ts";
import type { ReceivedSpan } from "../support/span.ts";
import { expectedBack, expectedCall, expectedFront, type Services } from "../matrix/expect.ts";
import type { MatrixRequest } from "../matrix/requests.ts";
import { Tally } from "../matrix/tally.ts";

/** Number of the first slow request. */
export const SLOW_FROM = 1_000_000_000;
const SLOW_MS = 10_000;

/** What was sent, where to. */
export interface Sent {
  readonly sent: number;
  readonly slowSent: number;
  readonly services: Services;
}

/** The spans of one request as far as they have come. */
interface Chain {
  front?: ReceivedSpan;
  call?: ReceivedSpan;
  back?: ReceivedSpan;
}

export function slowPath(n: number): LoadRequest {
  return { path: `/front?n=${n}&sleep=${SLOW_MS}` };
}

function numberOf(span: ReceivedSpan): number {
  const text = String(span.attributes[span.kind === "CLIENT" ? "url.full" : "url.query"]);
  const [, number] = /(?:^|\?)n=(\d+)(?:$|&)/.exec(text) ?? [];
  assert.ok(number, `no number in ${span.kind} span ${JSON.stringify(span.attributes)}`);
  return Number(number);
}

function put(chain: Chain, span: ReceivedSpan, n: number): void {
  const place = span.kind === "CLIENT" ? "call" : span.attributes["url.path"] === "/back" ? "back" : "front";
  assert.equal(chain[place], undefined, `request ${n} has two spans for its ${place}`);
  chain[place] = span;
}

function checkChain(n: number, { front, call, back }: Chain, services: Services, tally: Tally): void {
  assert.ok(front && call && back, `request ${n} lacks a span`);
  const isSlow = n >= SLOW_FROM;
  const { path } = isSlow ? slowPath(n) : { path: `/front?n=${n}` };
  const query = path.slice("/front?".length);
  const request: MatrixRequest = {
    ...{ kind: "ordinary", method: "GET", path: "/front", query, shownQuery: query },
    ...{ bodyBytes: 0, spans: 3, load: { path } },
  };
  const bytes = 10 + n % 90;
  const result: LoadResult<unknown> = {
    ...{ request: request.load, status: 200, headers: new Headers(), body: null, bytes, error: null },
  };
  tally.checkSpan(front, expectedFront(request, result, services), services.front, services.goVersion);
  tally.checkSpan(call, expectedCall(request, result, services), services.front, services.goVersion);
  tally.checkSpan(back, expectedBack(request, result, services), services.back, services.goVersion);
  assert.deepEqual(
    [front.parentId, call.parentId, back.parentId, call.traceId, back.traceId],
    ["", front.spanId, call.spanId, front.traceId, front.traceId],
    `request ${n} is no chain`,
  );
  const tookMs = Number(front.endNs - front.startNs) / 1e6;
  assert.ok(tookMs >= (isSlow ? SLOW_MS : 0), `request ${n} took ${tookMs} ms`);
}

/** @throws {AssertionError} saying how many requests were wrong, and how the first ones were. */
export function checkSpans(spans: Iterable<ReceivedSpan>, { sent, slowSent, services }: Sent): void {
  const chains = new Map<number, Chain>();
  const tally = new Tally();
  const reasons: string[] = [];
  const attempt = (check: () => void) => {
    try {
      check();
    } catch (error) {
      reasons.push((error as Error).message);
    }
  };
  let complete = 0;
  for (const span of spans) {
    attempt(() => {
      const n = numberOf(span);
      assert.ok(n < sent || (n >= SLOW_FROM && n < SLOW_FROM + slowSent), `request ${n} was never sent`);
      const chain = chains.get(n) ?? {};
      chains.set(n, chain);
      put(chain, span, n);
      if (!chain.front || !chain.call || !chain.back) return;
      complete++;
      checkChain(n, chain, services, tally);
      // An empty place would take a span that comes twice; these no longer need their attributes.
      const { front, call, back } = chain;
      Object.assign(chain, { front: bare(front), call: bare(call), back: bare(back) });
    });
  }
  assert.equal(reasons.length, 0, `${reasons.length} wrong: ${reasons.slice(0, 3).join("\n")}`);
  assert.equal(complete, sent + slowSent, "requests with all of their spans");
}

const NOTHING = {};

function bare(span: ReceivedSpan): ReceivedSpan {
  return { ...span, attributes: NOTHING, resource: NOTHING };
}
