/** The head of a record alone: all there is of process events. Used by LoaderClient and App. */
import { SIZEOF_HEADER } from "../../bpf/wire.gen.ts";
import { Fields, type RecordHeader } from "./fields.ts";

export type { RecordHeader };

/** @throws {WireError} when the record is too short. */
export function decodeHeader(record: Uint8Array): RecordHeader {
  return new Fields(record, "record header", SIZEOF_HEADER).header();
}
