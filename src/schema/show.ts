/** How values and key paths look in messages. Used by check.ts and by the readers of the configuration. */

const MAX_TEXT = 80;
/** What stands before the host of a URL; too much rather than too little. */
const USER_INFO = /(?<=:\/\/).*@/s;

/** A wrong value: texts quoted and cut, a URL's user and password hidden, lists and maps by their kind only. */
export function showValue(value: unknown): string {
  if (typeof value === "string") {
    const text = value.replace(USER_INFO, "***@");
    return JSON.stringify(text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) + "…" : text);
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  return String(value);
}

/** "discovery.services[0].open_ports"; "" for the root. */
export function showPath(path: readonly (string | number)[]): string {
  let shown = "";
  for (const part of path) {
    if (typeof part === "number") shown += `[${part}]`;
    else shown += shown === "" ? part : `.${part}`;
  }
  return shown;
}
