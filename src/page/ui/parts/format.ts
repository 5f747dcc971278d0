/** Numbers, durations and times as people read them. Every figure of the page goes through here. */

/** What stands where there is no value. */
export const NONE = "–";

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12,345 */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** "1 span", "2 spans" */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** Per second: 0.42, 12.3, 1,240 */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.01) return "<0.01";
  if (perSecond < 9.995) return perSecond.toFixed(2);
  if (perSecond < 99.95) return perSecond.toFixed(1);
  return WHOLE.format(perSecond);
}

/** A share of 0 to 1 in percent, without the sign: 0.31, 12.5, 100 */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return "0";
  if (value < 0.01) return "<0.01";
  if (value < 9.995) return value.toFixed(2);
  // Only what is whole is shown as whole.
  return value >= 99.95 ? (share >= 1 ? "100" : "99.9") : value.toFixed(1);
}

/** Three digits and a unit: 840 ns, 12.3 µs, 84.0 ms, 1.42 s, 2 min 3 s */
export function duration(ns: number): string {
  if (ns < 999.5) return `${Math.round(ns)} ns`;
  if (ns < 999.5e3) return `${threeDigits(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${threeDigits(ns / 1e6)} ms`;
  if (ns < 59.95e9) return `${threeDigits(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** As `duration`, of milliseconds or nothing. */
export function latency(ms: number | null): string {
  return ms === null ? NONE : duration(ms * 1e6);
}

function threeDigits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}

/** 512 B, 1.50 KiB, 33.1 MiB */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let unit = -1;
  do {
    value /= 1024;
    unit++;
  } while (value >= 1023.5 && unit < units.length - 1);
  return `${threeDigits(value)} ${units[unit]}`;
}

/** 12 s, 4 min 3 s, 5 h 12 min, 3 d 4 h */
export function uptime(seconds: number): string {
  const parts: readonly (readonly [number, string, number, string])[] = [
    [86_400, "d", 3_600, "h"],
    [3_600, "h", 60, "min"],
    [60, "min", 1, "s"],
  ];
  for (const [size, name, below, belowName] of parts) {
    if (seconds < size) continue;
    const rest = Math.floor(seconds % size / below);
    return `${Math.floor(seconds / size)} ${name}${rest > 0 ? ` ${rest} ${belowName}` : ""}`;
  }
  return `${Math.floor(seconds)} s`;
}

/** Local time of day: 14:03:08 */
export function clock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** Local time of day to the millisecond: 14:03:08.123 */
export function clockMs(unixNano: string): string {
  const ms = Number(BigInt(unixNano) / 1_000_000n);
  return `${clock(ms)}.${String(ms % 1_000).padStart(3, "0")}`;
}

/** 2026-03-01 14:03:08, local */
export function dateTime(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())} ${clock(ms)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** A counter's name as words: "queue_full" becomes "queue full". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
