/** The agent itself as a resource: the service graph belongs to it, since its series are of no single process. */
import { ProtoWriter } from "../support/proto_writer.ts";
import { VERSION } from "../support/version.ts";
import { type Attribute, writeAttribute } from "../trace/attributes.ts";
import * as names from "../trace/names.ts";
import type { Resource } from "../trace/resource.ts";

/** @param hostName null where it is not known yet. */
export function ownResource({ hostName, pid }: { hostName: string | null; pid: number }): Resource {
  const serviceName = "tsunagi";
  const attributes: Attribute[] = [
    { key: names.SERVICE_NAME, value: serviceName },
    { key: names.SERVICE_INSTANCE_ID, value: `${hostName ?? "unknown"}:${pid}` },
    ...(hostName === null ? [] : [{ key: names.HOST_NAME, value: hostName }]),
    { key: names.TELEMETRY_SDK_NAME, value: "tsunagi" },
    { key: names.TELEMETRY_SDK_LANGUAGE, value: "go" },
    { key: names.TELEMETRY_SDK_VERSION, value: VERSION },
    { key: names.TELEMETRY_DISTRO_NAME, value: "tsunagi" },
    { key: names.TELEMETRY_DISTRO_VERSION, value: VERSION },
  ];
  const writer = new ProtoWriter();
  for (const { key, value } of attributes) writer.bytesField(1, writeAttribute(key, String(value)));
  return { serviceName, attributes, encoded: writer.finish() };
}
