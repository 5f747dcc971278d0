/** The exports of a decoder module, nothing else. The host's view of them is src/decoder/host.ts. */
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen";
import { dropProcess, feedRecords } from "./feed";
import { ABI_VERSION } from "./version";

/** Version of these exports and of memory_map.ts. */
export function abi(): u32 {
  return ABI_VERSION;
}

export function wireFingerprintLow(): u32 {
  return <u32> WIRE_FINGERPRINT_LOW;
}

export function wireFingerprintHigh(): u32 {
  return <u32> WIRE_FINGERPRINT_HIGH;
}

/** Decodes `length` bytes of whole records; yields the bytes consumed, fewer when the output is full. */
export function feed(length: u32): u32 {
  return feedRecords(length);
}

/** Gives up the spans in flight of a process that exited (0: of all); yields how many. */
export function drop(pid: u32): u32 {
  return dropProcess(pid);
}
