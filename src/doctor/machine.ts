/** Judges the facts of a machine: what keeps the agent from starting, and what it can live with. Called by diagnose.ts. */
import { exitReason } from "../loader/exit_reason.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { CheckLine, MachineFacts, SocketProgram, UprobeHolder } from "./machine_facts.ts";

/** What each check of the loader is about, and what it means that it went well. */
const CHECKS: Readonly<Record<string, readonly [what: string, good: string]>> = {
  "capabilities": ["capabilities", "all that the loader needs"],
  "pid-namespace": ["process ids", "the host's"],
  "btf": ["BTF", "the kernel describes its types"],
  "ring-buffer": ["ring buffer", "there"],
  "sockhash": ["sockhash", "there"],
  "probe-cookies": ["probe cookies", "there"],
  "push-data": ["header insertion", "there (msg_push_data)"],
  "cgroup": ["cgroup v2", "mounted"],
  "load": ["BPF programs", "loaded, and taken out again"],
  "sk-msg": ["sk_msg program", "attached, and taken off again"],
  "sockops": ["sockops program", "attached, and taken off again"],
  "processes": ["process events", "attached, and taken off again"],
  "uprobe": ["uprobe", "attached to the loader itself, hit, and taken off again"],
};
/** Files a loader needs where each probe is one: 100 executables with 20 sites, and reserve. */
const MIN_OPEN_FILES = 4_096;
const LOADER = "tsunagi-go";

/** @returns at least one finding for each thing that was tried. */
export function judgeMachine(facts: MachineFacts): Finding[] {
  return [
    ...kernelFindings(facts),
    ...checkFindings(facts),
    ...settingFindings(facts),
    ...featureFindings(facts),
    ...otherFindings(facts),
  ];
}

/** Whether the agent's loader can start on this machine. */
export function canStart({ checks }: MachineFacts): boolean {
  return checks.every(({ exit }) => exit === 0);
}

function warn(what: string, code: string, message: string, remedy: string): Finding {
  return found("machine", "warn", what, { code, message, remedy });
}

function kernelFindings({ facts: { kernel, lockdown } }: MachineFacts): Finding[] {
  const findings: Finding[] = [];
  if (kernel) findings.push(ok("machine", "kernel", `Linux ${kernel.release}, ${kernel.machine}`));
  if (!lockdown) return findings;
  const { mode } = lockdown;
  if (mode !== "confidentiality") {
    const text = mode === "integrity"
      ? "integrity, under which everything works"
      : mode === "none"
      ? "off"
      : "cannot be told, as securityfs is not mounted";
    return [...findings, ok("machine", "lockdown", text)];
  }
  const failure = found("machine", "fail", "lockdown", {
    code: "lockdown-confidentiality",
    message: "The kernel is locked down for confidentiality, under which no program may read user memory",
    remedy: "Start the kernel with lockdown=integrity or without lockdown",
  });
  return [...findings, failure];
}

/** A failure that follows from an earlier one has the same code, and is told once. */
function checkFindings({ checks, facts, words }: MachineFacts): Finding[] {
  const told = new Set<string>();
  return checks.flatMap((line) => {
    const [what, good] = CHECKS[line.check] ?? [line.check, "there"];
    const reason = reasonOf(line);
    if (reason === null) {
      return ok("machine", what, line.check === "cgroup" && facts.cgroup ? facts.cgroup.path : good);
    }
    if (told.has(reason.code)) return [];
    told.add(reason.code);
    const message = line.check === "load" && words !== ""
      ? `${reason.message}\n${tail(words)}`
      : reason.message;
    return found("machine", "fail", what, { ...reason, message });
  });
}

function reasonOf({ exit, message }: CheckLine) {
  return exitReason({ code: exit, signal: null, lastLine: message });
}

/** The verifier tells its reason last. */
function tail(words: string): string {
  return words.split("\n").slice(-8).join("\n");
}

