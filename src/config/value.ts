/**
 * Texts of the configuration and what they mean: each function reads one kind of text or says what it must be. Used by
 * the schemas (setting_types.ts), which only ask whether a text can be read, and by the resolve_*.ts files.
 */
import { GlobError, parseGlob } from "../support/glob.ts";
import type { TextMatch } from "./config.ts";

/** Says what is wrong with a value: "value is 9, must be ..." or "must be ...". */
export class ValueError extends Error {
  override name = "ValueError";
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** "1m30s" in milliseconds, as Go's time.ParseDuration reads it (https://pkg.go.dev/time#ParseDuration). */
export function durationMs(text: string): number {
  if (!DURATION.test(text)) throw new ValueError("must be a duration such as 500ms, 15s or 1m30s");
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    sum += Number(number) * UNITS_MS[unit!]!;
  }
  return Math.round(sum);
}

/** What Go's strconv.ParseBool makes of a variable of Beyla; null: it is neither true nor false. */
export function goBoolean(text: string): boolean | null {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : null;
}

/** Words of YAML 1.1 that gopkg.in/yaml.v3 takes where a truth value is wanted; null for any other. */
export function yamlBoolean(text: string): boolean | null {
  if (["y", "Y", "yes", "on"].includes(text)) return true;
  return ["n", "N", "no", "off"].includes(text) ? false : null;
}

/** An http or https URL without a user name: credentials belong into headers. */
export function httpUrl(value: string): string {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new ValueError("must be a URL such as http://127.0.0.1:4318");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ValueError("must not have a user name or password; send credentials as a header");
  }
  return url.href;
}

/** "HOST:PORT", "[IPv6]:PORT" or ":PORT" for loopback; port 0 asks the system for a free one. */
export function hostPort(value: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new ValueError("must be HOST:PORT such as 127.0.0.1:9810");
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

/** "80,443,8000-8999" as ranges, both ends included. */
export function portRanges(text: string): { first: number; last: number }[] {
  return text.split(",").map((entry) => {
    const match = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(entry);
    if (match === null) throw new ValueError("must be ports such as 80,443,8000-8999");
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (first < 1 || last > 65_535) throw new ValueError("must be ports from 1 to 65535");
    if (last < first) throw new ValueError(`must have ranges that rise, unlike ${entry.trim()}`);
    return { first, last };
  });
}

/** "17,42" as process ids. */
export function processIds(text: string): number[] {
  return text.split(",").map((entry) => {
    const pid = /^\s*\d{1,7}\s*$/.test(entry) ? Number(entry) : 0;
    if (pid < 1 || pid > 4_194_304) throw new ValueError("must be process ids from 1 to 4194304");
    return pid;
  });
}

/**
 * A regular expression as Go writes it (https://github.com/google/re2/wiki/Syntax), found anywhere in a text. What Go
 * and JavaScript spell differently is translated: flags at the head, named groups, \A, \z, \Q..\E, [[:alpha:]].
 */
export function goRegex(text: string): RegExp {
  const [head = "", letters = ""] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  const source = text.slice(head.length)
    .replace(/\\Q(.*?)(?:\\E|$)/gs, (_, literal: string) => literal.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
    .replaceAll("(?P<", "(?<")
    .replace(/\\([Az])/g, (_, letter) => letter === "A" ? "(?<![\\s\\S])" : "(?![\\s\\S])")
    .replace(/\[:(\w+):\]/g, (all, name: string) => POSIX_CLASSES[name] ?? all);
  try {
    return new RegExp(source, letters);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^.*: /s, "") : "it cannot be read";
    throw new ValueError(`must be a regular expression: ${why}`, { cause });
  }
}

const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  space: "\\s",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/** A glob as Beyla writes it, for the whole text; src/support/glob.ts says what it knows. */
export function beylaGlob(text: string): TextMatch {
  try {
    parseGlob(text);
  } catch (cause) {
    if (!(cause instanceof GlobError)) throw cause;
    throw new ValueError(`must be a glob: ${cause.message}`, { cause });
  }
  return { kind: "glob", glob: text };
}
