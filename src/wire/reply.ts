/** Answers to control messages: the one KIND_REPLY of each, and the data of READ_EXE before it. */
import {
  OFFSET_EXE_DATA_COUNT,
  OFFSET_EXE_DATA_ID,
  OFFSET_EXE_DATA_OFFSET,
  OFFSET_REPLY_ERROR,
  OFFSET_REPLY_ID,
  OFFSET_REPLY_TEXT_BYTES,
  OFFSET_REPLY_VALUE,
  SIZEOF_EXE_DATA,
  SIZEOF_REPLY,
} from "../../bpf/wire.gen.ts";
import { Fields } from "./fields.ts";

export interface Reply {
  /** Of the control message. */
  readonly id: number;
  /** When the loader had done it, CLOCK_MONOTONIC. */
  readonly timeNs: bigint;
  readonly value: number;
  /** errno, 0 for success. */
  readonly error: number;
  /** What went wrong and what helps; for PORTS the ports. */
  readonly text: string;
}

/** A piece of an executable. */
export interface ExeData {
  /** Of the READ_EXE message. */
  readonly id: number;
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws {WireError} when the record is too short. */
export function decodeReply(record: Uint8Array): Reply {
  const fields = new Fields(record, "REPLY", SIZEOF_REPLY);
  return {
    id: fields.u32(OFFSET_REPLY_ID),
    timeNs: fields.header().timeNs,
    value: Number(fields.u64(OFFSET_REPLY_VALUE)),
    error: fields.u32(OFFSET_REPLY_ERROR),
    text: fields.text(SIZEOF_REPLY, fields.u32(OFFSET_REPLY_TEXT_BYTES)),
  };
}

/** @throws {WireError} when the record is too short. */
export function decodeExeData(record: Uint8Array): ExeData {
  const fields = new Fields(record, "EXE_DATA", SIZEOF_EXE_DATA);
  return {
    id: fields.u32(OFFSET_EXE_DATA_ID),
    offset: Number(fields.u64(OFFSET_EXE_DATA_OFFSET)),
    bytes: fields.bytes(SIZEOF_EXE_DATA, fields.u32(OFFSET_EXE_DATA_COUNT)),
  };
}
