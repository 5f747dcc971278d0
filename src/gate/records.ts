/** Takes an input apart into its records. Used by the gate's checks. */
import { OFFSET_HEADER_KIND, OFFSET_HEADER_SIZE, SIZEOF_HEADER } from "../../bpf/wire.gen.ts";

/**
 * The records of an input, as views.
 *
 * @throws {RangeError} when it is no run of whole records.
 */
export function recordsOf(input: Uint8Array): Uint8Array[] {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < input.length;) {
    const left = input.length - at;
    const size = left < SIZEOF_HEADER ? 0 : view.getUint32(at + OFFSET_HEADER_SIZE, true);
    if (size < SIZEOF_HEADER || size > left || size % 8 !== 0) {
      throw new RangeError(`Cannot read record at byte ${at}: size is ${size}, ${left} bytes are left`);
    }
    records.push(input.subarray(at, at + size));
    at += size;
  }
  return records;
}

/** KIND_* of a record. */
export function kindOf(record: Uint8Array): number {
  return record[OFFSET_HEADER_KIND]! | record[OFFSET_HEADER_KIND + 1]! << 8;
}
