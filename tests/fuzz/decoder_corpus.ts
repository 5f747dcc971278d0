/**
 * Whole records of one decoder to mutate: the samples that its goldens are made of, and texts of random bytes, all
 * captured by its own plans.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { capture, type Head, lost, record } from "../../decoder-as/samples/plan_runner.ts";
import {
  type SampleClientResponse,
  SampleHeap,
  type SampleUrl,
} from "../../decoder-as/samples/sample_heap.ts";
import { samplesOf } from "../../decoder-as/samples/samples.ts";
import type { DecoderManifest } from "../../src/decoder/manifest.ts";
import type { Random } from "./random.ts";

/** Records by the class of span that they belong to; classes meet only by mutation. */
export interface Corpus {
  readonly starts: readonly (readonly Uint8Array[])[];
  readonly ends: readonly (readonly Uint8Array[])[];
  readonly others: readonly Uint8Array[];
}

const MANY = "a=1&sig=x&Signature=y&AWSAccessKeyId=z&X-Goog-Signature=w&&=&sig=";
/** Beginnings and ends of what is taken apart. */
const EDGES = [
  "[::1",
  "[",
  "]",
  ":",
  "h:",
  "[]:",
  "[::1]x",
  "[fe80::1%25en0]:70000",
  "a:b:c",
  "h:123456",
  "h:65536",
  "",
];
const TARGETS = [
  "",
  "?",
  "/?",
  "*?",
  "http:",
  "http:/",
  "http://",
  "http://?",
  "a://b/?=&sig",
  "/?sig=",
  "/&sig=x?sig",
];
const NOISY_SAMPLES = 12;
const CLASSES = 3;

/** Server over HTTP/1, server over HTTP/2, client: by what ends them. */
function classOf(endProbe: number): number {
  if (endProbe === wire.PROBE_CLIENT_END) return 2;
  return endProbe === wire.PROBE_SERVER_END || endProbe === wire.PROBE_SERVER_ABORT ? 0 : 1;
}

/** Makes the corpus; `random` fills texts with noise. */
export function makeCorpus(manifest: DecoderManifest, random: Random): Corpus {
  const starts: Uint8Array[][] = Array.from({ length: CLASSES }, () => []);
  const ends: Uint8Array[][] = Array.from({ length: CLASSES }, () => []);
  const add = (records: readonly Uint8Array[]) => {
    const end = records.findLast((one) =>
      kindOf(one) === wire.KIND_SPAN_END && one.length > wire.SIZEOF_SPAN
    );
    const family = end ? classOf(end[wire.OFFSET_SPAN_PROBE]!) : 0;
    for (const one of records) {
      if (kindOf(one) === wire.KIND_SPAN_START) starts[family]!.push(one);
      if (kindOf(one) === wire.KIND_SPAN_END) ends[family]!.push(one);
    }
  };
  for (const { records } of samplesOf(manifest)) add(split(records));
  for (let sample = 0; sample < NOISY_SAMPLES; sample++) {
    add(noisyServer(manifest, random));
    add(noisyCall(manifest, random, { path: random.bytes(352), rawPath: random.bytes(256) }, {}));
  }
  add(noisyCall(manifest, random, { path: "p/%zz", rawPath: "%", query: MANY, user: true }, null));
  add(
    noisyCall(manifest, random, { path: "*", query: "&".repeat(352), opaque: random.bytes(192) }, {
      status: 99,
    }),
  );
  for (let family = 0; family < CLASSES; family++) {
    // A decoder for a program without HTTP/2, say: its records are of another class then.
    if (ends[family]!.length > 0) continue;
    starts[family] = starts.find((some) => some.length > 0)!;
    ends[family] = ends.find((some) => some.length > 0)!;
  }
  return {
    starts,
    ends,
    others: [
      lost(wire.LOST_ABANDONED),
      lost(wire.LOST_END_RING_FULL),
      record(wire.KIND_PROCESS, wire.SIZEOF_PROCESS),
      record(wire.KIND_PROCESS_EXIT, wire.SIZEOF_HEADER),
      record(63, 64),
    ],
  };
}

function noisyServer({ structs, plans }: DecoderManifest, random: Random): Uint8Array[] {
  if (!plans.some(({ probe }) => probe === wire.PROBE_SERVER_END)) return [];
  const heap = new SampleHeap(structs.fields);
  const text = (bytes: number) => random.bytes(bytes);
  const request = heap.serverRequest({
    // Over HTTP/1 net/http lets no such method through, and decoders take it for a bad record.
    method: text(1 + random.below(40)),
    major: 2,
    target: random.once(3) ? `/?${MANY}` : random.once(2) ? random.pick(TARGETS) : text(512),
    host: random.once(2) ? random.pick(EDGES) : text(random.below(200)),
    remote: random.once(2) ? random.pick(EDGES) : text(64),
    pattern: text(random.below(200)),
    contentLength: random.bits(),
  });
  const answer = heap.response(request, { status: random.below(700), written: random.bits() });
  const head: Head = { tracestate: text(random.below(257)) };
  return [
    capture(plans, wire.PROBE_SERVER_START, heap, request, head),
    capture(plans, wire.PROBE_SERVER_END, heap, answer, {}),
  ];
}

function noisyCall(
  { structs, plans }: DecoderManifest,
  random: Random,
  url: SampleUrl,
  response: SampleClientResponse | null,
): Uint8Array[] {
  if (!plans.some(({ probe }) => probe === wire.PROBE_CLIENT_END)) return [];
  const heap = new SampleHeap(structs.fields);
  const request = heap.clientRequest(random.bytes(random.below(40)), {
    host: random.once(2) ? random.pick(EDGES) : random.bytes(random.below(140)),
    query: random.bytes(352),
    ...url,
  }, random.bits());
  const answer = response ? heap.clientResponse(response) : 0n;
  return [
    capture(plans, wire.PROBE_CLIENT_START, heap, request, {}),
    capture(plans, wire.PROBE_CLIENT_END, heap, answer, {
      outcome: response ? wire.OUTCOME_OK : wire.OUTCOME_ERROR,
      attempts: random.below(256),
      peer: { family: random.pick([2, 10]), address: [...random.bytes(16)], port: random.below(65536) },
    }),
  ];
}

function kindOf(one: Uint8Array): number {
  return new DataView(one.buffer, one.byteOffset).getUint16(wire.OFFSET_HEADER_KIND, true);
}

/** Records that lie one behind the other. */
function split(records: Uint8Array): Uint8Array[] {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
    parts.push(records.slice(at, at + view.getUint32(at, true)));
  }
  return parts;
}
