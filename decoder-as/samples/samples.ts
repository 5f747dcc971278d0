/**
 * Requests and calls of which it is known what span they must give: captured from a SampleHeap by a decoder's own
 * plans. Golden vectors are made of them, and the gate tries every decoder with them.
 */
import * as wire from "../../bpf/wire.gen.ts";
import type { DecoderManifest, Plan } from "../../src/decoder/manifest.ts";
import { capture, type Head, lost, PID, record, SPAN_ID, TRACE_ID } from "./plan_runner.ts";
import {
  type FieldOffsets,
  type SampleClientResponse,
  SampleHeap,
  type SampleRequest,
  type SampleResponse,
  type SampleUrl,
} from "./sample_heap.ts";

/** SpanKind of trace.proto. */
export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;

/** What the span of a sample says; "" where there is nothing. */
export interface SampleSpan {
  readonly pid: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Without the clock's offset. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly isError: boolean;
  readonly flags: number;
}

export interface Sample {
  readonly name: string;
  /** Whole records, one behind the other. */
  readonly records: Uint8Array;
  readonly spans: readonly SampleSpan[];
  /** Texts are longer than the plans of this project copy; what is left of them is up to the plans. */
  readonly isCut?: boolean;
}

/** What a decoder knows of a Go program. */
interface SampleSource {
  readonly fields: FieldOffsets;
  readonly plans: readonly Plan[];
}

const START_NS = 1_000_000_000n;
const END_NS = 1_500_000_000n;
const PARENT_ID = "00f067aa0ba902b7";
const AF_INET = 2;
const AF_INET6 = 10;

/** Samples for all probes that the decoder has plans for, those of libraries too. */
export function samplesOf(
  { structs, plans, libraries }: Pick<DecoderManifest, "structs" | "plans" | "libraries">,
): Sample[] {
  const own = { fields: structs.fields, plans };
  return [
    ...samplesOfGo(own),
    ...libraries.flatMap((library) => {
      if (!hasPlans(plans, wire.PROBE_SERVER_START)) return [];
      if (!hasPlans(library.plans, wire.PROBE_SERVER_END_X_NET)) return [];
      const probes = new Set(library.plans.map(({ probe }) => probe));
      const source = {
        fields: { ...structs.fields, ...library.fields },
        plans: [...plans.filter(({ probe }) => !probes.has(probe)), ...library.plans],
      };
      return [
        serverHttp2(source, `server of ${library.module} ${library.range}`, wire.PROBE_SERVER_END_X_NET),
      ];
    }),
  ];
}

function samplesOfGo(source: SampleSource): Sample[] {
  const samples: Sample[] = [];
  const has = (...probes: number[]) => hasPlans(source.plans, ...probes);
  if (has(wire.PROBE_SERVER_START)) samples.push(serverUnseen(source));
  if (has(wire.PROBE_SERVER_START, wire.PROBE_SERVER_END)) {
    samples.push(serverRequest(source), serverDefaults(source), serverFailure(source));
    samples.push(serverLongTexts(source), lostSpans(source));
  }
  if (has(wire.PROBE_SERVER_START, wire.PROBE_SERVER_ABORT)) {
    samples.push(serverPanic(source), serverHijack(source));
  }
  if (has(wire.PROBE_SERVER_START, wire.PROBE_SERVER_END_H2)) {
    samples.push(serverHttp2(source, "server HTTP/2", wire.PROBE_SERVER_END_H2));
  }
  if (has(wire.PROBE_CLIENT_START, wire.PROBE_CLIENT_END)) {
    samples.push(clientCall(source), clientFailure(source), clientError(source), clientEscapes(source));
  }
  return samples;
}

function hasPlans(plans: readonly Plan[], ...probes: readonly number[]): boolean {
  return probes.every((wanted) => plans.some(({ probe }) => probe === wanted));
}

/** An end that the kernel had no plan for. */
function serverUnseen(source: SampleSource): Sample {
  const probe = wire.PROBE_SERVER_END_X_NET;
  const plans = [...source.plans.filter((plan) => plan.probe !== probe), { probe, ops: [] }];
  return server({ ...source, plans }, "server unseen end", {
    request: { target: "/a", major: 2 },
    response: {},
    end: { outcome: wire.OUTCOME_UNSEEN },
    probe,
    span: {
      name: "GET",
      attributes: {
        "http.request.method": "GET",
        "url.path": "/a",
        "url.scheme": "http",
        "network.protocol.version": "2",
      },
    },
  });
}

