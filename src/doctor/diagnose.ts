/** The examination as a whole, in the order of its report. Called by src/cli/doctor. */
import { Decoders } from "../app/decoders.ts";
import type { Config } from "../config/config.ts";
import { problemText } from "../config/config_error.ts";
import type { Inspected } from "../config/load.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import { checkApiPort } from "./api_port.ts";
import { checkCollector } from "./collector.ts";
import { judgeDecoders } from "./decoders.ts";
import { type Finding, found, ok } from "./finding.ts";
import { judgeTargets } from "./local_targets.ts";
import { canStart, judgeMachine } from "./machine.ts";
import { type MachineFacts, readMachineFacts } from "./machine_facts.ts";
import { examineProcesses } from "./processes.ts";
import type { RunningAgent } from "./running_agent.ts";

export interface DiagnoseOptions {
  readonly configuration: Inspected;
  /** Whether flags ask for single processes: --exe, --port, --pid. */
  readonly asks: boolean;
  /** build/ with its final slash. */
  readonly build: URL;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Findings as they come, so that a person sees the first ones at once. */
export async function* diagnose(options: DiagnoseOptions): AsyncGenerator<Finding> {
  const { configuration, build, signal } = options;
  const loaderPath = new URL("tsunagi-go", build).pathname;
  const machine = await examineMachine(loaderPath, signal);
  yield* machine.findings;
  yield* configurationFindings(configuration);
  const { config } = configuration;
  // What depends on it could only be examined as it is not meant.
  if (config === null) return;
  const { agent, findings } = await checkApiPort({ ...config.listen, loaders: machine.facts?.loaders ?? [] });
  yield* findings;
  yield await checkCollector("traces", config.traces, { stop: signal });
  yield await checkCollector("metrics", config.metrics, { stop: signal });
  yield* await examineDecodersAndProcesses(options, { config, agent, facts: machine.facts });
}

async function examineMachine(
  loaderPath: string,
  signal: AbortSignal,
): Promise<{ readonly facts: MachineFacts | null; readonly findings: readonly Finding[] }> {
  try {
    const facts = await readMachineFacts(loaderPath, { signal });
    return { facts, findings: judgeMachine(facts) };
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    const reason = {
      code: missing ? "loader-missing" : "loader-not-started",
      message: missing ? `There is no ${loaderPath}` : describeError(error),
      remedy: missing ? "Build it: deno task build" : "See the message",
    };
    return { facts: null, findings: [found("machine", "fail", "loader", reason)] };
  }
}

function configurationFindings({ config, problems }: Inspected): Finding[] {
  const findings = problems.map((problem) => {
    const wrong = problem.severity === "error";
    return found("configuration", wrong ? "fail" : "warn", "setting", {
      code: wrong ? "setting-wrong" : "setting-ignored",
      message: problemText(problem),
      remedy: wrong
        ? "Correct it; docs/configuration.md tells what each key means"
        : "Take it out, if it is not needed",
    });
  });
  if (config === null) return findings;
  const { file } = config;
  return [
    ok("configuration", "configuration", file === null ? "no file; flags and variables only" : file),
    ...findings,
  ];
}

async function examineDecodersAndProcesses(
  { asks, build, log, signal }: DiagnoseOptions,
  { config, agent, facts }: {
    readonly config: Config;
    readonly agent: RunningAgent | null;
    readonly facts: MachineFacts | null;
  },
): Promise<Finding[]> {
  let opened: Decoders;
  try {
    const bundled = new URL("decoders/", build);
    opened = await Decoders.open({ config: config.decoders, bundled, session: () => null, log });
  } catch (error) {
    return [found("decoders", "fail", "decoders", {
      code: "decoders-missing",
      message: `Cannot load those that come with Tsunagi: ${describeError(error)}`,
      remedy: "Build them: deno task build",
    })];
  }
  await using decoders = opened;
  const { decoders: active, refused } = await decoders.admin.list();
  const { directory } = config.decoders;
  const processes = await examineProcesses({
    agent,
    asks,
    judgeLocally: facts === null || !canStart(facts) ? null : () =>
      judgeTargets({
        loaderPath: new URL("tsunagi-go", build).pathname,
        pipeFolder: new URL("run/", build).pathname,
        config,
        chooser: decoders.chooser,
        log,
        signal,
      }),
  });
  return [
    ...judgeDecoders({ active, refused: agent ? agent.refusedDecoders : refused, directory }),
    ...processes,
  ];
}
