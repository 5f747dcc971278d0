/** What the loader's exit codes (loader/log.h) mean for people. Used by LoaderClient. */
import type { Reason } from "../support/reason.ts";

const REASONS: Readonly<Record<number, Omit<Reason, "message">>> = {
  2: { code: "loader-usage", remedy: "Install the loader and the service of one release" },
  3: {
    code: "loader-permission",
    remedy: "Run as root, or give the loader cap_bpf, cap_perfmon, cap_net_admin, cap_sys_ptrace and " +
      "cap_dac_read_search",
  },
  4: {
    code: "kernel-feature-missing",
    remedy: "Use Linux 5.15 or later with the option that the message names",
  },
  5: { code: "cgroup-v2-missing", remedy: "Mount cgroup v2 and make it visible to the agent" },
  6: { code: "loader-internal", remedy: "Report the loader's message" },
  7: { code: "kernel-btf-missing", remedy: "Use a kernel built with CONFIG_DEBUG_INFO_BTF=y and mount /sys" },
  8: { code: "ring-buffer-missing", remedy: "Use Linux 5.8 or later and leave memory for the ring buffer" },
  9: {
    code: "load-refused",
    remedy: "Report the verifier's words in the log together with the kernel release",
  },
  10: { code: "loader-output", remedy: "Make the temporary folder writable for the agent" },
  11: {
    code: "pid-namespace",
    remedy: "Run the agent with the host's process ids (hostPID: true, --pid=host)",
  },
};

/** How a loader ended. */
export interface LoaderExit {
  readonly code: number;
  /** "SIGKILL", null when it ended by itself. */
  readonly signal: string | null;
  /** Last line that it wrote to stderr, "" for none. */
  readonly lastLine: string;
}

/** Null for an end without fault. */
export function exitReason({ code, signal, lastLine }: LoaderExit): Reason | null {
  if (code === 0 && signal === null) return null;
  const known = signal === null ? REASONS[code] : undefined;
  const message = lastLine !== ""
    ? lastLine
    : signal !== null
    ? `The loader was ended by ${signal}`
    : `The loader ended with code ${code}`;
  return {
    code: known?.code ?? "loader-died",
    message,
    remedy: known?.remedy ?? "The agent starts it again; report it when that happens often",
  };
}

/** True when the same loader on the same machine can only fail the same way again. */
export function isPermanent(reason: Reason): boolean {
  return reason.code === "wire-mismatch" ||
    Object.values(REASONS).some(({ code }) => code === reason.code && code !== "loader-internal");
}
