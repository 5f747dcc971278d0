import assert from "node:assert/strict";
import { FileSource } from "./file_source.ts";
import { inspectGoExe } from "./inspect.ts";
import {
  elfWith,
  MemorySource,
  occurrences,
  replaceOnce,
  run,
  Samples,
  siteSummary,
  withoutSections,
} from "./testdata/samples.ts";
import type { GoExe, Inspection } from "./types.ts";

const STRIPPED = { args: ["-ldflags=-s -w"] };
const PIE = { args: ["-buildmode=pie"] };
/** What every variant of the sample must be probed at: probe/flags, instruction, price. */
const SERVER_SITES = [
  ...[0, 1, 2, 3].map((probe) => `1 x ${probe}/0 push emulated`),
  "1 x 4/0 call emulated",
];
const CLIENT_SITES = ["1 x 5/0 push emulated", "1 x 6/0 push emulated", "1 x 7/0 jcc emulated"];

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

function expectGo(inspection: Inspection): GoExe {
  assert.equal(inspection.kind, "go", JSON.stringify(inspection));
  assert.ok(inspection.kind === "go");
  return inspection.exe;
}

async function refusal(data: Uint8Array): Promise<{ code: string; goVersion: string | null }> {
  const inspection = await inspectGoExe(new MemorySource(data));
  assert.equal(inspection.kind, "refused");
  assert.ok(inspection.kind === "refused");
  return { code: inspection.reason.code, goVersion: inspection.goVersion };
}

Deno.test("inspectGoExe probes server, client and goroutines of a program at emulated instructions", async () => {
  using source = await FileSource.open(await samples.path());
  const exe = expectGo(await inspectGoExe(source));
  const summary = siteSummary(exe.sites);
  assert.deepEqual(summary.slice(0, 5), SERVER_SITES);
  assert.deepEqual(summary.slice(5, 8), CLIENT_SITES);
  assert.match(summary[8] ?? "", /^1\d x 7\/1 ret stepped$/);
  assert.deepEqual(summary.slice(9), ["2 x 8/0 call emulated"]);
});

Deno.test("inspectGoExe tells the Go version, the module, the build id and how the program was linked", async () => {
  const path = await samples.path();
  using source = await FileSource.open(path);
  const exe = expectGo(await inspectGoExe(source));
  assert.equal(exe.goVersion, (await run("go", ["env", "GOVERSION"])).trim());
  assert.equal(exe.modulePath, "tsunagi.example/sample");
  assert.equal(exe.buildId, (await run("go", ["tool", "buildid", path])).trim());
  assert.equal(exe.pie, false);
  assert.equal(exe.stripped, false);
});

Deno.test("inspectGoExe puts each site into the function that the symbol table names", async () => {
  for (const variant of [{}, PIE]) {
    const path = await samples.path(variant);
    const data = await Deno.readFile(path);
    const exe = expectGo(await inspectGoExe(new MemorySource(data)));
    assert.equal(exe.pie, variant === PIE);
    const lines = (await run("go", ["tool", "nm", "-size", path])).split("\n");
    const table = new Map(
      lines.map((line) => line.trim().split(/\s+/)).map((w) => [w.slice(3).join(" "), w]),
    );
    for (const site of exe.sites) {
      const [address = "", size = ""] = table.get(site.symbol) ?? [];
      const into = site.address - parseInt(address, 16);
      assert.ok(into >= 0 && into < Number(size), `${site.symbol}: +${into}`);
      const firstBytes: Record<string, number[]> = { push: [0x55], call: [0xe8], ret: [0xc3] };
      assert.ok((firstBytes[site.instruction] ?? [0x0f, 0x74, 0x75]).includes(data[site.fileOffset] ?? 0));
    }
  }
});

Deno.test("inspectGoExe finds the same in stripped and position-independent programs", async () => {
  const plain = siteSummary(expectGo(await inspectGoExe(new MemorySource(await samples.bytes()))).sites);
  for (const variant of [STRIPPED, PIE, { args: [...STRIPPED.args, ...PIE.args] }]) {
    const exe = expectGo(await inspectGoExe(new MemorySource(await samples.bytes(variant))));
    assert.deepEqual(siteSummary(exe.sites), plain);
    assert.equal(exe.stripped, variant !== PIE);
  }
});

