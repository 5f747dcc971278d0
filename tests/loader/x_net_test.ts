/** What the kernel captures at the end of a request of golang.org/x/net's HTTP/2 server, with a plan for it and without. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as wire from "../../bpf/wire.gen.ts";
import * as places from "../../decoder-as/assembly/x_net.ts";
import { familyOf } from "../../decoder-as/plans/family.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";
import { librariesOf } from "../../decoder-as/plans/libraries.ts";
import { ModuleRange, parseModuleVersion } from "../../src/decoder/module_range.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { ExeSource } from "../../src/loader/exe_source.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { LoaderSession, type OtherRecord } from "./session.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const TOOLCHAIN = "1.26.11";
const LAYOUT = `${ROOT}decoder-as/layouts/go1.26.11.json`;

/** Takes all records, once the one end of a span is among them. */
function end(records: OtherRecord[]): DataView {
  const ends = records.filter(({ kind }) => kind === wire.KIND_SPAN_END);
  assert.equal(ends.length, 1);
  records.length = 0;
  return new DataView(ends[0]!.bytes.buffer);
}

rootTest(
  "x/net: the end captures by the slot's plan, and says so when the slot has none any more",
  async () => {
    const layout = parseLayout(await Deno.readTextFile(LAYOUT), LAYOUT);
    const exe = await goBuild({ module: `${ROOT}tests/programs_h2`, toolchain: TOOLCHAIN });
    using scratch = new ScratchDirectory();
    const certificate = join(scratch.path, "cert.pem");
    await using server = await Program.start(exe, { args: [certificate] });
    await using session = await LoaderSession.start();
    const { client, others } = session;
    const { exeBytes: size } = await client.describe(server.pid);
    const inspection = await inspectGoExe(new ExeSource({ loader: client, pid: server.pid, size }));
    assert.ok(inspection.kind === "go");
    const xNet = [wire.PROBE_SERVER_END_X_NET, wire.PROBE_SERVER_ABORT_X_NET] as const;
    const probes = [wire.PROBE_SERVER_START, ...xNet] as const;
    const sites = inspection.exe.sites.filter(({ probe }) => probes.some((wanted) => wanted === probe));
    assert.deepEqual(sites.map(({ probe }) => probe).toSorted(), [...probes].toSorted());

    const slot = wire.MAX_SLOTS - 1;
    await client.layout(slot, familyOf(layout).kernel);
    const linked = parseModuleVersion(inspection.exe.modules.get("golang.org/x/net") ?? "");
    const library = librariesOf(layout).find(({ range }) => linked && ModuleRange.parse(range)?.has(linked));
    assert.ok(library);
    for (const { probe, ops } of library.plans) await client.plan(slot, probe, ops);
    await client.flip(0, slot);
    await client.target(server.pid, { enabled: true, measure: false, name: "always_on", ratio: 1 });
    await client.attach(server.pid, 0, sites);
    using http = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(certificate)],
      http1: false,
      http2: true,
    });
    const get = (path: string) =>
      fetch(`https://${server.host}${path}`, { client: http }).then((r) => r.text());

    await get("/ok");
    const seen = await eventually(() => end(others));
    assert.equal(seen.getUint8(wire.OFFSET_SPAN_PROBE), wire.PROBE_SERVER_END_X_NET);
    assert.equal(seen.getUint16(wire.OFFSET_SPAN_SLOT, true), slot);
    assert.equal(seen.getUint8(wire.OFFSET_SPAN_OUTCOME), wire.OUTCOME_OK);
    const word = (place: number) => Number(seen.getBigUint64(wire.SIZEOF_SPAN + place, true));
    assert.equal(word(places.X_NET_STATUS), 200);
    assert.equal(word(places.X_NET_WRITTEN), "HTTP/2.0".length);
    assert.equal(seen.getUint8(wire.SIZEOF_SPAN + places.X_NET_WROTE_HEADER), 1);
    const pattern = new Uint8Array(seen.buffer, wire.SIZEOF_SPAN + places.X_NET_FIXED_BYTES, 3);
    assert.equal(new TextDecoder().decode(pattern), "/ok");

    for (let probe = 0; probe < wire.MAX_PROBES; probe++) await client.plan(slot, probe, []);
    await get("/ok");
    const unseen = await eventually(() => end(others));
    assert.equal(unseen.getUint8(wire.OFFSET_SPAN_OUTCOME), wire.OUTCOME_UNSEEN);
    assert.equal(unseen.byteLength, wire.SIZEOF_SPAN);

    await assert.rejects(get("/panic"));
    const panicked = await eventually(() => end(others));
    assert.equal(panicked.getUint8(wire.OFFSET_SPAN_PROBE), wire.PROBE_SERVER_ABORT_X_NET);
    assert.equal(panicked.getUint8(wire.OFFSET_SPAN_OUTCOME), wire.OUTCOME_PANIC);
    assert.equal(panicked.byteLength, wire.SIZEOF_SPAN);
  },
);
