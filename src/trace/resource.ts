/**
 * Who a span comes from: the resource of one traced process, encoded once. Made by the composition root when a
 * target appears; exporter, store and printer share it.
 */
import { describeError } from "../support/errors.ts";
import { parseKeyValues } from "../support/key_values.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { VERSION } from "../support/version.ts";
import { type Attribute, writeAttribute } from "./attributes.ts";
import * as names from "./names.ts";

/** A resource; one object for each process, so identity is equality. */
export interface Resource {
  readonly serviceName: string;
  readonly attributes: readonly Attribute[];
  /** message Resource, without a tag before it. */
  readonly encoded: Uint8Array<ArrayBuffer>;
}

export interface ResourceOptions {
  readonly pid: number;
  /** Path of the executable, as the kernel tells it. */
  readonly exe: string;
  /** "go1.26.8" */
  readonly goVersion: string | null;
  /** OTEL_* variables of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly hostName: string;
  /** Service name and namespace by the rule that selects the process, or null. */
  readonly name?: string | null;
  readonly namespace?: string | null;
  /** Null: in none. */
  readonly containerId?: string | null;
  /** metadata.uid of its Kubernetes pod. */
  readonly podUid?: string | null;
  /** Told about a variable that cannot be used. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * Builds the resource. What the agent's configuration says of the process wins, then what the process's owner set,
 * then what was found; but nobody may pass for another agent.
 */
export function createResource(options: ResourceOptions): Resource {
  const { pid, goVersion, environment, hostName, name, namespace, containerId, podUid } = options;
  const exe = options.exe.replace(/ \(deleted\)$/, "");
  const exeName = exe.slice(exe.lastIndexOf("/") + 1);
  const own = ownAttributes(options);
  const serviceName = name || environment["OTEL_SERVICE_NAME"]?.trim() || own.get(names.SERVICE_NAME) ||
    exeName || "unknown_service:go";

  const merged = new Map<string, string | bigint>([
    [names.SERVICE_INSTANCE_ID, `${hostName}:${pid}`],
    [names.PROCESS_PID, BigInt(pid)],
    [names.PROCESS_EXECUTABLE_NAME, exeName],
    [names.PROCESS_EXECUTABLE_PATH, exe],
    [names.PROCESS_RUNTIME_NAME, "go"],
    ...(goVersion === null ? [] : [[names.PROCESS_RUNTIME_VERSION, goVersion] as const]),
    [names.HOST_NAME, hostName],
    [names.OS_TYPE, "linux"],
    ...(containerId ? [[names.CONTAINER_ID, containerId] as const] : []),
    ...(podUid ? [[names.K8S_POD_UID, podUid] as const] : []),
    ...own,
    ...(namespace ? [[names.SERVICE_NAMESPACE, namespace] as const] : []),
    [names.SERVICE_NAME, serviceName],
    [names.TELEMETRY_SDK_NAME, "tsunagi"],
    [names.TELEMETRY_SDK_LANGUAGE, "go"],
    [names.TELEMETRY_SDK_VERSION, VERSION],
    [names.TELEMETRY_DISTRO_NAME, "tsunagi"],
    [names.TELEMETRY_DISTRO_VERSION, VERSION],
  ]);

  const writer = new ProtoWriter();
  const attributes: Attribute[] = [];
  for (const [key, value] of merged) {
    attributes.push({ key, value });
    writer.bytesField(1, writeAttribute(key, value));
  }
  return { serviceName, attributes, encoded: writer.finish() };
}

/** OTEL_RESOURCE_ATTRIBUTES; discarded whole on any mistake, as the specification wants. */
function ownAttributes({ environment, onProblem }: ResourceOptions): Map<string, string> {
  try {
    return new Map(parseKeyValues(environment["OTEL_RESOURCE_ATTRIBUTES"] ?? ""));
  } catch (error) {
    onProblem?.(`Cannot use OTEL_RESOURCE_ATTRIBUTES of the process: ${describeError(error)}; it is ignored`);
    return new Map();
  }
}
