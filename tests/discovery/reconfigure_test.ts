/** Other rules while requests run: who stays loses nothing, who goes is accounted for, who comes is traced. */
import assert from "node:assert/strict";
import type { SamplerConfig, SelectRule } from "../../src/config/config.ts";
import type { DiscoveryRules } from "../../src/discovery/discovery.ts";
import { buildUnpleasant } from "../e2e/bench.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { HeldRequest } from "../support/raw_http.ts";
import { rootTest } from "../support/root.ts";
import { ruleOf, selectOf } from "../support/select.ts";
import { TracedNode } from "./traced_node.ts";

const ON: SamplerConfig = { name: "parentbased_always_on", ratio: 1 };
const OFF: SamplerConfig = { name: "always_off", ratio: 1 };

function rulesOf(include: SelectRule[], more: Partial<DiscoveryRules> = {}): DiscoveryRules {
  return { select: selectOf({ include }), sampler: ON, measure: false, ...more };
}

function byPid(pid: number, parts: Partial<SelectRule> = {}): SelectRule {
  return ruleOf({ pids: [pid], name: `p${pid}`, ...parts });
}

/** Processes of one program, so that they share their probes. */
async function startBacks(count: number, stack: AsyncDisposableStack): Promise<Program[]> {
  const exe = await buildUnpleasant();
  const programs = [];
  for (let n = 0; n < count; n++) programs.push(stack.use(await Program.start(exe, { args: ["back"] })));
  return programs;
}

rootTest("20 reloads under load: no span of a process that stays is lost, others come and go", async () => {
  await using stack = new AsyncDisposableStack();
  const [stays, changes] = await startBacks(2, stack) as [Program, Program];
  const both = [byPid(stays.pid), byPid(changes.pid)];
  const node = stack.use(await TracedNode.start(rulesOf(both)));
  const stop = new AbortController();
  using load = new LoadGenerator(stays.url, 4);
  using other = new LoadGenerator(changes.url, 4);
  const sent = Promise.all([load, other].map((each) => each.until(stop.signal, () => ({ path: "/echo" }))));
  const requests = async (count: number) => {
    const before = node.spansOf(stays.pid).length;
    await eventually(() => assert.ok(node.spansOf(stays.pid).length >= before + count));
  };
  for (let round = 0; round < 10; round++) {
    await requests(100);
    await node.discovery.reconfigure(rulesOf([byPid(stays.pid, { name: `round-${round}` })]));
    assert.equal(node.state(stays.pid), "traced");
    assert.equal(node.state(changes.pid), "not-selected");
    await requests(100);
    await node.discovery.reconfigure(rulesOf(both));
    assert.equal(node.state(changes.pid), "traced");
  }
  stop.abort();
  const [{ sent: staying, failures }, { sent: changing }] = await sent as [
    { sent: number; failures: string[] },
    { sent: number },
  ];
  assert.deepEqual(failures, []);
  const { lost, abandoned } = await node.atRest(staying);
  assert.equal(node.spansOf(stays.pid).length, staying);
  assert.equal(lost, abandoned);
  const seen = node.spansOf(changes.pid).length;
  assert.ok(seen > 0 && seen + lost < changing, `${seen} spans of ${changing} requests, ${lost} lost`);
});

rootTest("a request in flight in a process that is released counts as abandoned", async () => {
  await using stack = new AsyncDisposableStack();
  const [stays, goes] = await startBacks(2, stack) as [Program, Program];
  const node = stack.use(await TracedNode.start(rulesOf([byPid(stays.pid), byPid(goes.pid)])));
  const held = await Promise.all([goes, stays].map(({ host }) => HeldRequest.send(host)));
  await eventually(async () => assert.equal((await node.accounts()).inFlight, 2));
  await node.discovery.reconfigure(rulesOf([byPid(stays.pid)]));
  for (const request of held) await request.letGo();
  const { begun, spans, abandoned } = await node.atRest(2);
  assert.deepEqual({ begun, spans, abandoned }, { begun: 2, spans: 1, abandoned: 1 });
  assert.deepEqual(node.spans.map(({ pid }) => pid), [stays.pid]);
});

