/**
 * Statuses of gRPC, as their number, name and details come over the wire (github.com/grpc/grpc/blob/master/doc/
 * PROTOCOL-HTTP2.md, statuscodes.md), and which of them OTLP/gRPC calls retryable. Used by judgeReply().
 */
import { ProtoReader, WIRE_BYTES, WIRE_VARINT } from "../support/proto_reader.ts";
import { shorten } from "./otlp_response.ts";

/** By number. */
const NAMES = [
  "ok",
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

export type GrpcStatusName = typeof NAMES[number];

export interface GrpcStatus {
  readonly name: GrpcStatusName;
  /** The server's words in one line, "" for none. */
  readonly message: string;
  /** RetryInfo's delay; null where there is no RetryInfo. */
  readonly retryDelayMs: number | null;
}

/** OTLP specification, "OTLP/gRPC Response", "Failures": resource_exhausted is one only with RetryInfo. */
const RETRYABLE: ReadonlySet<GrpcStatusName> = new Set<GrpcStatusName>([
  "cancelled",
  "deadline_exceeded",
  "aborted",
  "out_of_range",
  "unavailable",
  "data_loss",
]);

export function isRetryable({ name, retryDelayMs }: GrpcStatus): boolean {
  return name === "resource_exhausted" ? retryDelayMs !== null : RETRYABLE.has(name);
}

/** What trailers say, or null where they have no status. Numbers that are none of gRPC's are `unknown`. */
export function readStatus(trailers: Readonly<Record<string, string>>): GrpcStatus | null {
  const code = trailers["grpc-status"];
  if (code === undefined) return null;
  const details = trailers["grpc-status-details-bin"];
  return {
    name: /^\d{1,2}$/.test(code) ? NAMES[Number(code)] ?? "unknown" : "unknown",
    message: shorten(decodePercent(trailers["grpc-message"] ?? "")),
    retryDelayMs: details === undefined ? null : readRetryDelay(details),
  };
}

/**
 * What gRPC takes the error code of an RST_STREAM frame for (PROTOCOL-HTTP2.md, "Errors"), but for 0, by which servers
 * that end leave calls: it may be tried again.
 */
export function statusOfReset(code: number): GrpcStatus {
  const names: Readonly<Record<number, GrpcStatusName>> = {
    0: "unavailable",
    7: "unavailable",
    8: "cancelled",
    11: "resource_exhausted",
    12: "permission_denied",
  };
  return {
    name: names[code] ?? "internal",
    message: `it reset the call with HTTP/2 error ${code}`,
    retryDelayMs: null,
  };
}

/** Percent-encoded UTF-8; what cannot be decoded stays as it is. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The delay in google.rpc.Status { repeated Any details = 3; } with Any { string type_url = 1; bytes value = 2; } of
 * RetryInfo { Duration retry_delay = 1; } (google/rpc/error_details.proto); null where it has none or cannot be read.
 */
function readRetryDelay(base64: string): number | null {
  try {
    const status = new ProtoReader(Uint8Array.fromBase64(base64));
    while (!status.done) {
      const tag = status.tag();
      if (tag !== (3 << 3 | WIRE_BYTES)) {
        status.skip(tag);
        continue;
      }
      const detail = status.message();
      let type = "";
      let value: ProtoReader | null = null;
      while (!detail.done) {
        const tag = detail.tag();
        if (tag === (1 << 3 | WIRE_BYTES)) type = detail.string();
        else if (tag === (2 << 3 | WIRE_BYTES)) value = detail.message();
        else detail.skip(tag);
      }
      if (type.endsWith("/google.rpc.RetryInfo")) return value === null ? 0 : readRetryInfo(value);
    }
  } catch {
    // Bytes that are no google.rpc.Status say nothing.
  }
  return null;
}

/** Milliseconds; Duration { int64 seconds = 1; int32 nanos = 2; } */
function readRetryInfo(info: ProtoReader): number {
  let delayMs = 0;
  while (!info.done) {
    const tag = info.tag();
    if (tag !== (1 << 3 | WIRE_BYTES)) {
      info.skip(tag);
      continue;
    }
    const duration = info.message();
    while (!duration.done) {
      const tag = duration.tag();
      if (tag === (1 << 3 | WIRE_VARINT)) delayMs += Number(duration.int64()) * 1_000;
      else if (tag === (2 << 3 | WIRE_VARINT)) delayMs += Number(duration.int64()) / 1e6;
      else duration.skip(tag);
    }
  }
  return Math.max(0, delayMs);
}
