/**
 * bench/RESULTS.md: one section under a `# heading` for each measurement, which replaces its own and no other. Called
 * by bench/main.ts and tests/swap/prove_swap.ts.
 */
const RESULTS = new URL("RESULTS.md", import.meta.url);

/** Puts `section` in the place of the one with the same heading, or behind all others, in the file of results. */
export async function writeSection(section: string, file: URL | string = RESULTS): Promise<void> {
  await Deno.writeTextFile(file, withSection(await readIfThere(file), section));
}

/**
 * `text` with `section`, whose first line is its heading, in the place of the one with the same heading, or at the end.
 *
 * @throws {Error} when `section` has another number of `# headings` than one, so that it could not be replaced again.
 */
export function withSection(text: string, section: string): string {
  const headings = section.match(/^# .*$/gm) ?? [];
  if (headings.length !== 1 || !section.startsWith("# ")) {
    throw new Error(
      `Cannot place a section: it has ${headings.length} headings, must begin with its only one`,
    );
  }
  const sections = text.split(/^(?=# )/m).filter((one) => one.trim() !== "");
  const at = sections.findIndex((one) => headingOf(one) === headingOf(section));
  sections.splice(at < 0 ? sections.length : at, 1, section);
  return sections.map((one) => `${one.trimEnd()}\n`).join("\n");
}

function headingOf(section: string): string {
  return section.split("\n", 1)[0]!.trimEnd();
}

async function readIfThere(file: URL | string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
