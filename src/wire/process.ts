/** Processes as the loader found them in /proc: answers to LIST and DESCRIBE. Used by discovery. */
import {
  OFFSET_PROCESS_ARGS_BYTES,
  OFFSET_PROCESS_CGROUP_BYTES,
  OFFSET_PROCESS_ENV_BYTES,
  OFFSET_PROCESS_EXE_BYTES,
  OFFSET_PROCESS_EXE_BYTES_TOTAL,
  OFFSET_PROCESS_EXE_DEVICE,
  OFFSET_PROCESS_EXE_INODE,
  OFFSET_PROCESS_EXE_MODIFIED_NS,
  OFFSET_PROCESS_ID,
  OFFSET_PROCESS_PARENT_PID,
  OFFSET_PROCESS_START_NS,
  SIZEOF_PROCESS,
} from "../../bpf/wire.gen.ts";
import { Fields } from "./fields.ts";

export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  /** As /proc/PID/exe links to it; ends with " (deleted)" when it was replaced on disk. */
  readonly exe: string;
  readonly exeDevice: bigint;
  readonly exeInode: bigint;
  /** Size of the executable. */
  readonly exeBytes: number;
  readonly exeModifiedNs: bigint;
  /** Since boot. */
  readonly startNs: bigint;
  /** OTEL_* variables, without those that hold credentials (*_HEADERS). */
  readonly environment: Readonly<Record<string, string>>;
  /** As the process shows them, its own name first; at most 2 KiB, the last one may be cut. */
  readonly args: readonly string[];
  /** Path of its cgroup v2, else of a v1 one, as the loader sees it; "" for the root. */
  readonly cgroup: string;
}

/** A KIND_PROCESS record and the request that it answers. */
export interface ProcessRecord {
  readonly id: number;
  readonly process: ProcessInfo;
}

/** @throws {WireError} when the record is too short. */
export function decodeProcess(record: Uint8Array): ProcessRecord {
  const fields = new Fields(record, "PROCESS", SIZEOF_PROCESS);
  let at = SIZEOF_PROCESS;
  const nextText = (bytesAt: number) => {
    const bytes = fields.u32(bytesAt);
    at += bytes;
    return fields.text(at - bytes, bytes);
  };
  return {
    id: fields.u32(OFFSET_PROCESS_ID),
    process: {
      pid: fields.header().pid,
      parentPid: fields.u32(OFFSET_PROCESS_PARENT_PID),
      exe: nextText(OFFSET_PROCESS_EXE_BYTES),
      exeDevice: fields.u64(OFFSET_PROCESS_EXE_DEVICE),
      exeInode: fields.u64(OFFSET_PROCESS_EXE_INODE),
      exeBytes: Number(fields.u64(OFFSET_PROCESS_EXE_BYTES_TOTAL)),
      exeModifiedNs: fields.u64(OFFSET_PROCESS_EXE_MODIFIED_NS),
      startNs: fields.u64(OFFSET_PROCESS_START_NS),
      environment: parseEnvironment(nextText(OFFSET_PROCESS_ENV_BYTES)),
      args: parseArguments(nextText(OFFSET_PROCESS_ARGS_BYTES)),
      cgroup: nextText(OFFSET_PROCESS_CGROUP_BYTES),
    },
  };
}

function parseArguments(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

/** The first of several variables with one name counts, as in getenv(3). */
function parseEnvironment(text: string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const variable of text.split("\0")) {
    const equals = variable.indexOf("=");
    if (equals <= 0) continue;
    environment[variable.slice(0, equals)] ??= variable.slice(equals + 1);
  }
  return environment;
}