function settingFindings({ settings, facts: { limits, features } }: MachineFacts): Finding[] {
  const findings: Finding[] = [];
  if (settings.get("kernel.yama.ptrace_scope") === 3) {
    findings.push(warn(
      "kernel.yama.ptrace_scope",
      "ptrace-forbidden",
      "It is 3, so connections that a program has when it is first traced cannot be taken over; they carry no header",
      "Set it to 2 or less (needs a restart of the machine), or restart the programs after the agent",
    ));
  }
  if (settings.get("net.core.bpf_jit_enable") === 0) {
    findings.push(warn(
      "net.core.bpf_jit_enable",
      "bpf-jit-off",
      "It is 0, so the kernel interprets BPF programs and every probe costs several times more",
      "sysctl net.core.bpf_jit_enable=1",
    ));
  }
  const files = limits?.openFiles ?? -1;
  if (features && !features.uprobeMulti && files >= 0 && files < MIN_OPEN_FILES) {
    findings.push(warn(
      "open files",
      "few-open-files",
      `The limit is ${files}, and before Linux 6.6 each probe takes one`,
      `Raise it to ${MIN_OPEN_FILES} or more (ulimit -n, LimitNOFILE= of a unit)`,
    ));
  }
  return findings;
}

function featureFindings({ facts: { features } }: MachineFacts): Finding[] {
  if (!features) return [];
  const findings: Finding[] = [];
  if (!features.uprobeMulti) {
    findings.push(warn(
      "uprobe_multi",
      "uprobe-multi-missing",
      "The kernel attaches probes one by one, so that attaching and ending take seconds",
      "Use Linux 6.6 or later; everything works without it",
    ));
  }
  if (!features.sockhash) {
    findings.push(warn(
      "sockhash",
      "sockhash-unusable",
      "A socket of the loader's own could not be put into the socket map, so calls may carry no header",
      "See that the loopback interface is up, and which other tools have sk_msg or sk_skb programs",
    ));
  }
  if (features.fionreadDefect) {
    findings.push(warn(
      "FIONREAD",
      "sockhash-fionread-defect",
      "This kernel answers 0 to ioctl(FIONREAD) for a socket in a sockhash (6.6.128, 6.12.75, 6.18.14, 6.19 and " +
        "later ones of their series). Tsunagi puts client sockets of traced Go programs in, and net/http never asks",
      "Nothing, unless a traced program asks through cgo: leave that one out, or update the kernel",
    ));
  } else if (features.sockhash) findings.push(ok("machine", "FIONREAD", "answers for sockets in a sockhash"));
  return findings;
}

function otherFindings({ socketPrograms, uprobes, facts: { others } }: MachineFacts): Finding[] {
  if (others && !others.listed) {
    const reason = {
      code: "others-unknown",
      message: `Programs of other tools cannot be listed: ${others.error}`,
      remedy: "Run the doctor with cap_sys_admin to see them",
    };
    return [found("machine", "skip", "other tools", reason)];
  }
  const sockets = socketPrograms.filter(({ name }) => name !== LOADER).map(socketFinding);
  const probes = uprobes.filter(({ name }) => name !== LOADER).map(uprobeFinding);
  if (sockets.length + probes.length > 0) return [...sockets, ...probes];
  return [ok("machine", "other tools", "none with socket programs or uprobes")];
}

function socketFinding({ id, type, program, pid, name, inCgroup }: SocketProgram): Finding {
  const holder = pid === 0 ? "nobody (it is pinned)" : `${name} (process ${pid})`;
  const what = `${type} program ${id}`;
  // Those of a cgroup run one after the other; of the other types a socket has room for one.
  if (type === "sock_ops") {
    return found("machine", "skip", what, {
      code: "other-socket-program",
      message: `"${program}" of ${holder} runs ${
        inCgroup ? "beside Tsunagi's" : "in another cgroup"
      }, which is well`,
      remedy: "",
    });
  }
  return found("machine", "warn", what, {
    code: "other-socket-program",
    message:
      `"${program}" of ${holder}: connections that it has taken have no room for Tsunagi's, so calls on them ` +
      "carry no header",
    remedy:
      "Nothing, where that tool leaves traced programs alone; else let only one of the two write headers",
  });
}

function uprobeFinding({ pid, name, links, events, example }: UprobeHolder): Finding {
  const where = example === "" ? "" : `, one of them in ${example}`;
  return found("machine", "warn", `uprobes of ${name}`, {
    code: "other-uprobes",
    message:
      `Process ${pid} holds ${
        links + events
      } links or events of uprobes${where}: a program that two agents ` +
      "trace pays twice and has two spans for each request",
    remedy: "Let one of the two agents leave those programs out",
  });
}
