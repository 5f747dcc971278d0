/**
 * Readers of single values: each takes what a source holds (any type from YAML, text from a flag or variable)
 * and returns it typed, or says what is wrong. Used by all three sources, so a value means the same in each.
 */
import { nearest } from "../support/nearest.ts";

/** Thrown by readers; the source adds its name and makes a ConfigError of it. */
export class ValueError extends Error {
  override name = "ValueError";
}

export type ValueReader<T> = (value: unknown) => T;

export function text(value: unknown): string {
  if (typeof value !== "string") throw new ValueError(`value is ${describe(value)}, must be text`);
  if (value === "") throw new ValueError("value is empty");
  return value;
}

/** A whole number; text in decimal counts too, as flags and variables have nothing else. */
export function integer({ min, max }: { min: number; max: number }): ValueReader<number> {
  return (value) => {
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) {
      throw new ValueError(`value is ${describe(value)}, must be a whole number`);
    }
    if (number < min || number > max) {
      throw new ValueError(`value is ${number}, must be from ${min} to ${max}`);
    }
    return number;
  };
}

export function truth(value: unknown): boolean {
  if (typeof value !== "boolean") throw new ValueError(`value is ${describe(value)}, must be true or false`);
  return value;
}

/** A share from 0 to 1. */
export function ratio(value: unknown): number {
  const number = typeof value === "string" && /^\d*\.?\d+(e-?\d+)?$/i.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !(number >= 0 && number <= 1)) {
    throw new ValueError(`value is ${describe(value)}, must be a number from 0 to 1`);
  }
  return number;
}

export function oneOf<const T extends string>(choices: readonly T[]): ValueReader<T> {
  return (value) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const near = typeof value === "string" ? nearest(value, choices) : null;
    throw new ValueError(
      `value is ${describe(value)}, must be one of ${choices.join(", ")}` +
        (near ? ` (did you mean "${near}"?)` : ""),
    );
  };
}

export function listOf<T>(reader: ValueReader<T>): ValueReader<T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new ValueError(`value is ${describe(value)}, must be a list`);
    return value.map((item, index) => {
      try {
        return reader(item);
      } catch (error) {
        if (error instanceof ValueError) throw new ValueError(`entry ${index + 1}: ${error.message}`);
        throw error;
      }
    });
  };
}

export function orNull<T>(reader: ValueReader<T>): ValueReader<T | null> {
  return (value) => value === null ? null : reader(value);
}

/** Names and texts that can stand in a request as headers. */
export function headers(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ValueError(`value is ${describe(value)}, must be a map of header names to texts`);
  }
  for (const [name, content] of Object.entries(value)) {
    if (typeof content !== "string") {
      throw new ValueError(`header "${name}" is ${describe(content)}, must be text`);
    }
    try {
      new Headers([[name, content]]);
    } catch {
      // The platform's message would quote the content, which is often a secret.
      throw new ValueError(`header "${name}" has a name or content that HTTP does not allow`);
    }
  }
  return { ...value };
}

/** An http or https URL without a user name: credentials belong into headers. */
export function httpUrl(value: unknown): string {
  const url = URL.parse(text(value));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ValueError(`value is ${describe(value)}, must be a URL such as http://127.0.0.1:4318`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ValueError("URL has a user name or password; send credentials with OTEL_EXPORTER_OTLP_HEADERS");
  }
  return url.href;
}

/** "HOST:PORT", "[IPv6]:PORT" or ":PORT" for loopback; port 0 asks the system for a free one. */
export function hostPort(value: unknown): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text(value));
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ValueError(`value is ${describe(value)}, must be HOST:PORT such as 127.0.0.1:9810`);
  }
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

/** How a wrong value is shown. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? value.slice(0, 80) + "…" : value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  return String(value);
}
