/** Paths of files, as Linux has them. Not from node:path, which would load Node's run time into the service. */

/** The directory that a file lies in, as its path says: "." for a bare name. */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf("/");
  if (end < 0) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}
