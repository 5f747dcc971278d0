/**
 * Samples of calls by a client of net/http, answered and failed: one for each way in which a decoder may go wrong.
 * Called by samples.ts.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { joinBytes } from "../../src/support/bytes.ts";
import { capture, type Head } from "./plan_runner.ts";
import {
  type Difference,
  END_NS,
  hasPlans,
  KIND_CLIENT,
  PARENT_ID,
  type Sample,
  type SampleSource,
  spanOf,
  START_NS,
} from "./sample.ts";
import { type SampleClientResponse, SampleHeap, type SampleUrl } from "./sample_heap.ts";

const AF_INET = 2;
const AF_INET6 = 10;

/** Samples for the probes of a client, if there are plans for them. */
export function clientSamples(source: SampleSource): Sample[] {
  if (!hasPlans(source.plans, wire.PROBE_CLIENT_START, wire.PROBE_CLIENT_END)) return [];
  return [clientCall(source), clientFailure(source), clientError(source), clientEscapes(source)];
}

function clientCall(source: SampleSource): Sample {
  return client(source, "client call", {
    method: "PUT",
    url: {
      user: true,
      host: "stock.internal:8081",
      path: "/a/ä",
      rawPath: "/a/%c3%A4",
      query: "q=1&Signature=x",
    },
    contentLength: 9,
    response: { status: 204, contentLength: 0, major: 2 },
    start: { parentId: PARENT_ID, parent: wire.PARENT_GOROUTINE },
    end: { attempts: 3, peer: { family: AF_INET, address: [10, 0, 200, 1], port: 8081 } },
    span: {
      name: "PUT",
      parentSpanId: PARENT_ID,
      attributes: {
        "http.request.method": "PUT",
        "server.address": "stock.internal",
        "server.port": 8081,
        "url.full": "http://REDACTED:REDACTED@stock.internal:8081/a/%c3%A4?q=1&Signature=REDACTED",
        "http.request.body.size": 9,
        "network.peer.address": "10.0.200.1",
        "network.peer.port": 8081,
        "http.request.resend_count": 2,
        "network.protocol.version": "2",
        "http.response.status_code": 204,
        "http.response.body.size": 0,
      },
    },
  });
}

function clientFailure(source: SampleSource): Sample {
  return client(source, "client failure", {
    method: "",
    url: { scheme: "https", host: "[2001:db8::1]", path: "p" },
    response: { status: 404 },
    end: {
      attempts: 1,
      peer: {
        family: AF_INET6,
        address: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        port: 443,
      },
    },
    span: {
      name: "GET",
      isError: true,
      attributes: {
        "http.request.method": "GET",
        "server.address": "2001:db8::1",
        "server.port": 443,
        "url.full": "https://[2001:db8::1]/p",
        "network.peer.address": "2001:db8::1",
        "network.peer.port": 443,
        "network.protocol.version": "1.1",
        "http.response.status_code": 404,
        "error.type": "404",
      },
    },
  });
}

function clientError(source: SampleSource): Sample {
  return client(source, "client error", {
    method: "GET",
    url: { host: "down.internal", opaque: "//me:secret@down.internal/x", forceQuery: true },
    response: null,
    span: {
      name: "GET",
      isError: true,
      attributes: {
        "http.request.method": "GET",
        "server.address": "down.internal",
        "server.port": 80,
        "url.full": "http://REDACTED:REDACTED@down.internal/x?",
        "error.type": "_OTHER",
      },
    },
  });
}

function clientEscapes(source: SampleSource): Sample {
  const path = `/ä b${"p".repeat(400)}`;
  return client(source, "client escapes", {
    isCut: true,
    method: "GET",
    url: { host: "h", path },
    response: { status: 302, contentLength: 70_000 },
    span: {
      name: "GET",
      attributes: {
        "http.request.method": "GET",
        "server.address": "h",
        "server.port": 80,
        "url.full": `http://h/%C3%A4%20b${"p".repeat(352 - "/ä b".length - 1)}`,
        "network.protocol.version": "1.1",
        "http.response.status_code": 302,
        "http.response.body.size": 70_000,
      },
    },
  });
}

function client(source: SampleSource, name: string, sample: {
  isCut?: boolean;
  method: string;
  url: SampleUrl;
  contentLength?: number;
  response: SampleClientResponse | null;
  start?: Head;
  end?: Head;
  span: Difference;
}): Sample {
  const { method, url, contentLength, response, start, end, span } = sample;
  const heap = new SampleHeap(source.fields);
  const request = heap.clientRequest(method, url, contentLength);
  const answer = response ? heap.clientResponse(response) : 0n;
  const outcome = response ? wire.OUTCOME_OK : wire.OUTCOME_ERROR;
  return {
    name,
    records: joinBytes([
      capture(source.plans, wire.PROBE_CLIENT_START, heap, request, { timeNs: START_NS, ...start }),
      capture(source.plans, wire.PROBE_CLIENT_END, heap, answer, { timeNs: END_NS, outcome, ...end }),
    ]),
    spans: [spanOf(KIND_CLIENT, span)],
    isCut: sample.isCut ?? false,
  };
}
