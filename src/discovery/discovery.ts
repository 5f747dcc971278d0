/**
 * Finds Go processes and brings each to its state: traced, refused or excluded. One instance lives as long as
 * one loader; Session feeds it the exec and exit records and tells it when decoders or rules have changed.
 */
import type { SamplerConfig, SelectConfig, SelectRule } from "../config/config.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { SwapReport } from "../registry/model.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { ProcessInfo } from "../wire/process.ts";
import type { DecoderChooser } from "./decoder_chooser.ts";
import { identityOf, Inspections } from "./inspections.ts";
import { OutsiderSearch } from "./outsider_search.ts";
import { notGo, ruleThatMeans } from "./outsiders.ts";
import { PortWatch } from "./port_watch.ts";
import { Selection, type Verdict } from "./selector.ts";
import type { DecoderSlots } from "./slots.ts";
import type { Target } from "./target.ts";
import { Tracing } from "./tracing.ts";
import {
  attaching,
  excluded,
  left,
  type OnChange,
  refused,
  type Sampling,
  tell,
  type Tracked,
  trackedOf,
} from "./tracked.ts";
import { rulesWithoutMatch, unmatched, type UnmatchedRule } from "./unmatched_rules.ts";

/** Which processes are traced, and how. */
export interface DiscoveryRules {
  readonly select: SelectConfig;
  /** For all but those whose rule has one of its own. */
  readonly sampler: SamplerConfig;
  /** Whether requests that are not sampled are measured; a rule that exports no metrics is stronger. */
  readonly measure: boolean;
}

