/** Runs the commands of `deno task doctor` and `deno task run`, as a user does, and reads what they say. */
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import type { Finding } from "../../src/doctor/finding.ts";
import { freePort, ROOT } from "../support/agent.ts";

export interface DoctorOptions {
  /** Words in front of the command: namespaces.ts. */
  readonly wrap?: readonly string[];
  /** Where the agent's API is; default: where nothing is. */
  readonly listen?: string;
}

/** What it found, and how it ended. */
export interface Diagnosis {
  readonly code: number;
  readonly findings: readonly Finding[];
}

/** A command that has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends with an error when it writes anything but its findings. */
export async function diagnose(
  args: readonly string[] = [],
  options: DoctorOptions = {},
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runDoctor(["--json", ...args], options);
  assert.equal(stderr, "");
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  assert.equal(ok, code === 0, "the status and what is said agree");
  assert.equal(findings.some(({ severity }) => severity === "fail"), !ok);
  for (const { severity, code, cause, remedy } of findings) {
    assert.notEqual(cause, "");
    assert.equal(code === "ok", severity === "ok", `${code}: ${cause}`);
    if (severity === "warn" || severity === "fail") assert.notEqual(remedy, "", code);
  }
  return { code, findings };
}

export function runDoctor(args: readonly string[], options: DoctorOptions = {}): Promise<Ended> {
  return runTask("doctor", args, options);
}

/** Runs the agent, which is expected to end by itself. */
export function runAgent(args: readonly string[], options: DoctorOptions = {}): Promise<Ended> {
  return runTask("run", args, options);
}

async function runTask(
  task: "doctor" | "run",
  args: readonly string[],
  { wrap = [], listen = `127.0.0.1:${freePort()}` }: DoctorOptions,
): Promise<Ended> {
  const words = config.tasks[task].command.split(" ");
  const [program, ...rest] = [...wrap, ...words, "--listen", listen, ...args];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args: rest,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** The one finding with this code. */
export function findingOf({ findings }: Diagnosis, code: string): Finding {
  const found = findings.filter((finding) => finding.code === code);
  assert.equal(found.length, 1, `${code} among ${JSON.stringify(findings, null, 1)}`);
  return found[0]!;
}

/** What is said of a process. */
export function processFinding({ findings }: Diagnosis, pid: number): Finding {
  const found = findings.filter(({ group, what }) =>
    group === "targets" && what.startsWith(`process ${pid} `)
  );
  assert.equal(found.length, 1, `process ${pid} among ${JSON.stringify(findings, null, 1)}`);
  return found[0]!;
}
