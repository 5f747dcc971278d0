/**
 * Judges the processes of this machine as the agent would, without tracing them: the agent's own discovery over a loader
 * of its own, whose attaching is left out. Called by diagnose.ts when no agent runs, or to ask about single processes.
 */
import type { Config } from "../config/config.ts";
import { Discovery } from "../discovery/discovery.ts";
import type { DecoderChooser } from "../discovery/decoder_chooser.ts";
import { DecoderSlots } from "../discovery/slots.ts";
import type { Target } from "../discovery/target.ts";
import type { UnmatchedRule } from "../discovery/unmatched_rules.ts";
import { LoaderClient } from "../loader/client.ts";
import type { Logger } from "../support/log.ts";
import { RecordReader } from "../wire/records.ts";

export interface LocalTargetsOptions {
  /** build/tsunagi-go. */
  readonly loaderPath: string;
  /** Folder for the loader's pipe. */
  readonly pipeFolder: string;
  readonly config: Pick<Config, "select" | "sampler">;
  readonly chooser: DecoderChooser;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface LocalTargets {
  readonly targets: readonly Target[];
  readonly unmatchedRules: readonly UnmatchedRule[];
}

/** @throws {LoaderExitError} when the loader cannot start. */
export async function judgeTargets(options: LocalTargetsOptions): Promise<LocalTargets> {
  const { loaderPath, pipeFolder, config, chooser, log, signal } = options;
  const stop = new AbortController();
  await using client = await LoaderClient.start({
    path: loaderPath,
    pipeFolder,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  // The loader's own reason for its end comes by `hello`.
  const reading = handleRecords(client).catch((error) =>
    log.debug("cannot read the loader's pipe", { error })
  );
  try {
    await client.hello;
    const loader = withoutAttaching(client);
    const discovery = new Discovery({
      loader,
      slots: new DecoderSlots({ loader, decoders: NO_DECODERS, keeps: () => true }),
      chooser,
      select: config.select,
      sampler: config.sampler,
      measure: false,
      onTarget: () => {},
      log,
      signal: stop.signal,
    });
    await discovery.scan();
    return { targets: discovery.targets(), unmatchedRules: discovery.unmatchedRules() };
  } finally {
    stop.abort();
    await reading;
  }
}

/** Nothing is captured, so nothing is decoded. */
const NO_DECODERS = {
  use: () => Promise.resolve(),
  release: () => Promise.resolve(),
  inFlight: () => Promise.resolve(new Map<number, number>()),
};

/** The client as it is, but for what would change the kernel or a process. */
function withoutAttaching(client: LoaderClient): LoaderClient {
  const left: Partial<LoaderClient> = {
    attach: () => Promise.resolve(1),
    detach: () => Promise.resolve(),
    target: () => Promise.resolve(),
    plan: () => Promise.resolve(),
    layout: () => Promise.resolve(),
    flip: () => Promise.resolve(performance.now()),
    backfill: () => Promise.resolve(0),
  };
  return new Proxy(client, {
    get(target, name) {
      const own = Reflect.get(left, name) ?? Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** Until the loader has ended. */
async function handleRecords(client: LoaderClient): Promise<void> {
  using file = await Deno.open(client.fifoPath);
  const reader = new RecordReader();
  const chunk = new Uint8Array(65_536);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    reader.push(chunk.subarray(0, count), (record) => void client.handleRecord(record));
  }
}