/** How `Discovery` is made. */
export interface DiscoveryOptions extends DiscoveryRules {
  readonly loader: LoaderClient;
  readonly slots: DecoderSlots;
  readonly chooser: DecoderChooser;
  /**
   * Called when a process is listed, before any of its spans, and again when another rule selects it, which may
   * have another name for it.
   */
  readonly onTarget: (target: Target) => void;
  /** For whoever shows the list of targets as it changes. */
  readonly onChange?: OnChange;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Watches the processes of a node. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #inspections: Inspections;
  readonly #tracing: Tracing;
  readonly #portWatch: PortWatch;
  readonly #outsiderSearch: OutsiderSearch;
  readonly #tracked = new Map<number, Tracked>();
  /** The newest that is known of each process under work: what was learnt earlier must not replace it. */
  readonly #newest = new Map<number, ProcessInfo>();
  #rules: DiscoveryRules;
  #selection: Selection;
  #scanned = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#inspections = new Inspections(options);
    this.#tracing = new Tracing(options);
    this.#portWatch = new PortWatch({
      ports: (pid) => options.loader.ports(pid),
      onChange: (pid) => this.#onPorts(pid),
      signal: options.signal,
    });
    this.#outsiderSearch = new OutsiderSearch({
      ...options,
      isKnown: (pid) => this.#newest.has(pid),
      onFound: (process, ports) => this.#consider(process, { ports }),
    });
    this.#rules = options;
    this.#selection = new Selection(options.select);
  }

  /** Every Go process known, and those that are none though a rule means them; by pid. */
  targets(): Target[] {
    return [...this.#tracked.values()].map(({ target }) => target).sort((a, b) => a.pid - b.pid);
  }

  /** The process of that id, when it is listed. */
  target(pid: number): Target | undefined {
    return this.#tracked.get(pid)?.target;
  }

  /** Include rules that match no process; none before the first scan is over. */
  unmatchedRules(): readonly UnmatchedRule[] {
    return this.#scanned ? this.#rulesWithoutMatch().map(unmatched) : [];
  }

  #rulesWithoutMatch(): readonly SelectRule[] {
    return rulesWithoutMatch(this.#rules.select.include, [...this.#tracked.values()]);
  }

  /** Considers every process that runs now; resolves when each has its state. */
  async scan(): Promise<void> {
    await this.#considerUnlisted();
    this.#scanned = true;
    await this.#lookForOutsiders();
  }

  async #considerUnlisted(): Promise<void> {
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
    const seenMs = performance.now();
    await this.onExit(pid);
    let process: ProcessInfo;
    try {
      process = await this.#options.loader.describe(pid);
    } catch {
      return; // It ended before it could be looked at.
    }
    await this.#consider(process, { seenMs });
  }

  /** A process ended, or began another program. */
  async onExit(pid: number): Promise<void> {
    this.#newest.delete(pid);
    this.#portWatch.forget(pid);
    const tracked = this.#tracked.get(pid);
    if (!tracked) return;
    this.#tracked.delete(pid);
    left(tracked);
    await this.#tracing.end(tracked);
  }

  /**
   * Other rules, for all processes at once: newly selected ones are traced, others released; those that stay keep
   * their probes and lose no span. Resolves when each process has its state.
   */
  async reconfigure(rules: DiscoveryRules): Promise<void> {
    this.#rules = rules;
    this.#selection = new Selection(rules.select);
    await Promise.all([...this.#tracked.values()].map((tracked) => this.#settle(tracked)));
    await this.#considerUnlisted();
    await this.#catchUp();
    await this.#lookForOutsiders();
  }

  /**
   * The decoders have changed: every process gets the one that suits it now, or is refused, or traced at last.
   *
   * @throws {Error} when a decoder cannot be put into place; the processes then keep theirs.
   */
  async reselect(): Promise<SwapReport> {
    const outdated = [...this.#tracked.values()].filter((tracked) => this.#tracing.isOutdated(tracked));
    const { report, without } = await this.#tracing.swap(outdated);
    for (const tracked of without) await this.#tracing.end(tracked);
    const waiting = [...this.#tracked.values()].filter(({ choice, wantsDecoder }) =>
      choice === null && wantsDecoder
    );
    const untraced = [...new Set([...without, ...waiting])].filter(({ gone }) => !gone);
    untraced.forEach(attaching);
    await Promise.all(untraced.map((tracked) => this.#settle(tracked)));
    await this.#catchUp();
    return report;
  }

  /** Decoders may have changed while a process was being attached. */
  async #catchUp(): Promise<void> {
    if ([...this.#tracked.values()].some((tracked) => this.#tracing.isOutdated(tracked))) {
      await this.reselect();
    }
  }

  /** @param options on which ports it listens, when that is known, and when it was seen. */
  async #consider(
    process: ProcessInfo,
    { ports = null, seenMs = performance.now() }: {
      readonly ports?: readonly number[] | null;
      readonly seenMs?: number;
    } = {},
  ): Promise<void> {
    this.#newest.set(process.pid, process);
    const knowledge = await this.#inspections.of(identityOf(process), process);
    if (this.#newest.get(process.pid) !== process) return;
    const tracked = trackedOf(process, knowledge, this.#options.onChange);
    tracked.ports = ports;
    tracked.inspectionMs = performance.now() - seenMs;
    if (!tracked.candidate.isGo && (knowledge.isUnread || this.#ruleThatMeans(tracked) === null)) {
      this.#newest.delete(process.pid);
      return;
    }
    this.#tracked.set(process.pid, tracked);
    await this.#settle(tracked);
    if (this.#tracing.isOutdated(tracked)) await this.reselect();
  }

  /** Brings a process to the state that the rules of now want; one that is on its way there goes around again. */
  async #settle(tracked: Tracked): Promise<void> {
    if (!tracked.candidate.isGo) return this.#settleOutsider(tracked);
    tracked.stale = true;
    await (tracked.settling ??= this.#settleUntilFresh(tracked));
  }

  async #settleUntilFresh(tracked: Tracked): Promise<void> {
    try {
      while (tracked.stale && !tracked.gone) {
        tracked.stale = false;
        const verdict = await this.#judge(tracked);
        if (tracked.gone) return;
        if (verdict.kind === "excluded") await this.#exclude(tracked, verdict.reason);
        else if (verdict.kind === "selected") await this.#select(tracked, verdict.rule);
      }
    } finally {
      tracked.settling = null;
    }
  }

  async #judge(tracked: Tracked): Promise<Verdict> {
    const { candidate, target: { pid } } = tracked;
    const verdict = this.#selection.judge(candidate, null);
    tracked.ports = null;
    if (verdict.kind !== "ports-needed") {
      this.#portWatch.forget(pid);
      return verdict;
    }
    tracked.ports = await this.#options.loader.ports(pid).catch(() => []);
    if (!tracked.gone) this.#portWatch.watch(pid, tracked.ports);
    return this.#selection.judge(candidate, tracked.ports);
  }

  async #select(tracked: Tracked, rule: SelectRule | null): Promise<void> {
    this.#announce(tracked, rule);
    tell(tracked);
    const sampling = this.#samplingOf(rule);
    if (tracked.choice !== null) return await this.#tracing.resample(tracked, sampling);
    if (tracked.target.state === "refused") return;
    attaching(tracked);
    await this.#tracing.begin(tracked, sampling);
  }

  async #exclude(tracked: Tracked, reason: Reason): Promise<void> {
    const { target: { pid, exe, state } } = tracked;
    // Spans on their way keep the name that it had.
    if (tracked.announced === null) this.#announce(tracked, null);
    tracked.target.rule = null;
    tracked.wantsDecoder = false;
    excluded(tracked, reason);
    if (state === "traced") this.#options.log.info("no longer traces a process", { pid, exe, ...reason });
    await this.#tracing.end(tracked);
  }

  /** A program that is not Go is refused while a rule means it, and otherwise not listed. */
  #settleOutsider(tracked: Tracked): void {
    const rule = this.#ruleThatMeans(tracked);
    if (rule === null) {
      left(tracked);
      this.#tracked.delete(tracked.target.pid);
      this.#newest.delete(tracked.target.pid);
      return;
    }
    this.#announce(tracked, rule);
    refused(tracked, notGo(tracked.candidate, rule));
  }

  #ruleThatMeans({ candidate, ports }: Tracked): SelectRule | null {
    const rule = ruleThatMeans(this.#rules.select, candidate, ports);
    return rule === "ports-needed" ? null : rule;
  }

  async #lookForOutsiders(): Promise<void> {
    await this.#outsiderSearch.start(
      this.#rules.select,
      () => this.#rulesWithoutMatch().some(({ openPorts }) => openPorts.length > 0),
    );
  }

  #announce(tracked: Tracked, rule: SelectRule | null): void {
    tracked.target.rule = rule;
    if (tracked.announced?.rule === rule) return;
    tracked.announced = { rule };
    this.#options.onTarget(tracked.target);
  }

  #samplingOf(rule: SelectRule | null): Sampling {
    const { sampler, measure } = this.#rules;
    return {
      sampler: rule?.sampler ?? sampler,
      measure: measure && (rule?.exports?.includes("metrics") ?? true),
    };
  }

  #onPorts(pid: number): void {
    const tracked = this.#tracked.get(pid);
    if (!tracked || this.#options.signal.aborted) return;
    this.#settle(tracked).then(() => this.#catchUp()).catch((error) =>
      this.#options.log.error("discovery failed", { pid, error })
    );
  }
}