Deno.test("inspectGoExe works without section headers", async () => {
  for (const variant of [STRIPPED, PIE]) {
    const data = await samples.bytes(variant);
    const whole = expectGo(await inspectGoExe(new MemorySource(data)));
    const exe = expectGo(await inspectGoExe(new MemorySource(withoutSections(data))));
    assert.deepEqual(exe, { ...whole, stripped: true });
  }
});

Deno.test("inspectGoExe finds the end of a client call in debug builds at every return", async () => {
  const variant = { args: ["-gcflags=net/http=-N -l"] };
  const exe = expectGo(await inspectGoExe(new MemorySource(await samples.bytes(variant))));
  const summary = siteSummary(exe.sites);
  assert.deepEqual(summary.slice(0, 5), SERVER_SITES);
  assert.equal(summary.some((line) => line.includes("x 7/0")), false);
  assert.ok(summary.some((line) => /x 7\/1 ret stepped/.test(line)));
});

Deno.test("inspectGoExe probes only the group that is linked in", async () => {
  const server = expectGo(
    await inspectGoExe(new MemorySource(await samples.bytes({ args: ["-tags=server"] }))),
  );
  assert.deepEqual([...new Set(server.sites.map(({ probe }) => probe))], [0, 1, 2, 3, 4, 8]);
  const client = expectGo(
    await inspectGoExe(new MemorySource(await samples.bytes({ args: ["-tags=client"] }))),
  );
  assert.deepEqual([...new Set(client.sites.map(({ probe }) => probe))], [5, 6, 7, 8]);
});

Deno.test("inspectGoExe refuses a Go program without HTTP", async () => {
  const goVersion = (await run("go", ["env", "GOVERSION"])).trim();
  assert.deepEqual(await refusal(await samples.bytes({ args: ["-tags=plain"] })), {
    code: "no-http",
    goVersion,
  });
});

Deno.test("inspectGoExe refuses a Go program for another processor and tells its Go version", async () => {
  const goVersion = (await run("go", ["env", "GOVERSION"])).trim();
  const data = await samples.bytes(STRIPPED);
  new DataView(data.buffer).setUint16(18, 183, true);
  assert.deepEqual(await refusal(data), { code: "unsupported-arch", goVersion });
  const info = [0xff, ...new TextEncoder().encode(" Go buildinf:"), 4, 2, ...new Uint8Array(16), 8];
  const small = elfWith(Uint8Array.from([...info, ...new TextEncoder().encode("go1.26.8"), 0]), {
    is64: false,
  });
  assert.deepEqual(await refusal(small), { code: "unsupported-arch", goVersion: "go1.26.8" });
});

Deno.test("inspectGoExe refuses Go before 1.17, unknown toolchains and broken build information", async () => {
  const data = await samples.bytes(STRIPPED);
  const version = (await run("go", ["env", "GOVERSION"])).trim();
  const inBuildInfo = (to: string) => {
    const copy = new Uint8Array(data);
    const magic = occurrences(data, new TextEncoder().encode(" Go buildinf:")).map((at) => at - 1);
    const header = magic.find((at) => at % 16 === 0 && data[at] === 0xff && (data[at + 15] ?? 0) === 2);
    assert.ok(header !== undefined);
    copy.set(new TextEncoder().encode(to), header + 33);
    return copy;
  };
  const old = version.replace(/^go1\.\d\d/, "go1.16");
  assert.deepEqual(await refusal(inBuildInfo(old)), { code: "go-too-old", goVersion: old });
  assert.equal((await refusal(inBuildInfo("gccgo1"))).code, "go-version-unknown");
  assert.equal(
    (await refusal(replaceOnce(data, "\u0000.go.buildinfo", "\u0000.go.buildinfX"))).code,
    "corrupt-executable",
  );
});

Deno.test("inspectGoExe names the function that a group lacks", async () => {
  const data = await samples.bytes(STRIPPED);
  const name = "net/http.(*response).finishRequest\u0000";
  const inspection = await inspectGoExe(
    new MemorySource(replaceOnce(data, name, name.replace("finish", "Finish"))),
  );
  assert.ok(inspection.kind === "refused");
  assert.equal(inspection.reason.code, "symbol-missing");
  assert.match(inspection.reason.message, /net\/http\.\(\*response\)\.finishRequest/);
});

