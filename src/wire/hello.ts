/** The loader's first record: what it was built against and what it found out about the kernel. */
import {
  FEATURE_FIONREAD_DEFECT,
  FEATURE_LOCKDOWN_CONFIDENTIALITY,
  FEATURE_LOCKDOWN_INTEGRITY,
  FEATURE_SOCKHASH,
  FEATURE_UPROBE_MULTI,
  OFFSET_HELLO_CPUS,
  OFFSET_HELLO_FEATURES,
  OFFSET_HELLO_FINGERPRINT,
  OFFSET_HELLO_LOADER_PID,
  OFFSET_HELLO_REALTIME_OFFSET_NS,
  OFFSET_HELLO_TEXT_BYTES,
  OFFSET_HELLO_WIRE_VERSION,
  SIZEOF_HELLO,
  WIRE_FINGERPRINT_HIGH,
  WIRE_FINGERPRINT_LOW,
  WIRE_VERSION,
} from "../../bpf/wire.gen.ts";
import type { Reason } from "../support/reason.ts";
import { Fields } from "./fields.ts";

/** Facts of the kernel, found by trying them out. */
export interface KernelFeatures {
  /** Probes of an executable go in one link; without it attaching and detaching take seconds. */
  readonly uprobeMulti: boolean;
  readonly sockhash: boolean;
  /** ioctl(FIONREAD) answers 0 on a tracked socket (defect of some kernels). */
  readonly fionreadDefect: boolean;
  /** Null where it could not be told: off, or securityfs is not mounted. */
  readonly lockdown: "integrity" | "confidentiality" | null;
}

export interface Hello {
  /** 16 hex digits, as in decoder manifests. */
  readonly fingerprint: string;
  readonly wireVersion: number;
  /** Add it to a record's time for nanoseconds since 1970. */
  readonly realtimeOffsetNs: bigint;
  readonly loaderPid: number;
  readonly cpus: number;
  readonly features: KernelFeatures;
  readonly kernelRelease: string;
  readonly hostName: string;
  readonly cgroup: string;
}

/** Fingerprint of the wire definition that this service was built from. */
export const WIRE_FINGERPRINT = [WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW]
  .map((half) => half.toString(16).padStart(8, "0")).join("");

/** @throws {WireError} when the record is too short. */
export function decodeHello(record: Uint8Array): Hello {
  const fields = new Fields(record, "HELLO", SIZEOF_HELLO);
  const features = fields.u64(OFFSET_HELLO_FEATURES);
  const has = (feature: number) => (features & BigInt(feature)) !== 0n;
  const text = fields.text(SIZEOF_HELLO, fields.u32(OFFSET_HELLO_TEXT_BYTES));
  const [kernelRelease = "", hostName = "", cgroup = ""] = text.split("\0");
  return {
    fingerprint: fields.u64(OFFSET_HELLO_FINGERPRINT).toString(16).padStart(16, "0"),
    wireVersion: fields.u32(OFFSET_HELLO_WIRE_VERSION),
    realtimeOffsetNs: fields.i64(OFFSET_HELLO_REALTIME_OFFSET_NS),
    loaderPid: fields.u32(OFFSET_HELLO_LOADER_PID),
    cpus: fields.u32(OFFSET_HELLO_CPUS),
    features: {
      uprobeMulti: has(FEATURE_UPROBE_MULTI),
      sockhash: has(FEATURE_SOCKHASH),
      fionreadDefect: has(FEATURE_FIONREAD_DEFECT),
      lockdown: has(FEATURE_LOCKDOWN_CONFIDENTIALITY)
        ? "confidentiality"
        : has(FEATURE_LOCKDOWN_INTEGRITY)
        ? "integrity"
        : null,
    },
    kernelRelease,
    hostName,
    cgroup,
  };
}

/** Why this service cannot understand that loader, or null. */
export function wireMismatch(hello: Pick<Hello, "fingerprint" | "wireVersion">): Reason | null {
  if (hello.fingerprint === WIRE_FINGERPRINT && hello.wireVersion === WIRE_VERSION) return null;
  return {
    code: "wire-mismatch",
    message: `The loader speaks wire ${hello.wireVersion} (${hello.fingerprint}), ` +
      `the service ${WIRE_VERSION} (${WIRE_FINGERPRINT})`,
    remedy: "Install the loader and the service of one release, or build both anew",
  };
}