function serverRequest(source: SampleSource): Sample {
  return server(source, "server request", {
    request: {
      method: "POST",
      target: "/items/42?page=3&sig=secret",
      host: "shop.example.com:8080",
      remote: "10.1.2.3:54321",
      pattern: "POST shop.example.com/items/{id}",
      contentLength: 12,
    },
    response: { status: 201, written: 777 },
    start: { parentId: PARENT_ID, parent: wire.PARENT_REMOTE, tracestate: "vendor=1,other=ä" },
    span: {
      name: hasRoute(source.fields) ? "POST /items/{id}" : "POST",
      traceState: "vendor=1,other=ä",
      parentSpanId: PARENT_ID,
      flags: 0x301,
      attributes: {
        "http.request.method": "POST",
        "url.path": "/items/42",
        "url.query": "page=3&sig=REDACTED",
        "url.scheme": "http",
        ...route(source.fields, "/items/{id}"),
        "http.response.status_code": 201,
        "server.address": "shop.example.com",
        "server.port": 8080,
        "client.address": "10.1.2.3",
        "network.peer.address": "10.1.2.3",
        "network.peer.port": 54321,
        "network.protocol.version": "1.1",
        "http.request.body.size": 12,
        "http.response.body.size": 777,
      },
    },
  });
}

/** A handler that set nothing, asked by a peer that says nothing. */
function serverDefaults(source: SampleSource): Sample {
  return server(source, "server defaults", {
    request: { method: "PURGE", target: "*", minor: 0, tls: true, contentLength: -1 },
    response: {},
    start: { traceFlags: 0 },
    span: {
      name: "HTTP",
      flags: 0x100,
      attributes: {
        "http.request.method": "_OTHER",
        "http.request.method_original": "PURGE",
        "url.path": "*",
        "url.scheme": "https",
        "http.response.status_code": 200,
        "network.protocol.version": "1.0",
        "http.response.body.size": 0,
      },
    },
  });
}

function serverFailure(source: SampleSource): Sample {
  return server(source, "server failure", {
    request: { target: "http://other.example?a=b" },
    response: { status: 503, written: 5_000_000_000 },
    span: {
      name: "GET",
      isError: true,
      attributes: {
        "http.request.method": "GET",
        "url.path": "/",
        "url.query": "a=b",
        "url.scheme": "http",
        "http.response.status_code": 503,
        "network.protocol.version": "1.1",
        "http.response.body.size": 5_000_000_000,
        "error.type": "503",
      },
    },
  });
}

function serverLongTexts(source: SampleSource): Sample {
  const path = `/${"x".repeat(510)}`;
  const long = "h".repeat(200);
  return server(source, "server long texts", {
    isCut: true,
    request: { target: `${path}ä/more`, host: long, remote: `[${"1:".repeat(50)}]:1`, pattern: `/${long}` },
    response: { status: 200, written: 1 },
    span: {
      name: hasRoute(source.fields) ? `GET /${long.slice(0, 127)}` : "GET",
      attributes: {
        "http.request.method": "GET",
        "url.path": path,
        "url.scheme": "http",
        ...route(source.fields, `/${long.slice(0, 127)}`),
        "http.response.status_code": 200,
        "server.address": long.slice(0, 128),
        "network.protocol.version": "1.1",
        "http.response.body.size": 1,
      },
    },
  });
}

function serverPanic(source: SampleSource): Sample {
  return server(source, "server panic", {
    request: {},
    response: {},
    end: { outcome: wire.OUTCOME_PANIC },
    probe: wire.PROBE_SERVER_ABORT,
    span: {
      name: "GET",
      isError: true,
      attributes: {
        "http.request.method": "GET",
        "url.path": "/",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "error.type": "panic",
      },
    },
  });
}

function serverHijack(source: SampleSource): Sample {
  return server(source, "server hijack", {
    request: { target: "/ws" },
    response: { status: 101 },
    end: { outcome: wire.OUTCOME_HIJACKED },
    probe: wire.PROBE_SERVER_ABORT,
    span: {
      name: "GET",
      attributes: {
        "http.request.method": "GET",
        "url.path": "/ws",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
      },
    },
  });
}

