/** A process as selection rules see it. Made by Discovery once for each program that a process runs. */
import { httpInstrumentation } from "../goexe/instrumentation.ts";
import type { Inspection } from "../goexe/types.ts";
import { parseKeyValues } from "../support/key_values.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { containerOf } from "./container.ts";

export interface Candidate {
  readonly pid: number;
  /** Path of the executable, without " (deleted)". */
  readonly exe: string;
  /** What follows the program's own name, with spaces between. */
  readonly args: string;
  readonly isGo: boolean;
  readonly containerId: string | null;
  /** What the process says of itself by OTEL_RESOURCE_ATTRIBUTES, and what its cgroup tells. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Module that makes HTTP spans in the program itself, or null. */
  readonly instrumentation: string | null;
}

export function candidateOf(process: ProcessInfo, inspection: Inspection): Candidate {
  const container = containerOf(process.cgroup);
  const attributes = new Map(ownAttributes(process.environment["OTEL_RESOURCE_ATTRIBUTES"] ?? ""));
  if (container) attributes.set("container.id", container.id);
  if (container?.podUid) attributes.set("k8s.pod.uid", container.podUid);
  return {
    pid: process.pid,
    exe: process.exe.replace(/ \(deleted\)$/, ""),
    args: process.args.slice(1).join(" "),
    isGo: inspection.kind !== "not-go",
    containerId: container?.id ?? null,
    attributes,
    instrumentation: inspection.kind === "go" ? httpInstrumentation(inspection.exe.modules) : null,
  };
}

/** None at all when there is a mistake in them, as where the resource is made. */
function ownAttributes(text: string): Array<[key: string, value: string]> {
  try {
    return parseKeyValues(text);
  } catch {
    return [];
  }
}
