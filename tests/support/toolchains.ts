/**
 * The Go versions of the matrix: the newest patch of each release from 1.17 on that the module proxy
 * serves as a toolchain. Pinned here and nowhere else.
 */
export const GO_TOOLCHAINS = [
  "1.17.13",
  "1.18.10",
  "1.19.13",
  "1.20.14",
  "1.21.13",
  "1.22.12",
  "1.23.12",
  "1.24.13",
  "1.25.14",
  "1.26.11",
  "1.27.4",
] as const;

/** The toolchain for programs of which the Go version does not matter. */
export const DEFAULT_TOOLCHAIN = "1.26.11";

/** 22 of "1.22.12". */
export function goMinor(version: string): number {
  return Number(version.split(".")[1]);
}
