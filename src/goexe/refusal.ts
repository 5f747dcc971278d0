/**
 * Why an executable is refused, thrown by the parsers of this folder and turned into an `Inspection` by
 * inspect.ts. Every sentence that a person may read about an executable stands here.
 */
import type { Reason } from "../support/reason.ts";

/** Thrown when an executable cannot be probed; never leaves this folder's `inspectGoExe`. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly reason: Reason, options?: ErrorOptions) {
    super(reason.message, options);
  }
}

/** Bytes that contradict the format they claim to be in: hostile, truncated or overwritten. */
export function corrupt(what: string): Refusal {
  return new Refusal({
    code: "corrupt-executable",
    message: `Cannot read the executable: ${what}`,
    remedy: "Rebuild the executable, or copy it again if it may be cut short",
  });
}

/** Go before 1.17 passes arguments on the stack, where the probes do not look. */
export function goTooOld(goVersion: string): Refusal {
  return new Refusal({
    code: "go-too-old",
    message: `Cannot trace ${goVersion}: is older than go1.17, which first passed arguments in registers`,
    remedy: "Build the program with Go 1.17 or later",
  });
}

/** Built with an experiment that passes arguments on the stack, where the probes do not look. */
export function stackArgumentsChosen(goVersion: string, experiment: string): Refusal {
  return new Refusal({
    code: "go-stack-arguments",
    message: `Cannot trace ${goVersion} with the experiment ${experiment}: arguments are passed on the stack`,
    remedy: "Build the program without GOEXPERIMENT=noregabi",
  });
}

/** A version text that is neither a release nor a development version of the gc toolchain. */
export function goVersionUnknown(goVersion: string): Refusal {
  return new Refusal({
    code: "go-version-unknown",
    message: `Cannot trace a program whose Go version is ${JSON.stringify(goVersion)}`,
    remedy: "Build the program with a release of the standard Go toolchain",
  });
}

/** Go, but not for x86-64. */
export function unsupportedArch(machine: string): Refusal {
  return new Refusal({
    code: "unsupported-arch",
    message: `Cannot trace a program built for ${machine}: only linux/amd64 is supported`,
    remedy: "Build the program with GOARCH=amd64",
  });
}

/** Neither an HTTP server nor an HTTP client of net/http is linked in. */
export function noHttp(): Refusal {
  return new Refusal({
    code: "no-http",
    message: "The program links neither the server nor the client of net/http",
    remedy: "Nothing to do: there are no HTTP requests to trace",
  });
}

/** One of the functions that a traced group needs is missing. */
export function symbolMissing(symbol: string): Refusal {
  return new Refusal({
    code: "symbol-missing",
    message: `Cannot find function ${symbol} in the executable`,
    remedy: "Build the program with a supported release of Go, without tools that rename functions",
  });
}

/** A function is linked in, but its caller holds a copy of its body instead of calling it. */
export function symbolInlined(symbol: string, caller: string): Refusal {
  return new Refusal({
    code: "symbol-inlined",
    message: `Function ${symbol} is not called by ${caller}: the compiler has copied it into its caller`,
    remedy: "Build the program without profile-guided optimisation (-pgo=off)",
  });
}

/** The machine code of a function is not what the Go compiler is known to emit. */
export function siteUnsafe(symbol: string, why: string): Refusal {
  return new Refusal({
    code: "probe-site-unsafe",
    message: `Cannot choose an instruction to probe in ${symbol}: ${why}`,
    remedy: "Build the program with a supported release of Go; report the Go version if it is one",
  });
}

/** Packed by UPX: the code that runs is not in the file. */
export function upxPacked(): Refusal {
  return new Refusal({
    code: "upx-packed",
    message: "The executable is packed with UPX: its code is not in the file, so there is nothing to probe",
    remedy: "Unpack it with upx -d, or ship it unpacked",
  });
}
