/**
 * What `tsunagi-go --check` says of this machine: it may read /proc and /sys and load programs, the service may not.
 * The lines are defined in loader/doctor.h; judged by machine.ts.
 */

/** Something that a start needs, tried for real; `exit` is the loader's exit code for it, 0 when it is there. */
export interface CheckLine {
  readonly check: string;
  readonly exit: number;
  readonly message: string;
}

/** Lines of the other kind, by their name. */
export interface Facts {
  readonly kernel?: { readonly release: string; readonly machine: string };
  readonly lockdown?: { readonly mode: "none" | "integrity" | "confidentiality" | "unknown" };
  /** -1: no limit. */
  readonly limits?: { readonly openFiles: number };
  readonly cgroup?: { readonly path: string };
  readonly features?: {
    readonly uprobeMulti: boolean;
    readonly sockhash: boolean;
    readonly fionreadDefect: boolean;
  };
  /** Whether programs of others could be listed. */
  readonly others?: { readonly listed: boolean; readonly error: string };
}

/** A program of the kernel that decides over sockets; `pid` is 0 where nobody holds it open. */
export interface SocketProgram {
  readonly id: number;
  readonly type: "sk_msg" | "sk_skb" | "sock_ops";
  readonly program: string;
  readonly pid: number;
  readonly name: string;
  readonly inCgroup: boolean;
}

/** A process that holds uprobes: links of many sites, and perf events. */
export interface UprobeHolder {
  readonly pid: number;
  readonly name: string;
  readonly links: number;
  readonly events: number;
  /** An executable with such a probe, "" where the kernel does not tell. */
  readonly example: string;
}

export interface MachineFacts {
  readonly checks: readonly CheckLine[];
  readonly facts: Facts;
  readonly settings: ReadonlyMap<string, number>;
  readonly socketPrograms: readonly SocketProgram[];
  readonly uprobes: readonly UprobeHolder[];
  /** Loaders of Tsunagi that run. */
  readonly loaders: readonly number[];
  /** What libbpf and the verifier wrote. */
  readonly words: string;
}

type Line = Readonly<Record<string, unknown>>;

/**
 * Runs the loader's check.
 *
 * @throws {Error} when it cannot be run or ends without a sound report.
 */
export async function readMachineFacts(
  path: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<MachineFacts> {
  const { stdout, stderr, success, code } = await new Deno.Command(path, {
    args: ["--check"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).output();
  const words = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Error(`Cannot check the machine: ${path} --check ended with ${code}: ${words}`);
  return parseMachineFacts(new TextDecoder().decode(stdout), words);
}

/** @throws {Error} for a line that is no JSON object. */
export function parseMachineFacts(text: string, words = ""): MachineFacts {
  const lines = text.split("\n").filter((line) => line !== "").map(parseLine);
  const all = (fact: string) => lines.filter((line) => line.fact === fact);
  const single = ["kernel", "lockdown", "limits", "cgroup", "features", "others"];
  return {
    checks: lines.filter((line) => "check" in line) as unknown as CheckLine[],
    facts: Object.fromEntries(
      lines.filter(({ fact }) => single.includes(String(fact))).map(
        (line) => [String(line.fact), line],
      ),
    ),
    settings: new Map(all("setting").map(({ name, value }) => [String(name), Number(value)])),
    socketPrograms: all("socket-program") as unknown as SocketProgram[],
    uprobes: all("uprobes") as unknown as UprobeHolder[],
    loaders: all("loader").map(({ pid }) => Number(pid)),
    words,
  };
}

function parseLine(line: string): Line {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value as Line;
  } catch (cause) {
    throw new Error(`Cannot read what the loader says of the machine: ${line}`, { cause });
  }
  throw new Error(`Cannot read what the loader says of the machine: ${line}`);
}
