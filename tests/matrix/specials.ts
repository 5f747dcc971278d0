/** Requests that go one at a time: a call that Go's client tries again, and HTTP/1.0 with and without a Host. */
import assert from "node:assert/strict";
import { freshContext, LoadGenerator, type LoadResult, traceparentOf } from "../support/load.ts";
import type { ReceivedSpan } from "../support/span.ts";
import type { Bench } from "./cell.ts";
import { checkSampled } from "./check.ts";
import { echoOf, expectedBack, expectedCall, expectedFront, hasRoutes } from "./expect.ts";
import type { MatrixRequest } from "./requests.ts";
import type { Tally } from "./tally.ts";

/** How many there were, and why some were not right. */
export interface SpecialResults {
  readonly total: number;
  readonly reasons: readonly string[];
}

type Special = (bench: Bench, tally: Tally) => Promise<void>;

function specialRequest(query: string, spans: number): MatrixRequest {
  const load = { path: `/front?${query}`, context: freshContext() };
  const method = "GET";
  return { kind: "ordinary", method, path: "/front", query, shownQuery: query, bodyBytes: 0, spans, load };
}

async function exchange<T>(
  { agent, sink }: Bench,
  spans: number,
  send: () => Promise<T>,
): Promise<{ answer: T; spans: ReceivedSpan[] }> {
  const { begun } = await agent.accounting();
  sink.take();
  const answer = await send();
  await agent.atRest(begun + spans);
  return { answer, spans: sink.take() };
}

/** Back closes the connection of the first attempt: the call has two server spans below it. */
async function triedAgain(bench: Bench, tally: Tally): Promise<void> {
  const { services } = bench;
  using load = new LoadGenerator(`http://${services.front.host}`, 1);
  // Go's client tries again only what failed on a connection that was used before.
  const first = specialRequest("n=90000", 3);
  const warm = await exchange(bench, 3, () => load.send<unknown>(first.load));
  checkSampled({ request: first, result: warm.answer, spans: warm.spans }, services, tally);

  const request = specialRequest("n=90001&fail=1", 4);
  const { answer: result, spans } = await exchange(bench, 4, () => load.send<unknown>(request.load));
  assert.equal(result.status, 200);
  assert.equal(echoOf(result)?.attempt, 2);
  assert.equal(spans.length, 4);
  const { front, back, goVersion } = services;
  const [call] = spans.filter((span) => span.kind === "CLIENT");
  assert.ok(call, "there is no client span");
  tally.checkSpan(call, expectedCall(request, result, services, 2), front, goVersion);
  const attempts = spans.filter((span) => span.kind === "SERVER" && span.parentId === call.spanId);
  const [failed, answered] = attempts.sort((a, b) => Number(a.startNs - b.startNs));
  assert.ok(failed && answered, "two server spans are below the call");
  const unanswered = { ...result, headers: new Headers() };
  tally.checkSpan(failed, expectedBack({ ...request, kind: "panic" }, unanswered, services), back, goVersion);
  tally.checkSpan(answered, expectedBack(request, result, services), back, goVersion);
}

/** HTTP/1.0, which may come without a Host header, or with one that names no port. */
function http10(hostHeader: string | null): Special {
  return async (bench, tally) => {
    const { services } = bench;
    const request = specialRequest(hostHeader === null ? "n=90002" : "n=90003", 3);
    const context = request.load.context!;
    const { answer: result, spans } = await exchange(bench, 3, async (): Promise<LoadResult<unknown>> => {
      const host = services.front;
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: host.port });
      const lines = [`GET ${request.load.path} HTTP/1.0`, `traceparent: ${traceparentOf(context)}`];
      if (hostHeader !== null) lines.push(`Host: ${hostHeader}`);
      await connection.write(new TextEncoder().encode([...lines, "", ""].join("\r\n")));
      const [head = "", body = ""] = (await new Response(connection.readable).text()).split("\r\n\r\n");
      const [statusLine = "", ...fields] = head.split("\r\n");
      const headers = new Headers(fields.map((field): [string, string] => {
        const [name = "", ...value] = field.split(": ");
        return [name, value.join(": ")];
      }));
      const status = Number(statusLine.split(" ")[1]);
      return { request: request.load, status, headers, body: null, bytes: body.length, error: null };
    });
    assert.equal(result.status, 200);
    assert.equal(spans.length, 3);
    const frontServer = spans.find((span) => span.parentId === context.spanId);
    assert.ok(frontServer, "there is no server span of front");
    const expected = expectedFront(request, result, services);
    tally.checkSpan(
      frontServer,
      {
        ...expected,
        name: hasRoutes(services.goVersion) ? "GET /front" : "GET",
        attributes: {
          ...expected.attributes,
          "network.protocol.version": "1.0",
          "server.address": hostHeader ?? undefined,
          "server.port": undefined,
        },
      },
      services.front,
      services.goVersion,
    );
  };
}

const SPECIALS: Readonly<Record<string, Special>> = {
  "tried again": triedAgain,
  "HTTP/1.0 without Host": http10(null),
  "HTTP/1.0 with a Host without port": http10("shop.example"),
};

export async function runSpecials(bench: Bench, tally: Tally): Promise<SpecialResults> {
  const reasons: string[] = [];
  for (const [name, run] of Object.entries(SPECIALS)) {
    try {
      await run(bench, tally);
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message}`);
    }
  }
  return { total: Object.keys(SPECIALS).length, reasons };
}
