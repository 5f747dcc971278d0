/** Reads the messages that a collector answers with, in either encoding. Answers are bounded and never trusted. */
import { ProtoReader, WIRE_BYTES, WIRE_VARINT } from "../support/proto_reader.ts";
import { escapeControls } from "../support/text.ts";

/** Of a request that was taken. */
export interface PartialSuccess {
  /** Spans or data points that were not. */
  readonly rejected: number;
  /** Why, or a warning; "" when nothing is said. */
  readonly message: string;
}

const MAX_MESSAGE_LENGTH = 300;

/** partial_success of an Export...ServiceResponse; an answer that is none says nothing was rejected. */
export function readPartialSuccess(body: Uint8Array, contentType: string): PartialSuccess {
  try {
    return isJson(contentType) ? readJson(body) : readProtobuf(body);
  } catch {
    // Some servers answer 200 with a page or a word. The status alone says that they took the spans.
    return { rejected: 0, message: "" };
  }
}

/** The reason in an error answer: google.rpc.Status.message = 2 in protobuf or JSON, or plain text. */
export function readErrorMessage(body: Uint8Array, contentType: string): string {
  const text = () => shorten(new TextDecoder().decode(body));
  try {
    if (isJson(contentType)) {
      const message = (JSON.parse(new TextDecoder().decode(body)) as { message?: unknown } | null)?.message;
      return typeof message === "string" ? shorten(message) : text();
    }
    if (!contentType.includes("protobuf")) return text();
    const reader = new ProtoReader(body);
    let message = "";
    while (!reader.done) {
      const tag = reader.tag();
      if (tag === (2 << 3 | WIRE_BYTES)) message = reader.string();
      else reader.skip(tag);
    }
    return shorten(message);
  } catch {
    return text();
  }
}

/** A server's words, fit for one line of a log. */
export function shorten(message: string): string {
  const line = escapeControls(message.trim());
  return line.length > MAX_MESSAGE_LENGTH ? line.slice(0, MAX_MESSAGE_LENGTH) + "…" : line;
}

function isJson(contentType: string): boolean {
  return contentType.includes("json");
}

/** message Export...PartialSuccess { int64 rejected_spans or rejected_data_points = 1; string error_message = 2; } */
function readProtobuf(body: Uint8Array): PartialSuccess {
  let rejected = 0;
  let message = "";
  const response = new ProtoReader(body);
  while (!response.done) {
    const tag = response.tag();
    if (tag !== (1 << 3 | WIRE_BYTES)) {
      response.skip(tag);
      continue;
    }
    const partial = response.message();
    while (!partial.done) {
      const tag = partial.tag();
      if (tag === (1 << 3 | WIRE_VARINT)) rejected = Number(partial.int64());
      else if (tag === (2 << 3 | WIRE_BYTES)) message = shorten(partial.string());
      else partial.skip(tag);
    }
  }
  return { rejected: Math.max(0, rejected), message };
}

function readJson(body: Uint8Array): PartialSuccess {
  const response = JSON.parse(new TextDecoder().decode(body)) as {
    partialSuccess?: { rejectedSpans?: unknown; rejectedDataPoints?: unknown; errorMessage?: unknown };
  } | null;
  const { rejectedSpans, rejectedDataPoints, errorMessage } = response?.partialSuccess ?? {};
  // int64 is a string in protobuf's JSON; numbers are accepted as well.
  const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? 0);
  return {
    rejected: Number.isSafeInteger(rejected) ? Math.max(0, rejected) : 0,
    message: typeof errorMessage === "string" ? shorten(errorMessage) : "",
  };
}
