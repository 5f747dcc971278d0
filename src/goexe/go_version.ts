/** Go version texts as the linker records them. Used by inspect.ts and the maker. */
import type { HeaderMap } from "./types.ts";

/** A recorded version taken apart. */
export interface GoVersion {
  /** The release without experiments and build date: "go1.26.8". */
  readonly version: string;
  readonly minor: number;
  /** Experiments that differ from the release's own choice: "nodwarf5". */
  readonly experiments: readonly string[];
}

/**
 * "go1.26.8" of "go1.26.8 X:nodwarf5", "go1.28-8a2f31c" of "devel go1.28-8a2f31c Mon Nov 2 2026". `null` for
 * other toolchains.
 */
export function parseGoVersion(recorded: string): GoVersion | null {
  const match = /^(?:devel )?(go1\.(\d{1,4})(?:[.\w-]*?))(?:-X:(\S*))?(?: (.*))?$/.exec(recorded);
  const version = match?.[1];
  if (version === undefined) {
    return null;
  }
  const experiments = match?.[3] ?? /(?:^| )X:(\S*)/.exec(match?.[4] ?? "")?.[1] ?? "";
  return {
    version,
    minor: Number(match?.[2]),
    experiments: experiments.split(",").filter((name) => name !== ""),
  };
}

/** The kind of map that an experiment chose. Source: Go source, src/internal/goexperiment/flags.go of 1.24. */
export function headerMapOf(experiments: readonly string[]): HeaderMap | null {
  if (experiments.includes("noswissmap")) {
    return "hmap";
  }
  return experiments.includes("swissmap") ? "swiss" : null;
}

/**
 * The experiment of Go 1.17 that turns off arguments in registers, as each "noregabi..." does; later releases ignore
 * it on amd64. Source: Go source, src/internal/buildcfg/exp.go of 1.17 ("regabiargs requires ...") and 1.18.
 */
export function stackArguments(experiments: readonly string[]): string | null {
  return experiments.find((name) => name.startsWith("noregabi")) ?? null;
}