rootTest("a reload changes samplers, the one of a rule being stronger, and what is measured", async () => {
  await using stack = new AsyncDisposableStack();
  const [plain, ruled] = await startBacks(2, stack) as [Program, Program];
  const include = [byPid(plain.pid), byPid(ruled.pid, { sampler: OFF })];
  const node = stack.use(await TracedNode.start(rulesOf(include)));
  let settled = 0;
  const exchange = async () => {
    for (const { url } of [plain, ruled]) {
      using load = new LoadGenerator(url, 1);
      await load.send({ path: "/echo", context: freshContext("01") });
    }
    const { sampledOut } = await node.atRest(settled += 2);
    const order = [plain.pid, ruled.pid];
    return {
      flags: node.take().map(({ pid, flags }) => [order.indexOf(pid), flags & 1]).sort(),
      sampledOut,
    };
  };
  assert.deepEqual(await exchange(), { flags: [[0, 1]], sampledOut: 1 });
  await node.discovery.reconfigure(rulesOf(include, { sampler: OFF }));
  assert.deepEqual(await exchange(), { flags: [], sampledOut: 3 });
  await node.discovery.reconfigure(rulesOf(include, { measure: true }));
  assert.deepEqual(await exchange(), { flags: [[0, 1], [1, 0]], sampledOut: 3 });
  const tracesOnly = [byPid(plain.pid), byPid(ruled.pid, { sampler: OFF, exports: ["traces"] })];
  await node.discovery.reconfigure(rulesOf(tracesOnly, { measure: true }));
  assert.deepEqual(await exchange(), { flags: [[0, 1]], sampledOut: 4 });
});

rootTest("a reload that names a process otherwise announces it again, any other does not", async () => {
  await using stack = new AsyncDisposableStack();
  const [one, two] = await startBacks(2, stack) as [Program, Program];
  const first = byPid(one.pid);
  const node = stack.use(await TracedNode.start(rulesOf([first])));
  const announced = () =>
    node.announced.splice(0).filter(([pid]) => pid === one.pid || pid === two.pid).sort(([a], [b]) => a - b);
  assert.deepEqual(announced(), [[one.pid, `p${one.pid}`], [two.pid, null]].sort(([a], [b]) => +a! - +b!));
  await node.discovery.reconfigure(rulesOf([first], { sampler: OFF }));
  assert.deepEqual(announced(), []);
  await node.discovery.reconfigure(rulesOf([byPid(one.pid, { name: "cart" })]));
  assert.deepEqual(announced(), [[one.pid, "cart"]]);
  assert.equal(node.target(one.pid).rule?.name, "cart");
  await node.discovery.reconfigure(rulesOf([byPid(two.pid, { name: "two" })]));
  assert.deepEqual(announced(), [[two.pid, "two"]]);
  assert.deepEqual([node.target(one.pid).rule, node.state(one.pid)], [null, "not-selected"]);
});

rootTest(
  "a process is traced once it listens where a rule wants, and left out where one forbids",
  async () => {
    await using stack = new AsyncDisposableStack();
    const [wanted, unwanted] = await startBacks(2, stack) as [Program, Program];
    const port = (program: Program) => [{ first: program.port, last: program.port }];
    const rules = (include: Program) => ({
      ...rulesOf([ruleOf({ openPorts: port(include), origin: "--port" })]),
    });
    const node = stack.use(await TracedNode.start(rules(wanted)));
    assert.deepEqual([node.state(wanted.pid), node.state(unwanted.pid)], ["traced", "port-not-open"]);
    assert.match(
      node.target(unwanted.pid).reason?.message ?? "",
      new RegExp(`listens on .*${unwanted.port}`),
    );
    await node.discovery.reconfigure({
      ...rulesOf([]),
      select: selectOf({ exclude: [ruleOf({ openPorts: port(wanted), origin: "exclude[0]" })] }),
    });
    assert.deepEqual([node.state(wanted.pid), node.state(unwanted.pid)], ["excluded-by-rule", "traced"]);
    const late = await Program.start(await buildUnpleasant(), { args: ["back"] });
    stack.use(late);
    await eventually(() => assert.equal(node.state(late.pid), "traced"));
    await node.discovery.reconfigure(rules(late));
    assert.deepEqual([node.state(late.pid), node.state(unwanted.pid)], ["traced", "port-not-open"]);
  },
);
