import assert from "node:assert/strict";
import { createResource } from "../trace/resource.ts";
import { Identities } from "./identities.ts";

const resourceOf = (pid: number, environment: Record<string, string> = {}, exe = "/bin/shop") =>
  createResource({ pid, exe, goVersion: "go1.26.8", environment, hostName: "h" });

Deno.test("Identities numbers processes from 1 and finds their resources", () => {
  const identities = new Identities();
  const first = resourceOf(10);
  assert.deepEqual(identities.set(10, first), { number: 1, ended: null });
  assert.deepEqual(identities.set(11, resourceOf(11)), { number: 2, ended: null });
  assert.equal(identities.resource(1), first);
  assert.equal(identities.resource(3), undefined);
});

Deno.test("Identities keeps the number of a process that is found again, with its newest resource", () => {
  const identities = new Identities();
  identities.set(10, resourceOf(10));
  identities.end(10);
  const again = resourceOf(10, {}, "/opt/shop");
  assert.deepEqual(identities.set(10, again), { number: 1, ended: null });
  assert.equal(identities.resource(1), again);
});

Deno.test("Identities ends a number when its last process has ended or is called otherwise", () => {
  const identities = new Identities();
  const shared = { OTEL_RESOURCE_ATTRIBUTES: "service.instance.id=one" };
  assert.equal(identities.set(10, resourceOf(10, shared)).number, 1);
  assert.equal(identities.set(11, resourceOf(11, shared)).number, 1);
  assert.equal(identities.end(10), null);
  const renamed = { ...shared, OTEL_SERVICE_NAME: "other" };
  assert.deepEqual(identities.set(11, resourceOf(11, renamed)), { number: 2, ended: 1 });
  assert.equal(identities.end(12), null);
});

Deno.test("Identities forgets a number only while no process has it", () => {
  const identities = new Identities();
  identities.set(10, resourceOf(10));
  assert.equal(identities.forget(1), false);
  identities.end(10);
  assert.equal(identities.forget(1), true);
  assert.equal(identities.resource(1), undefined);
  assert.equal(identities.set(10, resourceOf(10)).number, 2);
});
