/** Why an executable gets no decoder, in words. Used by select(). */
import type { GoRelease } from "../decoder/go_release.ts";
import { GO_STRUCTS, type StructDifference } from "../maker/structs.ts";
import type { Reason } from "../support/reason.ts";
import type { ExeIdentity, FailedCandidate } from "./selection.ts";

const FROM_BINARY = 'make a decoder for it with "deno task decoder new --binary FILE --push"';
const FROM_TOOLCHAIN =
  'make a decoder with "deno task decoder new --go DIR --push", where DIR is the Go toolchain ' +
  "that built it";
const REBUILD = "Build the decoders with deno task build, or reinstall Tsunagi";
const MAX_DIFFERENCES = 5;

/** No range holds the release. */
export function noDecoder(exe: ExeIdentity, release: GoRelease, anyDecoder: boolean): Reason {
  return {
    code: `no-decoder-for-go1.${release[0]}`,
    message: `No decoder knows the structs of ${exe.goVersion}`,
    remedy: anyDecoder ? capitalised(exe.structs ? FROM_BINARY : FROM_TOOLCHAIN) : REBUILD,
  };
}

/** The version names no release. */
export function unknownGo(exe: ExeIdentity): Reason {
  return {
    code: "no-decoder-for-unknown-go",
    message: `Cannot tell which Go release "${exe.goVersion}" is`,
    remedy: exe.structs
      ? "Set decoders.learn to true, or build the program with a released Go toolchain"
      : "Build the program with a released Go toolchain, or with debug information (without -ldflags=-s or -w)",
  };
}

/** A decoder's structs are not those of the executable. */
export function layoutDiffers(
  decoder: string,
  differences: readonly StructDifference[],
  exe: ExeIdentity,
): Reason {
  const shown = differences.slice(0, MAX_DIFFERENCES).map(({ field, executable, decoder: known }) =>
    `${qualified(field)}: ${executable ?? "absent"} in the executable, ${
      known ?? "absent"
    } in decoder ${decoder}`
  );
  const more = differences.length - shown.length;
  return {
    code: "decoder-layout-differs",
    message: `The structs of this ${exe.goVersion} program are not those of decoder ${decoder}: ` +
      shown.join("; ") + (more > 0 ? `; and ${more} more` : ""),
    remedy: exe.structs
      ? `Set decoders.learn to true, or ${FROM_BINARY}`
      : "Build the program with debug information (without -ldflags=-s or -w), or without its GOEXPERIMENT",
  };
}

/** The decoder that fitted was taken out of service. */
export function failed({ pack, reason }: FailedCandidate): Reason {
  return {
    code: "decoder-failed",
    message:
      `Decoder ${pack.manifest.name} ${pack.manifest.version} was taken out of service: ${reason.message}`,
    remedy:
      'Push one that works with "deno task decoder push FILE"; a restart of the agent tries this one again',
  };
}

/** "response.status" with the package of its struct: "net/http.response.status". */
function qualified(field: string): string {
  const [type = "", ...rest] = field.split(".");
  return [GO_STRUCTS[type]?.[0] ?? type, ...rest].join(".");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
