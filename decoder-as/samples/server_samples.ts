/**
 * Samples of requests to a server of net/http, of any version of HTTP and any end: one for each way in which a
 * decoder may go wrong. Called by samples.ts.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { joinBytes } from "../../src/support/bytes.ts";
import { capture, type Head, lost, record } from "./plan_runner.ts";
import {
  type Difference,
  END_NS,
  hasPlans,
  KIND_SERVER,
  PARENT_ID,
  type Sample,
  type SampleSource,
  spanOf,
  START_NS,
} from "./sample.ts";
import { type FieldOffsets, SampleHeap, type SampleRequest, type SampleResponse } from "./sample_heap.ts";

/** Samples for the probes of a server in the standard library that there are plans for. */
export function serverSamples(source: SampleSource): Sample[] {
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
  return samples;
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

/** A request by HTTP/2, whose end is told by `probe`: that of net/http or that of a library. */
export function serverHttp2(source: SampleSource, name: string, probe: number): Sample {
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
    records: joinBytes([
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
    records: joinBytes([
      capture(source.plans, wire.PROBE_SERVER_START, heap, object, { timeNs: START_NS, ...start }),
      capture(source.plans, probe, heap, writer, { timeNs: END_NS, ...end }),
    ]),
    spans: [spanOf(KIND_SERVER, span)],
    isCut: sample.isCut ?? false,
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
