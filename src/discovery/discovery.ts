/**
 * Finds Go processes and brings each to its state: traced, refused or excluded. One instance lives as long as
 * one loader; App feeds it the exec and exit records and shows `targets()` in the status API.
 */
import type { LoaderClient } from "../loader/client.ts";
import type { ProcessInfo } from "../wire/process.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { DecoderRegistry } from "../decoder/registry.ts";
import type { Inspection } from "../goexe/types.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { SamplerConfig } from "../config/schema.ts";
import { inspectGoExe } from "../goexe/inspect.ts";
import { ExeSource } from "../loader/exe_source.ts";
import { Executables } from "./executables.ts";
import { dependsOnPorts, exclusion, type SelectionRules } from "./selector.ts";
import type { Target } from "./target.ts";

const PORT_POLL_MS = 1_000;
const MAX_REMEMBERED_INSPECTIONS = 4_096;

/** How `Discovery` is made. */
export interface DiscoveryOptions {
  readonly loader: LoaderClient;
  readonly registry: DecoderRegistry;
  readonly rules: SelectionRules;
  readonly sampler: SamplerConfig;
  readonly useDecoder: (slot: number, pack: DecoderPack) => Promise<void>;
  /** Called when a process was recognised as Go, before any of its spans. */
  readonly onTarget: (target: Target) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Tracked {
  readonly target: Target;
  readonly identity: string;
  holdsAttachment: boolean;
  gone: boolean;
}

/** Watches the processes of a node. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #executables: Executables;
  readonly #inspections = new Map<string, Promise<Inspection>>();
  readonly #tracked = new Map<number, Tracked>();
  /** The newest that is known of each process under work: what was learnt earlier must not replace it. */
  readonly #newest = new Map<number, ProcessInfo>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#executables = new Executables({ loader: options.loader, useDecoder: options.useDecoder });
  }

  /** Every Go process known, by pid. */
  targets(): Target[] {
    return [...this.#tracked.values()].map(({ target }) => target).sort((a, b) => a.pid - b.pid);
  }

  /** Considers every process that runs now; resolves when each has its state. */
  async scan(): Promise<void> {
    const processes = await this.#options.loader.list();
    const unseen = processes.filter(({ pid }) => !this.#newest.has(pid));
    await Promise.all(unseen.map((process) => this.#consider(process)));
  }

  /** Process events were lost: compares what is known with what runs. */
  async rescan(): Promise<void> {
    const processes = await this.#options.loader.list();
    const running = new Set(processes.map(({ pid }) => pid));
    const ended = [...this.#tracked.keys()].filter((pid) => !running.has(pid));
    const changed = processes.filter((process) =>
      this.#tracked.get(process.pid)?.identity !== identityOf(process)
    );
    await Promise.all([
      ...ended.map((pid) => this.onExit(pid)),
      ...changed.map(({ pid }) => this.onExec(pid)),
    ]);
  }

  /** A process began a program. */
  async onExec(pid: number): Promise<void> {
    await this.onExit(pid);
    let process: ProcessInfo;
    try {
      process = await this.#options.loader.describe(pid);
    } catch {
      return; // It ended before it could be looked at.
    }
    await this.#consider(process);
  }

  /** A process ended, or began another program. */
  async onExit(pid: number): Promise<void> {
    this.#newest.delete(pid);
    const tracked = this.#tracked.get(pid);
    if (!tracked) return;
    tracked.gone = true;
    this.#tracked.delete(pid);
    await this.#release(tracked);
  }

  async #consider(process: ProcessInfo): Promise<void> {
    const beganMs = performance.now();
    const identity = identityOf(process);
    this.#newest.set(process.pid, process);
    const inspection = await this.#inspect(identity, process);
    if (this.#newest.get(process.pid) !== process) return;
    if (inspection.kind === "not-go") {
      this.#newest.delete(process.pid);
      return;
    }
    const target: Target = {
      pid: process.pid,
      exe: process.exe,
      environment: process.environment,
      state: "attaching",
      reason: null,
      goVersion: inspection.kind === "go" ? inspection.exe.goVersion : inspection.goVersion,
      decoder: null,
      sites: [],
    };
    const tracked: Tracked = { target, identity, holdsAttachment: false, gone: false };
    this.#tracked.set(process.pid, tracked);
    this.#options.onTarget(target);
    const excluded = await this.#exclusion(target);
    if (excluded) {
      settle(target, "excluded", excluded);
      if (dependsOnPorts(this.#options.rules)) this.#watchPorts(tracked, inspection);
      return;
    }
    await this.#trace(tracked, inspection, beganMs);
  }

  async #trace(tracked: Tracked, inspection: Inspection, beganMs: number): Promise<void> {
    const { target } = tracked;
    const { log } = this.#options;
    if (inspection.kind === "not-go") return;
    if (inspection.kind === "refused") return this.#refuse(target, inspection.reason);
    const choice = this.#options.registry.select(inspection.exe.goVersion);
    if ("code" in choice) return this.#refuse(target, choice);
    let adoptedSockets: number;
    try {
      await this.#options.loader.target(target.pid, { enabled: true, ...this.#options.sampler });
      tracked.holdsAttachment = true;
      await this.#executables.acquire(tracked.identity, target.pid, inspection.exe, choice);
      adoptedSockets = await this.#options.loader.backfill(target.pid);
    } catch (error) {
      if (!tracked.gone) this.#refuse(target, attachFailure(error));
      await this.#release(tracked);
      return;
    }
    if (tracked.gone) return await this.#release(tracked);
    target.decoder = choice.manifest.name;
    target.sites = inspection.exe.sites;
    settle(target, "traced", null);
    log.info("traces a process", {
      pid: target.pid,
      exe: target.exe,
      go: target.goVersion ?? "",
      decoder: choice.manifest.name,
      adoptedSockets,
      ms: Math.round(performance.now() - beganMs),
    });
  }

  #refuse(target: Target, reason: Reason): void {
    settle(target, "refused", reason);
    this.#options.log.warn("cannot trace a process", { pid: target.pid, exe: target.exe, ...reason });
  }

  async #release(tracked: Tracked): Promise<void> {
    if (!tracked.holdsAttachment) return;
    tracked.holdsAttachment = false;
    await this.#executables.release(tracked.identity, tracked.target.pid);
  }

  async #exclusion(target: Target): Promise<Reason | null> {
    const { rules, loader } = this.#options;
    const withoutPorts = exclusion(rules, target, []);
    if (!withoutPorts || !dependsOnPorts(rules)) return withoutPorts;
    const ports = await loader.ports(target.pid).catch(() => []);
    return exclusion(rules, target, ports);
  }

  /** A server listens some time after its exec, so an excluded process is asked again while it lives. */
  #watchPorts(tracked: Tracked, inspection: Inspection): void {
    const timer = setInterval(async () => {
      if (tracked.gone || this.#options.signal.aborted) return clearInterval(timer);
      if (await this.#exclusion(tracked.target)) return;
      clearInterval(timer);
      if (tracked.gone || tracked.target.state !== "excluded") return;
      tracked.target.state = "attaching";
      tracked.target.reason = null;
      await this.#trace(tracked, inspection, performance.now());
    }, PORT_POLL_MS);
    Deno.unrefTimer(timer);
  }

  #inspect(identity: string, process: ProcessInfo): Promise<Inspection> {
    let inspection = this.#inspections.get(identity);
    if (inspection) return inspection;
    if (this.#inspections.size >= MAX_REMEMBERED_INSPECTIONS) {
      const [oldest] = this.#inspections.keys();
      if (oldest !== undefined) this.#inspections.delete(oldest);
    }
    const source = new ExeSource({ loader: this.#options.loader, pid: process.pid, size: process.exeBytes });
    inspection = inspectGoExe(source).catch((error) => {
      // A process that ended while it was read; the next one of this binary is read afresh.
      this.#options.log.debug("cannot read an executable", { pid: process.pid, exe: process.exe, error });
      this.#inspections.delete(identity);
      return { kind: "not-go" };
    });
    this.#inspections.set(identity, inspection);
    return inspection;
  }
}

/** What the kernel says of the file, not its build id: whoever copies one could plant sites for another program. */
function identityOf({ exeDevice, exeInode, exeModifiedNs, exeBytes }: ProcessInfo): string {
  return `${exeDevice}:${exeInode}:${exeModifiedNs}:${exeBytes}`;
}

function settle(target: Target, state: Target["state"], reason: Reason | null): void {
  target.state = state;
  target.reason = reason;
}

function attachFailure(error: unknown): Reason {
  return {
    code: "attach-failed",
    message: error instanceof Error ? error.message : String(error),
    remedy: "See the loader's message; a process that has just ended needs nothing",
  };
}
