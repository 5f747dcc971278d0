/** Rules that mean a program which is no Go, or nothing at all: both are told. */
import assert from "node:assert/strict";
import type { SelectRule } from "../../src/config/config.ts";
import type { DiscoveryRules } from "../../src/discovery/discovery.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { rootTest } from "../support/root.ts";
import { globOf, ruleOf, selectOf } from "../support/select.ts";
import { TracedNode } from "./traced_node.ts";

function rulesOf(...include: SelectRule[]): DiscoveryRules {
  return { select: selectOf({ include }), sampler: { name: "always_on", ratio: 1 }, measure: false };
}

/** Ends when its standard input does. */
function spawnCat(stack: AsyncDisposableStack): { pid: number; end: () => Promise<void> } {
  const child = new Deno.Command("cat", { stdin: "piped" }).spawn();
  stack.defer(async () => void await child.status);
  const end = () => child.stdin.close();
  stack.defer(() => end().catch(() => {}));
  return { pid: child.pid, end };
}

function listed(node: TracedNode, pid: number): string | null {
  const target = node.discovery.target(pid);
  return target ? target.reason?.code ?? target.state : null;
}

rootTest("a program that is no Go is listed as such while a rule means it", async () => {
  await using stack = new AsyncDisposableStack();
  const { pid } = spawnCat(stack);
  const node = stack.use(await TracedNode.start(rulesOf(ruleOf({ origin: "--pid", pids: [pid] }))));
  assert.equal(listed(node, pid), "not-go");
  assert.match(node.target(pid).reason?.message ?? "", /\/cat is not a Go program, though --pid asks/);
  assert.deepEqual(node.discovery.unmatchedRules(), []);
  const byPath = ruleOf({ origin: "--exe", exePath: globOf(node.target(pid).exe) });
  await node.discovery.reconfigure(rulesOf(byPath));
  assert.equal(node.target(pid).rule?.origin, "--exe");
  const { pid: later, end } = spawnCat(stack);
  await eventually(() => assert.equal(listed(node, later), "not-go"));
  await node.discovery.reconfigure(rulesOf());
  assert.deepEqual([listed(node, pid), listed(node, later)], [null, null]);
  await node.discovery.reconfigure(rulesOf(ruleOf({ pids: [later] })));
  assert.deepEqual([listed(node, pid), listed(node, later)], [null, "not-go"]);
  await end();
  await eventually(() => assert.equal(listed(node, later), null));
});

rootTest("whoever has the port that a rule asks for is listed, also when it listens later", async () => {
  await using stack = new AsyncDisposableStack();
  const port = freePort();
  const first = Deno.listen({ hostname: "127.0.0.1", port });
  const rule = ruleOf({ origin: "--port", openPorts: [{ first: port, last: port }] });
  const node = stack.use(await TracedNode.start(rulesOf(rule)));
  assert.equal(listed(node, Deno.pid), "not-go");
  assert.deepEqual(node.discovery.unmatchedRules(), []);
  await node.discovery.reconfigure(rulesOf());
  assert.equal(listed(node, Deno.pid), null);
  first.close();
  await node.discovery.reconfigure(rulesOf(rule));
  assert.deepEqual(node.discovery.unmatchedRules().map(({ code, origin }) => [code, origin]), [
    ["rule-matches-nothing", "--port"],
  ]);
  using _second = Deno.listen({ hostname: "127.0.0.1", port });
  await eventually(() => assert.equal(listed(node, Deno.pid), "not-go"));
  assert.deepEqual(node.discovery.unmatchedRules(), []);
});