function serverHttp2(source: SampleSource, name: string, probe: number): Sample {
  const { fields } = source;
  const request = `${prefixOf(probe)}responseWriterState.req`;
  const told = (fields[request] ?? null) !== null && hasRoute(fields);
  return server(source, name, {
    request: { method: "PUT", target: "/a", major: 2, tls: true, pattern: "PUT /{x}" },
    response: { status: 404, written: 5 },
    probe,
    span: {
      name: told ? "PUT /{x}" : "PUT",
      attributes: {
        "http.request.method": "PUT",
        "url.path": "/a",
        "url.scheme": "https",
        ...told ? { "http.route": "/{x}" } : {},
        "http.response.status_code": 404,
        "network.protocol.version": "2",
        "http.response.body.size": 5,
      },
    },
  });
}

/** An end without start, a span that is lost and one that stays in flight: no spans. */
function lostSpans(source: SampleSource): Sample {
  const heap = new SampleHeap(source.fields);
  const request = heap.serverRequest({});
  const start = (spanId: string) =>
    capture(source.plans, wire.PROBE_SERVER_START, heap, request, { spanId, timeNs: START_NS });
  const end = capture(source.plans, wire.PROBE_SERVER_END, heap, heap.response(request, {}), {
    spanId: "00000000000000a0",
  });
  return {
    name: "lost spans",
    records: joined([
      end,
      start("00000000000000a1"),
      lost(wire.LOST_END_RING_FULL, { spanId: "00000000000000a1" }),
      start("00000000000000a2"),
      start("00000000000000a2"),
      record(wire.KIND_SPAN_END, wire.SIZEOF_HEADER),
    ]),
    spans: [],
  };
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

type Difference = Partial<SampleSpan> & Pick<SampleSpan, "name" | "attributes">;

function server(source: SampleSource, name: string, sample: {
  isCut?: boolean;
  request: SampleRequest;
  response: SampleResponse;
  start?: Head;
  end?: Head;
  probe?: number;
  span: Difference;
}): Sample {
  const { request, response, start, end, probe = wire.PROBE_SERVER_END, span } = sample;
  const heap = new SampleHeap(source.fields);
  const object = heap.serverRequest(request);
  const isH1 = probe === wire.PROBE_SERVER_END || probe === wire.PROBE_SERVER_ABORT;
  const writer = isH1 ? heap.response(object, response) : heap.h2Writer(object, response, prefixOf(probe));
  return {
    name,
    records: joined([
      capture(source.plans, wire.PROBE_SERVER_START, heap, object, { timeNs: START_NS, ...start }),
      capture(source.plans, probe, heap, writer, { timeNs: END_NS, ...end }),
    ]),
    spans: [spanOf(KIND_SERVER, span)],
    isCut: sample.isCut ?? false,
  };
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
    records: joined([
      capture(source.plans, wire.PROBE_CLIENT_START, heap, request, { timeNs: START_NS, ...start }),
      capture(source.plans, wire.PROBE_CLIENT_END, heap, answer, { timeNs: END_NS, outcome, ...end }),
    ]),
    spans: [spanOf(KIND_CLIENT, span)],
    isCut: sample.isCut ?? false,
  };
}

function spanOf(kind: number, difference: Difference): SampleSpan {
  return {
    pid: PID,
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceState: "",
    parentSpanId: "",
    kind,
    startNs: START_NS,
    endNs: END_NS,
    isError: false,
    flags: 0x101,
    ...difference,
  };
}

/** What the names of net/http's own HTTP/2 structs begin with. */
function prefixOf(probe: number): "h2" | "" {
  return probe === wire.PROBE_SERVER_END_X_NET ? "" : "h2";
}

/** Whether a Request of that Go tells its pattern. */
function hasRoute(fields: FieldOffsets): boolean {
  return (fields["Request.Pattern"] ?? fields["Request.pat"] ?? null) !== null;
}

function route(fields: FieldOffsets, path: string): Record<string, string> {
  return hasRoute(fields) ? { "http.route": path } : {};
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