Deno.test("inspectGoExe refuses a function that its caller does not call", async () => {
  const data = await samples.bytes(STRIPPED);
  // Two functions change names, so that what bears the name is not what the transport calls.
  const name = "net/http.(*persistConn).roundTrip\u0000";
  const other = "net/http.(*persistConn).writeLoop\u0000";
  const [at] = occurrences(data, new TextEncoder().encode(other));
  const copy = replaceOnce(data, name, other);
  assert.ok(at !== undefined);
  copy.set(new TextEncoder().encode(name), at);
  assert.equal((await refusal(copy)).code, "symbol-inlined");
});

Deno.test("inspectGoExe recognises a program packed with UPX", async () => {
  // Header and two segments as UPX 4 writes them, then l_info and p_info; no section headers.
  const data = new Uint8Array(4096);
  data.set((await samples.bytes(STRIPPED)).subarray(0, 64));
  const view = new DataView(data.buffer);
  data.fill(0, 40, 48);
  view.setUint16(56, 2, true);
  data.fill(0, 58, 64);
  for (const at of [64, 120]) {
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, 5, true);
  }
  const info = 64 + 2 * 56;
  data.set(new TextEncoder().encode("UPX!"), info + 4);
  view.setUint32(info + 16, 6_000_000, true);
  assert.deepEqual(await refusal(data), { code: "upx-packed", goVersion: null });
  view.setUint32(info + 16, 60_000, true);
  assert.deepEqual(await inspectGoExe(new MemorySource(data)), { kind: "not-go" });
});

Deno.test("inspectGoExe takes everything else for what it is: not Go", async () => {
  const texts = ["", "#!/bin/sh\necho hello\n", "\u007fELF", "\u007fELF".padEnd(4096, "\u0000")];
  for (const text of texts) {
    assert.deepEqual(await inspectGoExe(new MemorySource(new TextEncoder().encode(text))), {
      kind: "not-go",
    });
  }
  using source = await FileSource.open(Deno.execPath());
  assert.deepEqual(await inspectGoExe(source), { kind: "not-go" });
});

Deno.test("inspectGoExe reads a fraction of the file in few reads", async () => {
  for (const variant of [{}, STRIPPED, PIE]) {
    const source = new MemorySource(await samples.bytes(variant));
    expectGo(await inspectGoExe(source));
    assert.ok(source.reads <= 24, `${source.reads} reads`);
    assert.ok(source.bytesRead <= source.size / 2, `${source.bytesRead} of ${source.size} bytes`);
  }
});

Deno.test("inspectGoExe takes short reads, and passes on a read error and an abort", async () => {
  const data = await samples.bytes(STRIPPED);
  const short = {
    size: data.length,
    read: (offset: number, length: number) =>
      Promise.resolve(data.slice(offset, offset + Math.min(length, 65_536))),
  };
  assert.deepEqual(await inspectGoExe(short), await inspectGoExe(new MemorySource(data)));
  const broken = { size: data.length, read: () => Promise.reject(new Error("pipe closed")) };
  await assert.rejects(inspectGoExe(broken), /pipe closed/);
  const aborted = AbortSignal.abort();
  await assert.rejects(inspectGoExe(new MemorySource(data), { signal: aborted }), { name: "AbortError" });
});

Deno.test("inspectGoExe refuses a program whose arguments an experiment passes on the stack", async () => {
  const version = "go1.17.13 X:noregabiwrappers,noregabiargs";
  const header = new Uint8Array(32);
  header.set([0xff, ...new TextEncoder().encode(" Go buildinf:"), 8, 2]);
  const info = [...header, version.length, ...new TextEncoder().encode(version), 0];
  assert.deepEqual(await refusal(elfWith(Uint8Array.from(info))), {
    code: "go-stack-arguments",
    goVersion: "go1.17.13",
  });
});

Deno.test("inspectGoExe tells recorded version, modules and the kind of map", async () => {
  using source = await FileSource.open(await samples.path({ env: { GOEXPERIMENT: "nodwarf5" } }));
  const exe = expectGo(await inspectGoExe(source));
  // The separator is a space before Go 1.26.
  assert.match(exe.recordedVersion, /^go1\.[\d.]+[- ]X:nodwarf5$/);
  assert.ok(exe.recordedVersion.startsWith(exe.goVersion));
  assert.deepEqual(exe.modules, new Map());
  assert.equal(exe.headerMap, null);
});
