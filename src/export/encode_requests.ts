/** Turns waiting spans into requests of a protocol, none larger than servers have to take. Used by OtlpExporter. */
import type { Protocol } from "../config/config.ts";
import { splitSpans } from "../trace/split.ts";
import { encodeRequest } from "./otlp_request.ts";
import { encodeJsonRequest } from "./otlp_request_json.ts";
import type { QueueItem } from "./queue.ts";

/**
 * The specification's default is 64 MiB before and after compression ("OTLP/HTTP Request"); gzip makes what it cannot
 * compress a little longer.
 */
export const MAX_REQUEST_BYTES = 63 * 1024 * 1024;

export interface EncodedRequests {
  readonly requests: readonly { readonly spans: number; readonly message: Uint8Array<ArrayBuffer> }[];
  /** Spans that no request can hold, by reason: too_large, malformed. */
  readonly lost: Readonly<Record<string, number>>;
}

/** Requests for all of `items`, in order. */
export function encodeRequests(
  items: readonly QueueItem[],
  { protocol, maxBytes = MAX_REQUEST_BYTES }: { protocol: Protocol; maxBytes?: number },
): EncodedRequests {
  const encode = protocol === "http/json" ? encodeJsonRequest : encodeRequest;
  const requests: EncodedRequests["requests"][number][] = [];
  const lost: Record<string, number> = {};
  const lose = (reason: string, spans: number) => {
    if (spans > 0) lost[reason] = (lost[reason] ?? 0) + spans;
  };
  const add = (part: readonly QueueItem[]) => {
    const count = part.reduce((sum, item) => sum + item.count, 0);
    const encoded = encode(part);
    if (encoded.message.length > maxBytes) {
      if (count === 1) lose("too_large", 1);
      else halve(part).forEach(add);
      return;
    }
    lose("malformed", count - encoded.spans);
    if (encoded.spans > 0) requests.push(encoded);
  };
  add(items);
  return { requests, lost };
}

/** Two parts of about as many items, or of as many spans where there is one item; there are two spans at least. */
function halve(items: readonly QueueItem[]): QueueItem[][] {
  if (items.length > 1) {
    const middle = items.length >> 1;
    return [items.slice(0, middle), items.slice(middle)];
  }
  const [item] = items as [QueueItem];
  const middle = item.count >> 1;
  const at = splitSpans(item.bytes)[middle]!.fieldStart;
  return [
    [{ ...item, count: middle, bytes: item.bytes.subarray(0, at) }],
    [{ ...item, count: item.count - middle, bytes: item.bytes.subarray(at) }],
  ];
}
