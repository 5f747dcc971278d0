/** Compares spans with what they must be, attribute by attribute, and counts what was right in which Go version. */
import assert from "node:assert/strict";
import { VERSION } from "../../src/support/version.ts";
import type { AttributeValue, ReceivedSpan } from "../support/span.ts";
import { ANY_PORT, type ExpectedSpan, type Service } from "./expect.ts";

/** How often an attribute was there with the right value, was rightly absent, or was wrong. */
export interface Count {
  present: number;
  absent: number;
  wrong: number;
}

/** What OpenTelemetry calls the kind of an entity that has the attribute: a span's kind, or its resource. */
export type Bearer = "SERVER" | "CLIENT" | "resource";

type Expected = Readonly<Record<string, AttributeValue | typeof ANY_PORT | undefined>>;

function isRight(actual: AttributeValue | undefined, expected: Expected[string]): boolean {
  if (expected !== ANY_PORT) return actual === expected;
  return typeof actual === "number" && actual > 0 && actual < 65_536;
}

/** The counts of one Go version: "SERVER http.route" -> count. */
export class Tally {
  readonly counts = new Map<string, Count>();

  /** @throws {assert.AssertionError} naming every attribute that is wrong. */
  check(bearer: Bearer, actual: Readonly<Record<string, AttributeValue>>, expected: Expected): void {
    const wrong: string[] = [];
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const count = this.#count(`${bearer} ${key}`);
      if (!isRight(actual[key], expected[key])) {
        count.wrong++;
        wrong.push(`${key} is ${JSON.stringify(actual[key])}, must be ${String(expected[key])}`);
      } else if (expected[key] === undefined) count.absent++;
      else count.present++;
    }
    assert.equal(wrong.length, 0, `${bearer}: ${wrong.join("; ")}`);
  }

  /** Checks a span's name, status, attributes and resource. */
  checkSpan(span: ReceivedSpan, expected: ExpectedSpan, service: Service, goVersion: string): void {
    this.check(expected.kind === "CLIENT" ? "CLIENT" : "SERVER", span.attributes, expected.attributes);
    this.check("resource", span.resource, resourceOf(service, goVersion));
    assert.equal(span.name, expected.name);
    assert.equal(span.statusCode, expected.statusCode, `status of ${span.kind} ${span.name}`);
    assert.equal(span.statusMessage, "");
    assert.equal(span.flags & 0xff, 1, `flags of ${span.kind} ${span.name}`);
    assert.ok(span.startNs <= span.endNs, `${span.kind} ends before it starts`);
  }

  #count(key: string): Count {
    const count = this.counts.get(key) ?? { present: 0, absent: 0, wrong: 0 };
    this.counts.set(key, count);
    return count;
  }
}

function resourceOf({ pid, exe }: Service, goVersion: string): Expected {
  const name = exe.slice(exe.lastIndexOf("/") + 1);
  return {
    "service.name": name,
    "service.instance.id": `${Deno.hostname()}:${pid}`,
    "process.pid": pid,
    "process.executable.name": name,
    "process.executable.path": exe,
    "process.runtime.name": "go",
    "process.runtime.version": `go${goVersion}`,
    "host.name": Deno.hostname(),
    "os.type": "linux",
    "telemetry.sdk.name": "tsunagi",
    "telemetry.sdk.language": "go",
    "telemetry.sdk.version": VERSION,
    "telemetry.distro.name": "tsunagi",
    "telemetry.distro.version": VERSION,
  };
}
