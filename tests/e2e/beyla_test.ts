/**
 * Configurations as people write them for Beyla, and that each does what it does there: which processes, under what
 * names, which spans and series. Run against real services; one agent takes most of the configurations one after another.
 */
import assert from "node:assert/strict";
import { type Accounting, Agent, freePort, ROOT, settled, type Status } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { Scrape } from "../support/prometheus_text.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import type { ReceivedSpan } from "../support/span.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

interface ConfigStatus extends Status {
  readonly config: { readonly loadedAt: string } | null;
}

interface LeftOutStatus extends Status {
  readonly accounting: Accounting & { readonly leftOut: Readonly<Record<string, number>> };
}

/** Two services without a router, "red" and "blue", and an agent whose configuration changes. */
class Bench implements AsyncDisposable {
  private constructor(
    readonly stack: AsyncDisposableStack,
    readonly agent: Agent,
    readonly sink: OtlpSink,
    readonly file: string,
    readonly programs: Readonly<Record<"red" | "blue", Program>>,
  ) {}

  static async start(): Promise<Bench> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new ScratchDirectory());
    const exe = await goBuild({
      module: `${ROOT}/tests/programs`,
      package: "./routes",
      toolchain: DEFAULT_TOOLCHAIN,
    });
    const sink = stack.use(new OtlpSink());
    const file = `${scratch.path}/beyla.yml`;
    Deno.writeTextFileSync(file, "discovery: {services: [{exe_path: nothing}]}\n");
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: "10" };
    const agent = stack.use(await Agent.start({ args: ["--config", file, "--print", "off"], env }));
    const start = async (name: string) =>
      stack.use(
        await Program.start(scratch.copy(exe, name), {
          args: ["plain"],
          env: { OTEL_RESOURCE_ATTRIBUTES: `k8s.namespace.name=${name}-space` },
        }),
      );
    const programs = { red: await start("red"), blue: await start("blue") };
    return new Bench(stack.move(), agent, sink, file, programs);
  }

  /** The configuration, with ports for RED and BLUE and the programs' DIRECTORY filled in, is in force. */
  async use(config: string): Promise<void> {
    const loadedAt = async () => (await this.agent.get<ConfigStatus>("/api/v1/status")).config?.loadedAt;
    const before = await loadedAt();
    const port = (name: "red" | "blue") => new URL(this.programs[name].url).port;
    Deno.writeTextFileSync(
      `${this.file}.new`,
      config.replaceAll("RED", port("red")).replaceAll("BLUE", port("blue"))
        .replaceAll("DIRECTORY", this.file.replace(/\/[^/]*$/, "")),
    );
    Deno.renameSync(`${this.file}.new`, this.file);
    await eventually(async () => assert.notEqual(await loadedAt(), before, this.agent.log));
  }

  /** "traced", or why not, of both. */
  async states(): Promise<string[]> {
    const state = async ({ pid }: Program) => {
      const { state, reason } = await this.agent.target(pid);
      return reason?.code ?? state;
    };
    return [await state(this.programs.red), await state(this.programs.blue)];
  }

  /** Requests each path, and returns the spans that were exported for them, in the order of their start. */
  async spans(name: "red" | "blue", paths: readonly string[]): Promise<ReceivedSpan[]> {
    const from = this.sink.spans.length;
    const before = await this.agent.accounting();
    for (const path of paths) await (await fetch(this.programs[name].url + path)).body?.cancel();
    await eventually(async () => {
      const { begun, leftOut, ...accounting } =
        (await this.agent.get<LeftOutStatus>("/api/v1/status")).accounting;
      assert.equal(begun, before.begun + paths.length);
      const left = Object.values(leftOut).reduce((sum, count) => sum + count, 0);
      assert.equal(begun, settled(accounting) + left, "all of them are over");
    });
    return this.sink.spans.slice(from).toSorted((a, b) => Number(a.startNs - b.startNs));
  }

  /** Labels of the series of requests with that route. */
  async series(route: string): Promise<Record<string, string>[]> {
    const found = (await Scrape.of(this.agent.url)).select("http_server_request_duration_seconds_count", {
      http_route: route,
    });
    return found.map(({ labels }) => labels);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

rootTest("configurations of Beyla select, name, route, filter and sample as there", async (t) => {
  await using bench = await Bench.start();
  const step = (name: string, run: () => Promise<void>) => t.step(name, run);
  const routesOf = async (name: "red" | "blue", paths: readonly string[]) =>
    (await bench.spans(name, paths)).map(({ attributes }) => attributes["http.route"]);
  const nameOf = async (name: "red" | "blue") => {
    const [span] = await bench.spans(name, ["/who"]);
    return [span!.resource["service.name"], span!.resource["service.namespace"]];
  };

  await step("regular expressions are found anywhere, and exclusion is stronger", async () => {
    await bench.use(
      "discovery: {services: [{exe_path: '/(red|blue)$'}], exclude_services: [{exe_path: lue}]}",
    );
    assert.deepEqual(await bench.states(), ["traced", "excluded-by-rule"]);
  });

  await step("globs match whole paths, with alternatives and classes", async () => {
    await bench.use("discovery: {instrument: [{exe_path: '{*/red,*/green}'}, {exe_path: '*/[a-c]lue'}]}");
    assert.deepEqual(await bench.states(), ["traced", "traced"]);
    await bench.use(
      "discovery: {instrument: [{exe_path: '*/{red,blue}'}], exclude_instrument: [{exe_path: '*/[!r]lue'}]}",
    );
    assert.deepEqual(await bench.states(), ["traced", "excluded-by-rule"]);
    await bench.use("discovery: {instrument: [{exe_path: red}]}");
    assert.deepEqual(await bench.states(), ["not-selected", "not-selected"]);
  });

  await step("all of an entry must hold, ports in ranges too", async () => {
    await bench.use(
      "discovery: {services: [{open_ports: '1-2,RED-RED', exe_path: red}, {open_ports: RED, exe_path: blue}]}",
    );
    assert.deepEqual(await bench.states(), ["traced", "port-not-open"]);
    await bench.use("executable_name: red\nopen_port: BLUE\n");
    assert.deepEqual(await bench.states(), ["port-not-open", "not-selected"]);
  });

  await step("Kubernetes keys look at what the process says", async () => {
    await bench.use(
      "discovery: {services: [{k8s_namespace: '^(red|green)-'}, {k8s_namespace: shop, k8s_pod_name: .}]}",
    );
    assert.deepEqual(await bench.states(), ["traced", "not-selected"]);
  });

  await step(
    "of name, namespace and sampler each last entry counts, and service_name is behind all",
    async () => {
      const services =
        "services: [{exe_path: DIRECTORY, name: all, namespace: shop}, {exe_path: red, name: red}, {open_ports: BLUE, " +
        "sampler: {name: always_off}}]";
      await bench.use(`discovery: {${services}}`);
      assert.deepEqual(await nameOf("red"), ["red", "shop"]);
      assert.deepEqual(await bench.spans("blue", ["/off"]), [], "the entry by port says how to sample");
      await bench.use(`discovery: {${services}}\nopen_port: RED\nservice_name: top`);
      assert.deepEqual(await nameOf("red"), ["top", "shop"]);
    },
  );

  const BOTH = "discovery: {services: [{exe_path: /(red|blue)$}]}\n";

  await step("the most specific pattern names the route, * any rest, and what it begins with", async () => {
    await bench.use(
      `${BOTH}routes: {patterns: [/user/*, "/user/:id", /user/me, "/a/{b}/c", "/v1/*/end"], unmatched: unset}`,
    );
    assert.deepEqual(
      await routesOf("red", [
        "/user",
        "/user/7",
        "/user/me",
        "/user/7/x",
        "/a/1/c",
        "/v1/x/y/end",
        "/v1/x",
        "/b",
      ]),
      ["/user/*", "/user/:id", "/user/me", "/user/*", "/a/{b}/c", "/v1/*/end", undefined, undefined],
    );
  });

  await step("what no pattern matches", async () => {
    const unmatched = async (how: string) => {
      await bench.use(`${BOTH}routes: {${how}}`);
      return await routesOf("red", ["/users/4711"]);
    };
    assert.deepEqual(await unmatched(""), ["/users/*"], "heuristic is the default");
    assert.deepEqual(await unmatched('wildcard_char: "#"'), ["/users/#"]);
    assert.deepEqual(await unmatched("unmatched: wildcard"), ["/**"]);
    assert.deepEqual(await unmatched("unmatched: path"), ["/users/4711"]);
    assert.deepEqual(await unmatched("unmatched: low-cardinality"), ["/users/4711"]);
  });

  await step("ignored patterns leave out of both, or of traces alone", async () => {
    await bench.use(`${BOTH}routes: {ignored_patterns: [/healthz, /internal/*], unmatched: path}`);
    assert.deepEqual(await routesOf("red", ["/healthz", "/internal", "/internal/x", "/kept"]), ["/kept"]);
    await bench.use(`${BOTH}routes: {ignored_patterns: [/quiet], ignore_mode: traces, unmatched: path}`);
    assert.deepEqual(await routesOf("red", ["/quiet"]), []);
    assert.equal((await bench.series("/quiet")).length, 1);
    assert.equal((await bench.series("/healthz")).length, 0);
  });

  await step("patterns of an entry come after those of all", async () => {
    await bench.use(
      "discovery: {services: [{exe_path: red, routes: {incoming: [/a/*, /b/*]}}, {exe_path: blue}]}\n" +
        "routes: {patterns: ['/a/{x}'], unmatched: unset}",
    );
    assert.deepEqual(await routesOf("red", ["/a/1", "/b/1"]), ["/a/{x}", "/b/*"]);
    assert.deepEqual(await routesOf("blue", ["/a/1", "/b/1"]), ["/a/{x}", undefined]);
  });

  await step("filters match globs, and all must pass", async () => {
    await bench.use(
      `${BOTH}routes: {unmatched: path}\nfilter: {application: {url_path: {not_match: '{/health*,/ready,/v[0-9]}'}, ` +
        "http.response.status_code: {match: '[24]*'}, http_request_method: {match: '{GET,POST}'}}}",
    );
    assert.deepEqual(await routesOf("red", ["/healthz", "/ready", "/v1", "/vx", "/missing", "/readyz"]), [
      "/vx",
      "/missing",
      "/readyz",
    ]);
  });

  await step("filters on the resource look at what a process says of itself", async () => {
    await bench.use(`${BOTH}filter: {application: {k8s_namespace_name: {not_match: 'blue-*'}}}`);
    assert.deepEqual([await bench.spans("blue", ["/a"]), (await bench.spans("red", ["/a"])).length], [[], 1]);
  });

  await step("attributes are selected from broad to narrow", async () => {
    await bench.use(
      `${BOTH}routes: {unmatched: path}\nattributes: {select: {http_server_request_duration_seconds: {exclude: ["server_*"]}, ` +
        '"http.*": {include: [http_route, http_request_method, server.port]}, "*": {exclude: [url.scheme]}}}',
    );
    await bench.spans("red", ["/selected"]);
    const [labels] = await bench.series("/selected");
    const names = [
      "http_route",
      "http_request_method",
      "http_response_status_code",
      "server_port",
      "url_scheme",
    ];
    assert.deepEqual(names.map((name) => labels![name]), ["/selected", "GET", "200", undefined, undefined]);
  });

  await step("samplers and exports of all and of one", async () => {
    await bench.use(
      "otel_traces_export: {sampler: {name: traceidratio, arg: '0'}}\nroutes: {unmatched: path}\n" +
        "discovery: {instrument: [{exe_path: '*/red'}, {exe_path: '*/blue', sampler: {name: always_on}}]}",
    );
    assert.equal((await bench.spans("red", ["/ratio"])).length, 0);
    assert.equal((await bench.series("/ratio")).length, 1, "metrics know what the sampler left out");
    assert.equal((await bench.spans("blue", ["/ratio"])).length, 1);
    await bench.use(
      "routes: {unmatched: path}\n" +
        "discovery: {instrument: [{exe_path: '*/red', exports: [metrics]}, {exe_path: '*/blue', exports: [traces]}]}",
    );
    assert.equal((await bench.spans("red", ["/only-metrics"])).length, 0);
    assert.equal((await bench.spans("blue", ["/only-traces"])).length, 1);
    assert.equal((await bench.series("/only-metrics")).length, 1);
    assert.equal((await bench.series("/only-traces")).length, 0);
  });

  await bench.agent.stop();
});

rootTest("variables alone configure as those of Beyla do", async () => {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(new ScratchDirectory());
  const exe = await goBuild({
    module: `${ROOT}/tests/programs`,
    package: "./routes",
    toolchain: DEFAULT_TOOLCHAIN,
  });
  const program = stack.use(await Program.start(scratch.copy(exe, "goblog"), { args: ["mux"] }));
  const sink = stack.use(new OtlpSink());
  const port = freePort();
  Deno.writeTextFileSync(`${scratch.path}/beyla.yml`, "routes:\n  unmatched: heuristic\nlog_level: warn\n");
  const agent = stack.use(
    await Agent.start({
      env: {
        BEYLA_CONFIG_PATH: `${scratch.path}/beyla.yml`,
        BEYLA_OPEN_PORT: new URL(program.url).port,
        BEYLA_SERVICE_NAMESPACE: "demo",
        OTEL_SERVICE_NAME: "demo-go-service",
        BEYLA_LOG_LEVEL: "DEBUG",
        BEYLA_LOG_FORMAT: "json",
        BEYLA_TRACE_PRINTER: "json",
        BEYLA_PROMETHEUS_PORT: String(port),
        BEYLA_PROMETHEUS_PATH: "/beyla/metrics",
        BEYLA_METRICS_INTERVAL: "1s",
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
        OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20abc",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "1",
      },
    }),
  );
  await agent.traced(program.pid);
  await (await fetch(`${program.url}/orders/1`)).body?.cancel();
  await agent.atRest(1);
  const [span] = sink.spans;
  assert.deepEqual([span!.resource["service.name"], span!.resource["service.namespace"]], [
    "demo-go-service",
    "demo",
  ]);
  assert.equal(span!.attributes["http.route"], "/orders/{id}");
  assert.equal(sink.headers.get("authorization"), "Basic abc");
  const page = await (await fetch(`http://127.0.0.1:${port}/beyla/metrics`)).text();
  const samples = new Scrape(page).select("http_server_request_duration_seconds_count");
  assert.deepEqual(samples.map(({ labels }) => labels["http_route"]), ["/orders/{id}"]);
  await eventually(() => assert.match(agent.stdout.join("\n"), /"name":\s*"GET \/orders\/\{id\}"/));
  assert.match(agent.log, /"level":"info"/, "the variable is stronger than the file");
  await agent.stop();
});
