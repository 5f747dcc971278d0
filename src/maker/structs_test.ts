import assert from "node:assert/strict";
import type { GoStructs } from "../decoder/manifest.ts";
import { FileSource } from "../goexe/file_source.ts";
import { MemorySource, run, Samples, type Variant } from "../goexe/testdata/samples.ts";
import { compareStructs, readGoStructs } from "./structs.ts";

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

async function structsOf(variant: Variant = {}): Promise<GoStructs> {
  using source = await FileSource.open(await samples.path(variant));
  const structs = await readGoStructs(source);
  assert.ok(structs !== null);
  return structs;
}

/** Names of types of which no field is known. */
function missingTypes({ fields }: GoStructs): string[] {
  const types = (has: boolean) =>
    Object.entries(fields).filter(([, offset]) => (offset !== null) === has).map(([field]) =>
      field.split(".")[0]!
    );
  const present = new Set(types(true));
  return [...new Set(types(false))].filter((type) => !present.has(type)).sort();
}

Deno.test("readGoStructs reads what the compiler itself says of net/http.Request and net/url.URL", async () => {
  const truth = JSON.parse(await run(await samples.path(), ["offsets"]));
  const { fields } = await structsOf();
  assert.equal(fields["Request.Method"], truth["net/http.Request"].Method);
  assert.equal(fields["Request.URL"], truth["net/http.Request"].URL);
  assert.equal(fields["Request.Header"], truth["net/http.Request"].Header);
  assert.equal(fields["Request.Host"], truth["net/http.Request"].Host);
  assert.equal(fields["URL.Path"], truth["net/url.URL"].Path);
  assert.equal(fields["URL.RawQuery"], truth["net/url.URL"].RawQuery);
});

const VARIANTS: readonly (readonly [string, Variant])[] = [
  ["without optimisation", { args: ["-gcflags=net/http=-N -l"] }],
  ["position-independent", { args: ["-buildmode=pie"] }],
  ["with the race detector", { args: ["-race"], env: { CGO_ENABLED: "1" } }],
  ["with its paths", { args: ["-trimpath=false"] }],
  ["with DWARF 4, uncompressed", {
    args: ["-ldflags=-compressdwarf=false"],
    env: { GOEXPERIMENT: "nodwarf5" },
  }],
  ["linked by the C linker", { args: ["-ldflags=-linkmode=external"], env: { CGO_ENABLED: "1" } }],
];

for (const [how, variant] of VARIANTS) {
  Deno.test(`readGoStructs finds the same in a program built ${how}`, async () => {
    assert.deepEqual(await structsOf(variant), await structsOf());
  });
}

Deno.test("readGoStructs knows no server of a client, and no client of a server", async () => {
  const both = await structsOf();
  const client = await structsOf({ args: ["-tags=client"] });
  const server = await structsOf({ args: ["-tags=server"] });
  assert.deepEqual(missingTypes(both), []);
  assert.deepEqual(missingTypes(client), ["conn", "h2responseWriter", "h2responseWriterState", "response"]);
  for (const some of [client, server]) {
    const known = Object.entries(some.fields).filter(([, offset]) => offset !== null);
    assert.ok(known.length >= 20);
    for (const [field, offset] of known) assert.equal(offset, both.fields[field], field);
    assert.equal(some.gDead, both.gDead);
    assert.equal(some.headerMap, both.headerMap);
  }
  assert.ok(missingTypes(server).every((type) => ["persistConn", "transportRequest"].includes(type)));
});

Deno.test("readGoStructs tells a program without debug information, and a file that is no program", async () => {
  assert.equal(
    await readGoStructs(new MemorySource(await samples.bytes({ args: ["-ldflags=-s -w"] }))),
    null,
  );
  assert.equal(
    await readGoStructs(new MemorySource(new TextEncoder().encode("#!/bin/sh\n".repeat(20)))),
    null,
  );
});

Deno.test("readGoStructs tells a program whose debug information is not Go's", async () => {
  const directory = await Deno.makeTempDir({ prefix: "tsunagi-structs-" });
  try {
    await Deno.writeTextFile(
      `${directory}/main.c`,
      "struct g { long goid; } g; int main(void) { return g.goid; }\n",
    );
    await run("gcc", ["-g", "-o", `${directory}/main`, `${directory}/main.c`]);
    using source = await FileSource.open(`${directory}/main`);
    assert.equal(await readGoStructs(source), null);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const STRUCTS: GoStructs = {
  headerMap: "swiss",
  gDead: 6,
  fields: {
    "g.goid": 152,
    "m.curg": 184,
    "Request.Method": 0,
    "Request.Pattern": 232,
    "response.status": 120,
    "conn.hijackedv": 136,
    "persistConn.conn": 80,
    "transportRequest.Request": 0,
  },
};

function withFields(fields: GoStructs["fields"]): GoStructs {
  return { ...STRUCTS, fields: { ...STRUCTS.fields, ...fields } };
}

Deno.test("compareStructs finds nothing between equal structs", () => {
  assert.deepEqual(compareStructs(STRUCTS, withFields({})), []);
});

Deno.test("compareStructs names every field that differs, with both offsets", () => {
  const decoder = {
    ...withFields({ "response.status": 128, "g.goid": null }),
    gDead: 7,
    headerMap: "hmap" as const,
  };
  assert.deepEqual(compareStructs(STRUCTS, decoder), [
    { field: "headerMap", executable: "swiss", decoder: "hmap" },
    { field: "gDead", executable: 6, decoder: 7 },
    { field: "g.goid", executable: 152, decoder: null },
    { field: "response.status", executable: 120, decoder: 128 },
  ]);
});

Deno.test("compareStructs does not miss structs that the executable lacks", () => {
  const client = withFields({ "response.status": null, "conn.hijackedv": null });
  assert.deepEqual(compareStructs(client, STRUCTS), []);
  assert.deepEqual(compareStructs(STRUCTS, client).map(({ field }) => field), [
    "response.status",
    "conn.hijackedv",
  ]);
});

Deno.test("compareStructs finds a field that is gone from a struct that the executable has", () => {
  const fieldsOf = (fields: GoStructs["fields"]) =>
    compareStructs(withFields(fields), STRUCTS).map((d) => d.field);
  assert.deepEqual(fieldsOf({ "Request.Pattern": null }), ["Request.Pattern"]);
  assert.deepEqual(
    fieldsOf({ "m.curg": null }),
    ["m.curg"],
    "the only field of a struct that all programs have",
  );
  assert.deepEqual(fieldsOf({ "transportRequest.Request": null }), ["transportRequest.Request"]);
});
