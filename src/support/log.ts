/**
 * The service's own log: one line an event on stderr, key=value, JSON, or on a terminal a form for people. A
 * message is a constant text, what varies goes into fields; so the message names its call site, and a site that
 * repeats itself is throttled.
 */
import { BLUE, BOLD, DIM, GREEN, RED, styled, YELLOW } from "./ansi.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { describeError } from "./errors.ts";
import { escapeControls } from "./text.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export const LOG_FORMATS = ["text", "json"] as const;
export type LogLevel = typeof LOG_LEVELS[number];
export type LogFormat = typeof LOG_FORMATS[number];

/** What varies about an event. Errors are shown with their causes. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether lines of `level` are written, for callers whose fields cost something. */
  enabled(level: LogLevel): boolean;
}

/** What may change while the log is in use. */
export interface LogSettings {
  /** Least severe level written. Default "info". */
  readonly level?: LogLevel;
  /** Default "text". */
  readonly format?: LogFormat;
}

/** The logger of the whole process, whose owner may change it; everybody else gets it as a Logger. */
export interface ConfigurableLogger extends Logger {
  /** Holds from the next line on; what is left out of `settings` stays as it is. */
  configure(settings: LogSettings): void;
}

export interface LoggerOptions extends LogSettings {
  /** Takes one line with its newline. Default: stderr. */
  readonly write?: (line: string) => void;
  /** Whether a person reads format "text" from a terminal. Default: whether stderr is one. */
  readonly terminal?: boolean;
  /** Colours on a terminal. Default: unless NO_COLOR is set. */
  readonly colour?: boolean;
  readonly clock?: Clock;
  /** Lines of one call site in each window; the next window's first line says how many were left out. */
  readonly burst?: number;
  readonly windowMs?: number;
}

/** Call sites remembered for throttling; beyond, all are forgotten, which only makes the log longer. */
const MAX_SITES = 1024;

interface Site {
  windowEndsAt: number;
  written: number;
  suppressed: number;
}

/** Makes a logger; it holds no resource. */
export function createLogger(options: LoggerOptions = {}): ConfigurableLogger {
  const { write = writeStderr, clock = SYSTEM_CLOCK, burst = 10, windowMs = 10_000 } = options;
  const terminal = options.terminal ?? (options.write === undefined && Deno.stderr.isTerminal());
  const renderForPeople = terminal ? terminalRenderer(options.colour ?? !Deno.noColor) : renderText;
  let least = 0;
  let render: (event: Event) => string = renderForPeople;
  const sites = new Map<string, Site>();

  function log(severity: LogLevel, message: string, fields: LogFields = {}) {
    if (LOG_LEVELS.indexOf(severity) < least) return;
    const now = clock.now();
    const key = `${severity} ${message}`;
    let site = sites.get(key);
    if (site === undefined) {
      if (sites.size >= MAX_SITES) sites.clear();
      site = { windowEndsAt: now + windowMs, written: 0, suppressed: 0 };
      sites.set(key, site);
    } else if (now >= site.windowEndsAt) {
      site.windowEndsAt = now + windowMs;
      site.written = 0;
    }
    if (site.written >= burst) {
      site.suppressed++;
      return;
    }
    site.written++;
    const more = site.suppressed > 0 ? { ...fields, suppressed: site.suppressed } : fields;
    site.suppressed = 0;
    write(render({ time: new Date(now), level: severity, message, fields: more }));
  }

  function configure({ level, format }: LogSettings) {
    if (level !== undefined) least = LOG_LEVELS.indexOf(level);
    if (format !== undefined) render = format === "json" ? renderJson : renderForPeople;
  }

  configure({ level: options.level ?? "info", format: options.format ?? "text" });
  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
    enabled: (severity) => LOG_LEVELS.indexOf(severity) >= least,
    configure,
  };
}

interface Event {
  readonly time: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function renderText({ time, level, message, fields }: Event): string {
  let line = `time=${time.toISOString()} level=${level} msg=${quote(message)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${quote(plain(value))}`;
  }
  return line + "\n";
}

const LEVEL_STYLES: Readonly<Record<LogLevel, string>> = {
  debug: BLUE,
  info: GREEN,
  warn: YELLOW,
  error: RED + BOLD,
};

/** "12:03:07 INFO  message  key=value": local time, and what varies held back so that messages stand out. */
function terminalRenderer(colour: boolean): (event: Event) => string {
  const paint = colour ? styled : (_style: string, text: string) => text;
  return ({ time, level, message, fields }) => {
    const clock = [time.getHours(), time.getMinutes(), time.getSeconds()];
    const parts = [
      paint(DIM, clock.map((part) => String(part).padStart(2, "0")).join(":")),
      paint(LEVEL_STYLES[level], level.toUpperCase().padEnd(5)),
      escapeControls(message),
    ];
    // What went wrong, and what to do, is as important as the message.
    const shown = level === "warn" || level === "error"
      ? (text: string) => text
      : (text: string) => paint(DIM, text);
    let rest = "";
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) rest += ` ${paint(DIM, `${name}=`)}${shown(quote(plain(value)))}`;
    }
    return parts.join(" ") + (rest && ` ${rest}`) + "\n";
  };
}

function renderJson({ time, level, message, fields }: Event): string {
  const shown: Record<string, unknown> = { time: time.toISOString(), level, msg: message };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name in shown) continue;
    shown[name] = typeof value === "number" || typeof value === "boolean" ? value : plain(value);
  }
  return JSON.stringify(shown) + "\n";
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return describeError(value);
  if (typeof value !== "object" || value === null) return String(value);
  return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? inner.toString() : inner);
}

/** Bare where that is unambiguous, else a JSON string, so that a value can never forge a line or a field. */
function quote(text: string): string {
  return /^[\w.:/@+,*-]+$/.test(text) ? text : escapeControls(JSON.stringify(text));
}

const encoder = new TextEncoder();

function writeStderr(line: string) {
  let bytes = encoder.encode(line);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody reads stderr any more; there is nowhere left to say so.
  }
}
