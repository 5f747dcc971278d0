/** Turns whatever was thrown into one readable line, causes included. Used wherever an error meets a person. */

const MAX_CAUSES = 4;

/** The message of `error` and of its causes: "Cannot read frame 7: unexpected end". */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? current.message || current.name : String(current);
    // Many wrappers already quote their cause; saying it twice helps nobody.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.length === 0 ? "unknown error" : parts.join(": ");
}
