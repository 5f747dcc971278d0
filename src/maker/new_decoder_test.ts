import assert from "node:assert/strict";
import { MANIFEST_SECTION, parseManifest } from "../decoder/manifest.ts";
import { customSection } from "../decoder/wasm_section.ts";
import { run, Samples } from "../goexe/testdata/samples.ts";
import { newDecoder, NewDecoderError, type NewDecoderOptions } from "./new_decoder.ts";
import { buildProgram, readProgram, toolchainVersion } from "./toolchain.ts";

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

const GO = (await run("go", ["env", "GOROOT"])).trim();
const VERSION = await toolchainVersion(GO);
const RELEASE = VERSION.slice(2);
const STRIPPED = { args: ["-ldflags=-s -w"] };

async function refusalOf(options: NewDecoderOptions): Promise<NewDecoderError["reason"]> {
  try {
    await newDecoder(options);
  } catch (error) {
    assert.ok(error instanceof NewDecoderError, String(error));
    return error.reason;
  }
  assert.fail("a decoder was made");
}

Deno.test("toolchainVersion tells the version, and a directory that is no toolchain", async () => {
  assert.equal(VERSION, (await run("go", ["env", "GOVERSION"])).trim());
  await assert.rejects(toolchainVersion("/nowhere"), /no file VERSION/);
});

Deno.test("buildProgram does not depend on the user's settings of Go", async () => {
  const directory = await Deno.makeTempDir({ prefix: "tsunagi-maker-" });
  const flags = Deno.env.get("GOFLAGS");
  try {
    Deno.env.set("GOFLAGS", "-ldflags=-s -mod=vendor");
    await buildProgram(GO, `${directory}/app`);
    assert.equal((await readProgram(`${directory}/app`)).gDead, 6);
  } finally {
    if (flags === undefined) Deno.env.delete("GOFLAGS");
    else Deno.env.set("GOFLAGS", flags);
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("newDecoder makes a decoder of a program for its patch release", async () => {
  const { bytes, summary } = await newDecoder({ binary: await samples.path() });
  const [minor, patch] = RELEASE.split(".").slice(1).map(Number) as [number, number];
  assert.equal(summary.goRange, `>=1.${minor}.${patch} <1.${minor}.${patch + 1}`);
  assert.equal(summary.name, `go${RELEASE}-exact`);
  assert.deepEqual(summary.traces, ["server", "http2", "client"]);
  const manifest = parseManifest(customSection(bytes, MANIFEST_SECTION)!);
  assert.equal(manifest.name, summary.name);
  assert.equal(manifest.goRange, summary.goRange);
  assert.deepEqual(manifest.provenance.toolchains, [VERSION]);
});

Deno.test("newDecoder reads the same structs from a toolchain", async () => {
  const [ofProgram, ofToolchain, ofBoth] = [
    await newDecoder({ binary: await samples.path() }),
    await newDecoder({ go: GO }),
    await newDecoder({ binary: await samples.path(STRIPPED), go: GO }),
  ];
  assert.deepEqual(ofToolchain.summary.structs, ofProgram.summary.structs);
  assert.deepEqual(ofBoth.summary.structs, ofProgram.summary.structs);
  assert.equal(ofBoth.summary.goVersion, VERSION);
});

Deno.test("newDecoder takes a range and names the decoder after its begin", async () => {
  const minor = Number(RELEASE.split(".")[1]);
  const goRange = `>=1.${minor} <1.${minor + 1}`;
  const { summary } = await newDecoder({ binary: await samples.path(), goRange });
  assert.equal(summary.name, `go1.${minor}`);
  assert.equal(summary.goRange, goRange);
});

Deno.test("newDecoder names the remedy for a stripped program", async () => {
  const reason = await refusalOf({ binary: await samples.path(STRIPPED) });
  assert.equal(reason.code, "binary-without-dwarf");
  assert.match(reason.remedy, /--go DIR/);
  assert.ok(reason.remedy.includes(VERSION));
});

Deno.test("newDecoder refuses a toolchain of another version than the program's", async () => {
  const go = await Deno.makeTempDir({ prefix: "tsunagi-maker-" });
  try {
    await Deno.writeTextFile(`${go}/VERSION`, "go1.20.14\n");
    const reason = await refusalOf({ binary: await samples.path(STRIPPED), go });
    assert.equal(reason.code, "toolchain-differs");
    assert.ok(reason.message.includes("go1.20.14") && reason.message.includes(VERSION), reason.message);
    assert.equal((await refusalOf({ go })).code, "toolchain-unusable", "it has no bin/go");
  } finally {
    await Deno.remove(go, { recursive: true });
  }
});

Deno.test("newDecoder refuses what is no Go program, not there, without HTTP, or out of the range", async () => {
  const binary = await samples.path();
  assert.equal((await refusalOf({ binary: "/bin/sh" })).code, "not-go");
  assert.equal((await refusalOf({ binary: "/nowhere" })).code, "binary-unreadable");
  assert.equal((await refusalOf({ binary: await samples.path({ args: ["-tags=plain"] }) })).code, "no-http");
  assert.equal((await refusalOf({ binary, goRange: ">=1.17 <1.18" })).code, "decoder-bad-range");
  assert.equal((await refusalOf({ binary, goRange: "1.26" })).code, "decoder-bad-range");
});
