import assert from "node:assert/strict";
import {
  PROBE_CLIENT_END,
  PROBE_CLIENT_START,
  PROBE_SERVER_ABORT,
  PROBE_SERVER_ABORT_H2,
  PROBE_SERVER_END,
  PROBE_SERVER_END_H2,
  PROBE_SERVER_START,
} from "../../bpf/wire.gen.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";
import {
  type DecoderManifest,
  type GoStructs,
  MANIFEST_SECTION,
  parseManifest,
} from "../decoder/manifest.ts";
import { customSection } from "../decoder/wasm_section.ts";
import { makeDecoder, type MakeSpec, tracedParts } from "./make.ts";
import { Maker } from "./maker.ts";

const LAYOUT = new URL("../../decoder-as/layouts/go1.25.json", import.meta.url);
const { headerMap, gDead, fields } = parseLayout(await Deno.readTextFile(LAYOUT), "go1.25.json");
const NO_FIELD = 0xffff_ffff;

function specOf(changes: Readonly<Record<string, number | null>>, without: readonly string[] = []): MakeSpec {
  const kept = Object.entries({ ...fields, ...changes })
    .map(([field, offset]) => [field, without.includes(field.split(".")[0]!) ? null : offset]);
  const structs: GoStructs = { headerMap, gDead, fields: Object.fromEntries(kept) };
  return {
    structs,
    goRange: ">=1.25.3 <1.25.4",
    name: "go1.25.3-test",
    toolchains: ["go1.25.3"],
    method: "a test",
  };
}

function manifestOf(bytes: Uint8Array<ArrayBuffer>): DecoderManifest {
  const section = customSection(bytes, MANIFEST_SECTION);
  assert.ok(section);
  return parseManifest(section);
}

function probesOf({ plans }: DecoderManifest): number[] {
  return plans.map(({ probe }) => probe).sort((a, b) => a - b);
}

const SERVER = [PROBE_SERVER_START, PROBE_SERVER_END, PROBE_SERVER_ABORT];
const HTTP2 = [PROBE_SERVER_END_H2, PROBE_SERVER_ABORT_H2];
const CLIENT = [PROBE_CLIENT_START, PROBE_CLIENT_END];
const SERVER_TYPES = ["response", "conn"];
const HTTP2_TYPES = ["h2responseWriter", "h2responseWriterState"];
const CLIENT_TYPES = ["persistConn", "transportRequest"];

const PROGRAMS = [
  { what: "all parts", without: [], probes: [...SERVER, ...HTTP2, ...CLIENT], missing: [] },
  {
    what: "a client alone",
    without: [...SERVER_TYPES, ...HTTP2_TYPES],
    probes: CLIENT,
    missing: ["response_conn", "conn_hijacked"],
  },
  {
    what: "a server without HTTP/2 and client",
    without: [...HTTP2_TYPES, ...CLIENT_TYPES, "Response", "URL"],
    probes: SERVER,
    missing: ["transport_request_request", "persist_conn_conn", "persist_conn_tls_state"],
  },
];

for (const { what, without, probes, missing } of PROGRAMS) {
  Deno.test(`makeDecoder makes plans for ${what}`, async () => {
    const bytes = await makeDecoder(specOf({}, without));
    assert.ok(await WebAssembly.compile(bytes));
    const manifest = manifestOf(bytes);
    assert.deepEqual(
      probesOf(manifest).filter((probe) => [...SERVER, ...HTTP2, ...CLIENT].includes(probe)),
      [
        ...probes,
      ].sort((a, b) => a - b),
    );
    const absent = Object.entries(manifest.layout).filter(([, offset]) => offset === NO_FIELD);
    assert.deepEqual(absent.map(([name]) => name).sort(), [...missing].sort());
  });
}

Deno.test("makeDecoder keeps name, range, structs and origin in the manifest", async () => {
  const spec = specOf({});
  const manifest = manifestOf(await makeDecoder(spec));
  assert.equal(manifest.name, spec.name);
  assert.equal(manifest.goRange, spec.goRange);
  assert.deepEqual(manifest.structs, spec.structs);
  assert.deepEqual(manifest.provenance, { toolchains: spec.toolchains, method: spec.method });
});

Deno.test("makeDecoder names the field that a part lacks, be it the plans' or the kernel's", async () => {
  for (const field of ["response.status", "transportRequest.Request", "g.goid", "m.curg", "URL.RawQuery"]) {
    await assert.rejects(makeDecoder(specOf({ [field]: null })), new RegExp(field.replace(".", "\\.")));
  }
});

Deno.test("makeDecoder refuses structs of a program without HTTP", async () => {
  const spec = specOf({}, [...SERVER_TYPES, ...HTTP2_TYPES, ...CLIENT_TYPES]);
  assert.deepEqual(tracedParts(spec.structs), []);
  await assert.rejects(makeDecoder(spec), /neither the server nor the client/);
});

Deno.test("Maker makes the same bytes in a Worker, which ends when it is idle", async () => {
  await using maker = new Maker({ idleMs: 50 });
  assert.equal(maker.running, false);
  const spec = specOf({});
  assert.deepEqual(await maker.make(spec), await makeDecoder(spec));
  assert.equal(maker.running, true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(maker.running, false);
  assert.ok((await maker.make(spec)).length > 0, "it starts again");
});

Deno.test("Maker passes on why a decoder cannot be made, and goes on", async () => {
  await using maker = new Maker();
  await assert.rejects(maker.make(specOf({ "response.status": null })), /response\.status/);
  assert.ok((await maker.make(specOf({}))).length > 0);
});

Deno.test("Maker gives up what it makes when it is closed", async () => {
  const maker = new Maker();
  const made = maker.make(specOf({}));
  await Promise.all([assert.rejects(made, /the maker is closed/), maker[Symbol.asyncDispose]()]);
  await assert.rejects(maker.make(specOf({})), /the maker is closed/);
});
