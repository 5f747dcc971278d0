import { deepEqual, equal, match } from "node:assert/strict";
import { ScratchDirectory } from "../support/scratch.ts";

const ROOT = new URL("../../", import.meta.url);

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `deno task check-config`, run from `cwd`. */
async function checkConfig(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Outcome> {
  const config = new URL("deno.json", ROOT).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", `--config=${config}`, "check-config", ...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("twenty different mistakes get twenty messages with their places", async () => {
  const { status, stdout, stderr } = await checkConfig(["tests/config/mistakes.yaml"], ROOT.pathname);
  equal(status, 1, stderr);
  const file = "tests/config/mistakes.yaml";
  deepEqual(stdout.trimEnd().split("\n"), [
    `${file}:3:3: otlp.endpont: there is no such key; did you mean "endpoint"?`,
    `${file}:4:15: otlp.timeout_ms: value is "soon", must be a whole number`,
    `${file}:5:14: otlp.max_batch: value is 0, must be from 1 to 10000`,
    `${file}:6:23: otlp.client_certificate: has no key; name its file with client_key`,
    `${file}:6:23: otlp.client_certificate: cannot use file /nonexistent/client.pem: there is no such file`,
    `${file}:7:12: otlp.headers: value is a map, must be headers; "bad header" has a name or content that HTTP does ` +
    "not allow",
    `${file}:9:13: otel_traces_export.endpoint: value is "collector:4318", must be a URL such as http://127.0.0.1:4318`,
    `${file}:10:20: otel_traces_export.sampler.name: value is "traceid_ratio", must be one of always_on, always_off, ` +
    "traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio " +
    '(did you mean "traceidratio"?)',
    `${file}:12:13: otel_metrics_export.interval: value is "5", must be a duration such as 500ms, 15s or 1m30s`,
    `${file}:13:27: otel_metrics_export.features[1]: value is "aplication_span", must be one of application, ` +
    "application_service_graph, *, all, application_span, application_span_otel, application_span_sizes, " +
    "application_host, application_process, ebpf, network, network_inter_zone, stats, stats_tcp_rtt, " +
    'stats_tcp_failed_connections (did you mean "application_span"?)',
    `${file}:14:34: otel_metrics_export.buckets.duration_histogram: value is a list, must have bounds that rise`,
    `${file}:15:28: prometheus_export.port: value is 99999, must be from 0 to 65535`,
    `${file}:16:1: patterns: there is no such key here; did you mean routes.patterns?`,
    `${file}:19:19: discovery.services[0].open_ports: value is "9000-8000", must have ranges that rise, unlike 9000-8000`,
    `${file}:20:7: discovery.services[1]: value is a map, must say what it selects, for example with exe_path or ` +
    "open_ports",
    `${file}:21:17: discovery.services[2].exe_path: value is "app(", must be a regular expression: Unterminated group`,
    `${file}:23:17: discovery.instrument[0].exe_path: value is "{a,b", must be a glob: a { has no }`,
    `${file}:25:16: trace_printer: says otherwise than print, which means the same; keep one`,
    `${file}:27:1: key log is there twice in this map; keep one`,
    `${file}:28:37: filter.application.http.rute: no attribute has that name; did you mean "http.route"?`,
  ]);
});

Deno.test("a file without a mistake is told on stderr", async () => {
  using scratch = new ScratchDirectory();
  await Deno.writeTextFile(`${scratch.path}/good.yaml`, "print: off\n");
  const outcome = await checkConfig(["good.yaml"], scratch.path);
  deepEqual(outcome, { status: 0, stdout: "", stderr: "good.yaml: no mistakes\n" });
});

Deno.test("a file that can be used gets status 0, with its warnings", async () => {
  using scratch = new ScratchDirectory();
  await Deno.writeTextFile(
    `${scratch.path}/good.yaml`,
    "otlp: {endpoint: ${TSUNAGI_TEST_URL}}\nnoop: true\n",
  );
  const outcome = await checkConfig(["good.yaml"], scratch.path, {
    TSUNAGI_TEST_URL: "http://h",
    // A check is about the file, wherever it is made.
    OTEL_EXPORTER_OTLP_ENDPOINT: "nonsense",
  });
  deepEqual(outcome, {
    status: 0,
    stdout:
      "good.yaml:2:1: warning: noop: is not supported, and has no effect: nothing is exported where no " +
      "endpoint is given\n",
    stderr: "",
  });
});

Deno.test("a file that is not there is told, other files are still checked", async () => {
  using scratch = new ScratchDirectory();
  await Deno.writeTextFile(`${scratch.path}/bad.yaml`, "prnt: off");
  const { status, stdout } = await checkConfig(["none.yaml", "bad.yaml"], scratch.path);
  equal(status, 1);
  deepEqual(stdout.trimEnd().split("\n"), [
    "Cannot use file none.yaml: there is no such file",
    'bad.yaml:1:1: prnt: there is no such key; did you mean "print"?',
  ]);
});

Deno.test("a wrong command line gets status 2, --help the usage", async () => {
  const none = await checkConfig([], ROOT.pathname);
  equal(none.status, 2);
  match(none.stderr, /^tsunagi: FILE is missing\n/);
  equal((await checkConfig(["--lint", "a.yaml"], ROOT.pathname)).status, 2);
  const help = await checkConfig(["--help"], ROOT.pathname);
  equal(help.status, 0);
  match(help.stdout, /^Usage: deno task check-config FILE/);
});
