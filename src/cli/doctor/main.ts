/** `deno task doctor`: reads the command line and the configuration, runs the examination, shows it. */
import { isAbsolute, join } from "node:path";
import type { Flags } from "../../config/from_flags.ts";
import { inspectConfig } from "../../config/load.ts";
import { diagnose } from "../../doctor/diagnose.ts";
import type { Finding } from "../../doctor/finding.ts";
import { describeError } from "../../support/errors.ts";
import { createLogger } from "../../support/log.ts";
import { UsageError } from "../flags.ts";
import { type DoctorCommand, parseDoctorCommand } from "./args.ts";
import { HELP } from "./help.ts";
import { Report } from "./report.ts";

/** The process it runs in. */
export interface DoctorContext {
  /** Writes to stdout; a line break is added. */
  readonly print: (line: string) => void;
  /** Writes to stderr. */
  readonly complain: (line: string) => void;
  readonly getEnv: (name: string) => string | undefined;
  readonly colour: boolean;
  readonly columns: number;
  /** build/ with its final slash. */
  readonly build: URL;
  readonly signal: AbortSignal;
}

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** 128 + SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130;

/** @returns the exit status. */
export async function runDoctor(args: readonly string[], context: DoctorContext): Promise<number> {
  try {
    const command = parseDoctorCommand(args);
    if (command.kind === "help") {
      context.print(HELP.trimEnd());
      return 0;
    }
    return await examine(command, context);
  } catch (error) {
    context.complain(describeError(error));
    if (error instanceof UsageError) context.complain("see deno task doctor --help");
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function examine(
  { flags, json }: Extract<DoctorCommand, { kind: "diagnose" }>,
  { print, getEnv, colour, columns, build, signal }: DoctorContext,
): Promise<number> {
  const configuration = await inspectConfig({ flags: fromCaller(flags, getEnv), getEnv });
  const asks = [flags.exe, flags.port, flags.pid].some((values) => values && values.length > 0);
  const findings: Finding[] = [];
  const report = json ? null : new Report({ colour, columns, print });
  // What the stages log is in the findings, in words for people.
  const log = createLogger({ level: "error", write: () => {} });
  for await (const finding of diagnose({ configuration, asks, build, log, signal })) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    findings.push(finding);
    report?.add(finding);
  }
  report?.close();
  const failed = findings.some(({ severity }) => severity === "fail");
  if (json) print(JSON.stringify({ ok: !failed, findings }, null, 2));
  if (configuration.config === null) return EXIT_USAGE;
  return failed ? EXIT_FAILED : 0;
}

/** `deno task` changes to the project and leaves in INIT_CWD where it was called; paths are meant from there. */
function fromCaller(flags: Flags, getEnv: DoctorContext["getEnv"]): Flags {
  const from = getEnv("INIT_CWD");
  const path = (given: string | undefined) =>
    from === undefined || given === undefined || isAbsolute(given) ? given : join(from, given);
  return { ...flags, config: path(flags.config), decoders: path(flags.decoders) };
}
