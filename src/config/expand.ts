/**
 * Fills variables into texts of the file: ${NAME}, ${NAME:-default}; $${NAME} stays as ${NAME}. Beyla does so before it
 * reads YAML, so a reference may stand where YAML knows no braces. Here marks of the same length stand in for them while
 * YAML is read, which keeps every place in the file true.
 */

/** A variable's text, or undefined where it is not set. */
export type GetEnv = (name: string) => string | undefined;

/** A text with marks, and the references that they stand for. */
export interface Marked {
  readonly text: string;
  readonly references: readonly string[];
}

export interface Expanded {
  /** Null when a variable may not be read. */
  readonly text: string | null;
  readonly problems: readonly { readonly severity: "error" | "warning"; readonly message: string }[];
}

const REFERENCE = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/g;
/* A mark is this character, one that says which reference, and filling; all from Unicode's private use area. */
const MARK = "\u{e000}";
const FILLING = "\u{e001}";
const FIRST = 0xe100;
const LAST = 0xf8ff;
const MARKED = /\u{e000}([\u{e100}-\u{f8ff}])\u{e001}*/gu;

/** Puts marks in place of references; what is beyond the number of marks stays as it is. */
export function markReferences(text: string): Marked {
  const references: string[] = [];
  const marked = text.replace(REFERENCE, (reference) => {
    if (FIRST + references.length > LAST) return reference;
    const which = String.fromCharCode(FIRST + references.length);
    references.push(reference);
    return MARK + which + FILLING.repeat(reference.length - 2);
  });
  return { text: marked, references };
}

/** `text` with the references instead of marks, as it was written. */
export function unmark(text: string, references: readonly string[]): string {
  return text.replace(MARKED, (mark, which: string) => references[which.charCodeAt(0) - FIRST] ?? mark);
}

/** A variable that is not set counts as empty, with a warning, unless it has a default. */
export function expandReferences(text: string, references: readonly string[], getEnv: GetEnv): Expanded {
  const problems: Expanded["problems"][number][] = [];
  const read = (name: string): string | undefined => {
    try {
      return getEnv(name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      const message =
        `variable ${name} may not be read; name it TSUNAGI_..., or start with --allow-env=${name}`;
      problems.push({ severity: "error", message });
      return "";
    }
  };
  const expanded = unmark(text, references).replace(
    REFERENCE,
    (reference, name: string, fallback?: string) => {
      if (reference.startsWith("$$")) return reference.slice(1);
      const value = read(name);
      if (fallback !== undefined) return value || fallback;
      if (value === undefined) {
        problems.push({ severity: "warning", message: `variable ${name} is not set; nothing stands for it` });
      }
      return value ?? "";
    },
  );
  return { text: problems.some(({ severity }) => severity === "error") ? null : expanded, problems };
}
