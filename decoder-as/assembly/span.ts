/** What every span begins and ends with, whatever its kind. Called by server_span.ts and client_span.ts. */
import {
  OFFSET_HEADER_TIME_NS,
  OFFSET_SPAN_PARENT,
  OFFSET_SPAN_PARENT_ID,
  OFFSET_SPAN_SPAN_ID,
  OFFSET_SPAN_TRACE_FLAGS,
  OFFSET_SPAN_TRACE_ID,
  PARENT_REMOTE,
} from "../../bpf/wire.gen";
import { readU64, readU8 } from "./cursor";
import { WORD_REALTIME_OFFSET_NS } from "./memory_map";
import { flags, identity, kindAndTimes, parent } from "./otlp";
import { word } from "./status";

/* Span flags of trace.proto: SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK and SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK. */
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

export function writeIdentity(to: usize, start: usize): usize {
  const trace = start + OFFSET_SPAN_TRACE_ID;
  return identity(to, readU64(trace), readU64(trace + 8), readU64(start + OFFSET_SPAN_SPAN_ID));
}

export function writeParent(to: usize, start: usize): usize {
  const spanId = readU64(start + OFFSET_SPAN_PARENT_ID);
  return spanId == 0 ? to : parent(to, spanId);
}

/** Kind and both times; a span never ends before it began. */
export function writeTimes(to: usize, isServer: bool, start: usize, end: usize): usize {
  const offset = word(WORD_REALTIME_OFFSET_NS);
  const began = readU64(start + OFFSET_HEADER_TIME_NS);
  const ended = readU64(end + OFFSET_HEADER_TIME_NS);
  return kindAndTimes(to, isServer, began + offset, max(began, ended) + offset);
}

export function writeFlags(to: usize, start: usize): usize {
  const remote = readU8(start + OFFSET_SPAN_PARENT) == PARENT_REMOTE ? IS_REMOTE : 0;
  return flags(to, readU8(start + OFFSET_SPAN_TRACE_FLAGS) | HAS_IS_REMOTE | remote);
}
