/** docs/metrics.md says what /metrics has: names, kinds, labels and their values; promtool finds nothing wrong with either. */
import assert from "node:assert/strict";
import { selfMetrics } from "../../src/app/self_metrics.ts";
import { Distribution } from "../../src/metrics/distribution.ts";
import { familiesOf } from "../../src/metrics/families.ts";
import { renderPrometheus } from "../../src/metrics/prometheus.ts";
import { seriesMetrics } from "../../src/metrics/series_metrics.ts";
import { MEASURE, resourceOf, snapshotOf } from "../../src/metrics/testing.ts";
import type { SelfMetric } from "../../src/metrics/types.ts";
import { ARMED, PROBES, PROPAGATION } from "../../src/page/ui/views/glossary.ts";
import { NO_RED_COUNTERS } from "../../src/red/snapshot.ts";
import { RED_METRICS } from "../../src/red/types.ts";
import { counterReport } from "../../src/status/counters.ts";
import type { StatusReport } from "../../src/status/model.ts";
import { LEFT_OUT, LOSSES } from "../../src/support/span_outcomes.ts";
import { COUNTERS, type Counters } from "../../src/wire/stats.ts";
import { ROOT } from "../support/agent.ts";
import { prometheusProgram } from "../support/otlp_prometheus.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DECODERS, STATUS, TARGETS } from "../support/status_app.ts";

const page = (name: string) => Deno.readTextFileSync(`${ROOT}/docs/${name}`);
const DOC = page("metrics.md");

/** A status in which every metric has a sample. */
const FULL: StatusReport = {
  ...STATUS,
  ...counterReport(Object.fromEntries(COUNTERS.map(([name]) => [name, 7])) as unknown as Counters),
  red: NO_RED_COUNTERS,
  metricsExport: {
    endpoint: "http://127.0.0.1:4318/v1/metrics",
    exports: 3,
    points: 100,
    failed: {},
    rejected: 0,
    retries: 0,
    lastError: null,
    reason: null,
  },
  events: { clients: 1, sent: 2, dropped: { rate: 0, slow: 0 }, refused: 0, cut: 0 },
};
const SNAPSHOT = snapshotOf(3, 1, "/orders/{id}");
const FAMILIES = familiesOf(SNAPSHOT, {
  measure: MEASURE,
  lookup: (resource) => resourceOf(resource, `service-${resource}`),
  own: resourceOf(99, "tsunagi"),
});
const SELF: readonly SelfMetric[] = [
  ...selfMetrics({
    status: FULL,
    targets: TARGETS,
    targetSpans: [{ service: "back", pid: 8, spans: 1_009 }],
    attachTimes: { analysis: new Distribution([0.1, 1]), attach: new Distribution([0.1, 1]) },
    decoders: DECODERS,
  }),
  ...seriesMetrics(SNAPSHOT),
];

/** Rows of the table under a heading, each cell as it stands. */
function rowsUnder(text: string, heading: string): string[][] {
  const [, part] = text.split(`\n${heading}\n`);
  assert.ok(part, heading);
  const table = part.split(/\n#+ /)[0]!.split("\n").filter((line) => line.startsWith("|"));
  return table.slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const words = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);

/** Names and meanings of a table with two columns. */
const meanings = (heading: string) =>
  Object.fromEntries(rowsUnder(DOC, heading).map(([name, meaning]) => [words(name!)[0], meaning]));

async function promtool(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(prometheusProgram("promtool"), { args }).output();
  assert.equal(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

Deno.test("docs/metrics.md lists every metric of requests with its unit", () => {
  const listed = rowsUnder(DOC, "## Requests").map(([name, unit]) => [words(name!)[0], words(unit!)[0]]);
  const units = RED_METRICS.map((name) => [name, name.endsWith(".duration") ? "s" : "By"]);
  assert.deepEqual(listed.sort(), units.sort());
});

Deno.test("docs/metrics.md lists every metric of the service graph with its labels", () => {
  const graph = FAMILIES.filter(({ name }) => name.startsWith("traces_"));
  assert.deepEqual(
    rowsUnder(DOC, "## Service graph").map(([name, kind]) => [words(name!)[0], kind]),
    graph.map(({ name, bounds }) => [name, bounds === null ? "counter" : "histogram"]),
  );
  const [[, , labels]] = rowsUnder(DOC, "## Service graph") as [string[]];
  assert.deepEqual(words(labels!).sort(), Object.keys(graph[0]!.points[0]!.attributes).sort());
});

Deno.test("docs/metrics.md lists every metric of the agent itself with its kind and labels", () => {
  const listed = rowsUnder(DOC, "## The agent itself").map(([name, kind, labels]) =>
    [words(name!)[0], kind, words(labels!).join()] as const
  );
  const given = SELF.map(({ name, kind, samples }) => {
    assert.ok(samples.length > 0, `${name} has no sample here`);
    return [name, kind, Object.keys(samples[0]!.labels).join()] as const;
  });
  assert.deepEqual(listed.toSorted(), given.toSorted());
});

Deno.test("docs/metrics.md explains every value of reason, outcome and event as the page does", () => {
  const armed = { armed: "Calls that were to get a header", ...ARMED.counters };
  assert.deepEqual(meanings("### Spans lost"), { ...LOSSES });
  assert.deepEqual(meanings("### Spans left out"), { ...LEFT_OUT });
  assert.deepEqual(
    meanings("### Propagation"),
    Object.assign(armed, ...PROPAGATION.map(({ counters }) => counters)),
  );
  assert.deepEqual(meanings("### Kernel events"), { ...PROBES.counters });
});

Deno.test("docs/troubleshooting.md says of every lost span what helps", () => {
  const named = rowsUnder(page("troubleshooting.md"), "### Lost spans").flatMap(([reasons]) =>
    words(reasons!)
  );
  assert.deepEqual(
    named.filter((reason) => !reason.endsWith("_STATUS")).sort(),
    Object.keys(LOSSES).sort(),
  );
});

Deno.test("values of labels are in snake_case", () => {
  for (const { name, samples } of SELF) {
    for (const { labels } of samples) {
      for (const [label, value] of Object.entries(labels)) {
        if (!["version", "service", "metric"].includes(label)) assert.match(value, /^[a-z0-9_]+$/, name);
      }
    }
  }
});

Deno.test("promtool finds nothing wrong with /metrics, and its histograms are whole", async () => {
  const text = renderPrometheus({ families: FAMILIES, resources: [], self: SELF, format: "prometheus" });
  const child = new Deno.Command(prometheusProgram("promtool"), {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.deepEqual({ code, said }, { code: 0, said: "" });
  assert.match(text, /^tsunagi_attach_duration_seconds_bucket\{phase="attach",le="\+Inf"\} 0$/m);
  assert.match(text, /^tsunagi_attach_duration_seconds_count\{phase="analysis"\} 0$/m);
});

Deno.test("promtool accepts the alerts of docs/metrics.md, which ask for metrics that there are", async () => {
  const [, rules = ""] = /```yaml\n(.*?)```/s.exec(DOC) ?? [];
  using scratch = new ScratchDirectory();
  const file = `${scratch.path}/alerts.yaml`;
  Deno.writeTextFileSync(file, rules);
  await promtool("check", "rules", file);
  const names = new Set(SELF.map(({ name }) => name));
  const asked = rules.match(/tsunagi_\w+/g) ?? [];
  assert.ok(asked.length > 5);
  for (const name of asked) assert.ok(names.has(name), name);
});
