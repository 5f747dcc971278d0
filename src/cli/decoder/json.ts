/** Reads answers of the agent, which may be of another release: what is missing is shown as missing. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member as an object; one without members when it is none. */
export function objectIn(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isObject(member) ? member : {};
}

/** The objects of a member that is a list. */
export function objectsIn(value: JsonObject, name: string): JsonObject[] {
  const member = value[name];
  return Array.isArray(member) ? member.filter(isObject) : [];
}

/** The member for a person: text, a number, or "-". */
export function textIn(value: JsonObject, name: string): string {
  const member = value[name];
  return typeof member === "string" || typeof member === "number" ? String(member) : "-";
}

/** A duration for a person: "3.2 ms", or "-". */
export function msIn(value: JsonObject, name: string): string {
  const member = value[name];
  return typeof member === "number" ? formatMs(member) : "-";
}

export function formatMs(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(1)} ms`;
}
