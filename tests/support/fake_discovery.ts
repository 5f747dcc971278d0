/** Discovery over two processes of one real program, without a kernel under them; notes what the loader is told. */
import assert from "node:assert/strict";
import { DecoderChooser } from "../../src/discovery/decoder_chooser.ts";
import { Discovery } from "../../src/discovery/discovery.ts";
import { DecoderSlots } from "../../src/discovery/slots.ts";
import type { LoaderClient, TargetOptions } from "../../src/loader/client.ts";
import { DecoderRegistry, type ExeIdentity } from "../../src/registry/registry.ts";
import { createLogger } from "../../src/support/log.ts";
import type { Reason } from "../../src/support/reason.ts";
import { ROOT } from "./agent.ts";
import { goBuild } from "./go_build.ts";
import { fakePack } from "./pack.ts";
import { processInfo } from "./process_info.ts";
import { selectOf } from "./select.ts";
import { DEFAULT_TOOLCHAIN } from "./toolchains.ts";

const RANGE = ">=1.26 <1.27";

export interface FakeDiscoveryOptions {
  readonly flavour?: "plain" | "stripped";
  readonly learn?: (exe: ExeIdentity) => Promise<Reason | null>;
  /** While the loader attaches. */
  readonly onAttach?: () => void | Promise<void>;
}

/** The processes are 1 and 2; `changes` is what onChange was told: "1 traced go1.26". */
export async function fakeDiscovery(options: FakeDiscoveryOptions = {}) {
  const path = await goBuild({
    module: `${ROOT}/tests/programs`,
    package: "./matrix",
    toolchain: DEFAULT_TOOLCHAIN,
    flavour: options.flavour ?? "stripped",
  });
  const bytes = await Deno.readFile(path);
  const calls: string[] = [];
  const changes: string[] = [];
  const note = (call: string) => Promise.resolve(void calls.push(call));
  const targets: string[] = [];
  const processes = [1, 2].map((pid) => processInfo({ pid, exe: path, exeBytes: bytes.length }));
  const loader = {
    list: () => Promise.resolve(processes),
    describe: (pid: number) => Promise.resolve(processes[pid - 1]),
    readExe: (_pid: number, offset: number, count: number) =>
      Promise.resolve(bytes.slice(offset, offset + count)),
    target: (pid: number, to: TargetOptions) => {
      targets.push(`${pid} ${to.enabled ? `${to.name}${to.measure ? " measured" : ""}` : "off"}`);
      return Promise.resolve();
    },
    backfill: () => Promise.resolve(0),
    attach: async () => {
      await options.onAttach?.();
      await note("attach");
      return 1;
    },
    detach: () => note("detach"),
    flip: (_binding: number, slot: number) => note(`flip ${slot}`),
    plan: () => Promise.resolve(),
    layout: () => Promise.resolve(),
  } as unknown as LoaderClient;
  const registry = new DecoderRegistry();
  const discovery = new Discovery({
    loader,
    slots: new DecoderSlots({
      loader,
      decoders: {
        use: (slot, pack) => note(`use ${slot} ${pack.digest}`),
        release: () => Promise.resolve(),
        inFlight: () => Promise.resolve(new Map()),
      },
      keeps: (pack) => registry.keeps(pack),
    }),
    chooser: new DecoderChooser({
      registry,
      learn: options.learn ?? (() => Promise.reject(new Error("nothing to learn from"))),
    }),
    select: selectOf(),
    measure: false,
    sampler: { name: "always_on", ratio: 1 },
    onTarget: () => {},
    onChange: ({ pid, state, decoder, reason, rule }, gone) =>
      changes.push(
        [pid, gone ? "gone" : state, decoder ?? reason?.code, rule?.name].filter((word) => word != null)
          .join(" "),
      ),
    log: createLogger({ write: () => {} }),
    signal: new AbortController().signal,
  });
  const states = () =>
    discovery.targets().map(({ state, decoder, reason }) => [state, decoder ?? reason?.code]);
  const install = (name: string, digest: string, goRange = RANGE) =>
    assert.ok(!("code" in registry.install({ ...fakePack({ name, goRange }), digest }, "pushed")));
  return { registry, discovery, states, install, calls, targets, changes };
}
