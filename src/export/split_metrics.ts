/**
 * Cuts an ExportMetricsServiceRequest that is larger than a server has to take at borders of processes
 * (resource_metrics). Used by MetricExporter.
 */
import type { Protocol } from "../config/config.ts";
import { ProtoReader, WIRE_BYTES } from "../support/proto_reader.ts";

/** Requests that say together what `message` says; null when the metrics of one process are too large. */
export function splitMetrics(
  message: Uint8Array<ArrayBuffer>,
  { protocol, maxBytes }: { protocol: Protocol; maxBytes: number },
): Uint8Array<ArrayBuffer>[] | null {
  if (message.length <= maxBytes) return [message];
  return protocol === "http/json" ? splitJson(message, maxBytes) : splitProtobuf(message, maxBytes);
}

/** The message is a run of fields that are requests by themselves. */
function splitProtobuf(message: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer>[] | null {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = new ProtoReader(message);
  let from = 0;
  let to = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag !== (1 << 3 | WIRE_BYTES)) throw new RangeError(`Cannot split metrics: field tag is ${tag}`);
    reader.skip(tag);
    if (reader.position - to > maxBytes) return null;
    if (reader.position - from > maxBytes) {
      parts.push(message.subarray(from, to));
      from = to;
    }
    to = reader.position;
  }
  parts.push(message.subarray(from, to));
  return parts;
}

const encoder = new TextEncoder();

function splitJson(message: Uint8Array<ArrayBuffer>, maxBytes: number): Uint8Array<ArrayBuffer>[] | null {
  const { resourceMetrics } = JSON.parse(new TextDecoder().decode(message)) as { resourceMetrics: unknown[] };
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const add = (resources: unknown[]): boolean => {
    const bytes = encoder.encode(JSON.stringify({ resourceMetrics: resources }));
    if (bytes.length <= maxBytes) return parts.push(bytes) > 0;
    const middle = resources.length >> 1;
    return middle > 0 && add(resources.slice(0, middle)) && add(resources.slice(middle));
  };
  return add(resourceMetrics) ? parts : null;
}
