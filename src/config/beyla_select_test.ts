/** Configurations of Beyla, from its documentation (docs/sources/configure in its repository), about which processes are traced. */
import { deepEqual, equal } from "node:assert/strict";
import type { TextMatch } from "./config.ts";
import { inspect, load } from "./testing.ts";

const regex = (source: RegExp): TextMatch => ({ kind: "regex", regex: source });

Deno.test("services select by regular expressions, instrument by globs, and both exclude", async () => {
  const { select } = await load({
    file: `
discovery:
  services:
    - name: shop
      namespace: prod
      open_ports: 8080
      exe_path: (?i)/SHOP
      cmd_args: --verbose
      languages: go
      target_pids: [7, 8]
      containers_only: true
      container_name: web
      k8s_owner_name: shop-.*
      k8s_pod_labels: {app.kubernetes.io/name: shop, canary: true}
      k8s_pod_annotations: {trace: "on"}
      exports: [traces]
      sampler: {name: always_off}
      routes: {incoming: ["/orders/{id}"], unmatched: wildcard}
    - exe_path_regexp: old
      open_ports: [80, 8000-8999]
  exclude_services:
    - k8s_namespace: kube-.*
  exclude_otel_instrumented_services: false
  default_exclude_services: []
`,
  });
  deepEqual(select.include[0], {
    origin: "discovery.services[0]",
    name: "shop",
    namespace: "prod",
    openPorts: [{ first: 8080, last: 8080 }],
    exePath: regex(/\/SHOP/i),
    cmdArgs: regex(/--verbose/),
    languages: regex(/go/),
    pids: [7, 8],
    containersOnly: true,
    containerName: regex(/web/),
    kubernetes: [
      { attribute: "k8s.owner.name", match: regex(/shop-.*/) },
      { attribute: "k8s.pod.label.app.kubernetes.io/name", match: regex(/shop/) },
      { attribute: "k8s.pod.label.canary", match: regex(/true/) },
      { attribute: "k8s.pod.annotation.trace", match: regex(/on/) },
    ],
    sampler: { name: "always_off", ratio: 1 },
    routes: {
      patterns: ["/orders/{id}"],
      ignoredPatterns: [],
      ignoreMode: "all",
      unmatched: "wildcard",
      wildcard: "*",
    },
    exports: ["traces"],
  });
  deepEqual(select.include[1]?.exePath, regex(/old/));
  deepEqual(select.include[1]?.openPorts, [{ first: 80, last: 80 }, { first: 8000, last: 8999 }]);
  deepEqual(select.exclude.map(({ origin }) => origin), ["discovery.exclude_services[0]"]);
  equal(select.excludeInstrumented, false);
});

Deno.test("instrument sets services aside, as in Beyla, and is told", async () => {
  const file =
    "discovery: {instrument: [{exe_path: '*/a'}], services: [{exe_path: b}], exclude_services: [{exe_path: c}]}";
  const { config, said } = await inspect({ file });
  deepEqual(config?.select.include.map(({ exePath }) => exePath), [{ kind: "glob", glob: "*/a" }]);
  deepEqual(said, [
    "f.yaml:1:56: warning: discovery.services: has no effect beside discovery.instrument",
    "f.yaml:1:91: warning: discovery.exclude_services: has no effect beside discovery.instrument",
  ]);
});

Deno.test("agents, collectors and the cluster's own namespaces are excluded until the user says otherwise", async () => {
  const { select: { exclude } } = await load({});
  const [exe, namespace] = exclude.map(({ exePath, kubernetes }) => exePath ?? kubernetes[0]?.match);
  const excludes = (match: TextMatch | undefined, text: string) =>
    match?.kind === "regex" && match.regex.test(text);
  for (const path of ["/beyla", "/usr/bin/alloy", "/otelcol-contrib", "obi"]) {
    equal(excludes(exe, path), true, path);
  }
  for (const path of ["/app/beyla-client", "/otelcol/app"]) equal(excludes(exe, path), false, path);
  equal(excludes(namespace, "kube-system"), true);
  equal(excludes(namespace, "kube-system-2"), false);
  const file = "discovery: {default_exclude_instrument: [{exe_path: '*/agent'}]}";
  deepEqual((await load({ file })).select.exclude.map(({ origin }) => origin), [
    "discovery.default_exclude_instrument[0]",
  ]);
});

Deno.test("flags displace what the file selects, variables of Beyla add to it", async () => {
  const file = "discovery: {services: [{exe_path: file}]}\nopen_port: 1";
  const origins = async (sources: Parameters<typeof load>[0]) =>
    (await load({ file, ...sources })).select.include.map(({ origin }) => origin);
  deepEqual(await origins({}), ["discovery.services[0]", "open_port"]);
  deepEqual(await origins({ env: { BEYLA_OPEN_PORT: "2", BEYLA_AUTO_TARGET_EXE: "*/x" } }), [
    "discovery.services[0]",
    "open_port and auto_target_exe",
  ]);
  deepEqual(await origins({ flags: { exe: ["*/a", "*/b"], port: ["80,81"], pid: ["7"] } }), [
    "--exe */a",
    "--exe */b",
    "--port 80,81",
    "--pid 7",
  ]);
});

Deno.test("executable_path is set aside by globs, as in Beyla", async () => {
  const { config, said } = await inspect({
    file: "executable_name: a\nopen_port: 80\ndiscovery: {instrument: [{exe_path: b}]}",
  });
  deepEqual(config?.select.include.map(({ origin, exePath }) => [origin, exePath]), [
    ["discovery.instrument[0]", { kind: "glob", glob: "b" }],
    ["open_port", null],
  ]);
  deepEqual(said, ["f.yaml:1:18: warning: executable_name: has no effect beside discovery.instrument"]);
  const env = { BEYLA_EXECUTABLE_NAME: "a", BEYLA_AUTO_TARGET_EXE: "b" };
  const both = await inspect({ env });
  deepEqual(both.config?.select.include.map(({ exePath }) => exePath), [{ kind: "glob", glob: "b" }]);
  deepEqual(both.said, ["Environment variable BEYLA_EXECUTABLE_NAME: has no effect beside auto_target_exe"]);
});
