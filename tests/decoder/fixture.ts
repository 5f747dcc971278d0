/** Decoders and fake programs, one of each family, for the tests and benchmarks of this folder. */
import * as wire from "../../bpf/wire.gen.ts";
import { type GoLayout, parseLayout } from "../../decoder-as/plans/layout.ts";
import { GoRange, parseGoVersion } from "../../src/decoder/go_release.ts";
import { type DecoderCode, DecoderInstance } from "../../src/decoder/host.ts";
import type { DecoderPack } from "../../src/decoder/manifest.ts";
import { examinePack } from "../../src/gate/examine.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import {
  type SampleClientResponse,
  SampleHeap,
  type SampleRequest,
  type SampleResponse,
  type SampleUrl,
} from "../../decoder-as/samples/sample_heap.ts";
import { capture, type Head } from "../../decoder-as/samples/plan_runner.ts";
import { type DecodedSpan, readBatches } from "./spans.ts";

const ROOT = new URL("../../", import.meta.url);
const LAYOUTS = new URL("decoder-as/layouts/", ROOT);
const DECODERS = new URL("build/decoders/", ROOT);

/** What `deno task build` made. */
export const packs: readonly DecoderPack[] = await readPacks();

/** Every layout file, by name: "go1.26.11". */
export const layouts: ReadonlyMap<string, GoLayout> = await readLayouts();

async function readLayouts(): Promise<Map<string, GoLayout>> {
  const found = new Map<string, GoLayout>();
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    found.set(name.replace(".json", ""), parseLayout(await Deno.readTextFile(new URL(name, LAYOUTS)), name));
  }
  return found;
}

async function readPacks(): Promise<DecoderPack[]> {
  const found: DecoderPack[] = [];
  for await (const { name } of Deno.readDir(DECODERS)) {
    const pack = await examinePack(await Deno.readFile(new URL(name, DECODERS)));
    if (!("manifest" in pack)) throw new Error(`${pack.message}; ${pack.remedy}`);
    found.push(pack);
  }
  return found.sort((a, b) => a.manifest.name < b.manifest.name ? -1 : 1);
}

/** The packs whose ranges hold a version. */
export function packsFor(goVersion: string): DecoderPack[] {
  const release = parseGoVersion(goVersion);
  return packs.filter(({ manifest }) => release !== null && new GoRange(manifest.goRange).has(release));
}

/** The pack for a version that must have one. */
export function packFor(goVersion: string): DecoderPack {
  const [pack] = packsFor(goVersion);
  if (!pack) throw new Error(`Cannot find a decoder for ${goVersion}; run deno task build`);
  return pack;
}

/** What runs of a pack. */
export function codeOf({ manifest: { name }, code }: DecoderPack): DecoderCode {
  return { name, code };
}

function layoutFor(goVersion: string): GoLayout {
  const release = parseGoVersion(goVersion)!;
  for (const layout of layouts.values()) if (new GoRange(layout.goRange).has(release)) return layout;
  throw new Error(`Cannot find a layout for ${goVersion}`);
}

/** A program of one Go version and the decoder for it. */
export class Fixture {
  readonly pack: DecoderPack;
  readonly go: SampleHeap;
  #decoder: DecoderInstance | null = null;

  constructor(goVersion: string) {
    this.pack = packFor(goVersion);
    this.go = new SampleHeap(layoutFor(goVersion).fields);
  }

  /** Made when it is first asked for: a fixture may also only capture. */
  get decoder(): DecoderInstance {
    return this.#decoder ??= new DecoderInstance(codeOf(this.pack));
  }

  /** Start and end record of a handled request. */
  server(
    request: SampleRequest,
    response: SampleResponse,
    head: { start?: Head; end?: Head; h2?: boolean } = {},
  ) {
    const object = this.go.serverRequest(request);
    const writer = head.h2 ? this.go.h2Writer(object, response) : this.go.response(object, response);
    const ended = head.end?.outcome === wire.OUTCOME_PANIC || head.end?.outcome === wire.OUTCOME_HIJACKED
      ? (head.h2 ? wire.PROBE_SERVER_ABORT_H2 : wire.PROBE_SERVER_ABORT)
      : (head.h2 ? wire.PROBE_SERVER_END_H2 : wire.PROBE_SERVER_END);
    return [
      capture(this.pack.manifest.plans, wire.PROBE_SERVER_START, this.go, object, head.start),
      capture(this.pack.manifest.plans, ended, this.go, writer, { timeNs: 1_500_000_000n, ...head.end }),
    ] as const;
  }

  /** Start and end record of a call; no response means an error. */
  client(
    { method = "GET", url = {}, contentLength = 0 }: {
      method?: string;
      url?: SampleUrl;
      contentLength?: number;
    },
    response: SampleClientResponse | null,
    head: { start?: Head; end?: Head } = {},
  ) {
    const object = this.go.clientRequest(method, url, contentLength);
    const outcome = response ? wire.OUTCOME_OK : wire.OUTCOME_ERROR;
    return [
      capture(this.pack.manifest.plans, wire.PROBE_CLIENT_START, this.go, object, head.start),
      capture(
        this.pack.manifest.plans,
        wire.PROBE_CLIENT_END,
        this.go,
        response ? this.go.clientResponse(response) : 0n,
        { timeNs: 1_500_000_000n, outcome, ...head.end },
      ),
    ] as const;
  }

  /** Spans that come of the records. */
  decode(...records: readonly Uint8Array[]): DecodedSpan[] {
    const batches: SpanBatch[] = [];
    for (const record of records) {
      if (this.decoder.add(record)) continue;
      this.decoder.decode(batches);
      this.decoder.add(record);
    }
    this.decoder.decode(batches);
    return readBatches(batches);
  }
}
