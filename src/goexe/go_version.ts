/** Go version texts as the linker records them. Used by inspect.ts. */

/**
 * The release without experiments and build date: "go1.26.8" of "go1.26.8 X:nodwarf5", "go1.28-8a2f31c" of
 * "devel go1.28-8a2f31c Mon Nov 2 2026". `null` for other toolchains.
 */
export function parseGoVersion(recorded: string): { version: string; minor: number } | null {
  const match = /^(?:devel )?(go1\.(\d{1,4})(?:[.\w-]*?))(?:-X:\S*)?(?: .*)?$/.exec(recorded);
  const version = match?.[1];
  return version === undefined ? null : { version, minor: Number(match?.[2]) };
}
