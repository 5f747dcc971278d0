/** Configurations of Beyla, from its documentation (docs/sources/configure in its repository), about routes, filters and attributes of metrics. */
import { deepEqual } from "node:assert/strict";
import { inspect, load } from "./testing.ts";

Deno.test("patterns of an entry come after those of all", async () => {
  const file = "routes: {patterns: [/a]}\ndiscovery: {services: [{exe_path: x, routes: {incoming: [/b]}}]}";
  deepEqual((await load({ file })).select.include[0]?.routes?.patterns, ["/a", "/b"]);
});

Deno.test("routes, filters and attributes of metrics", async () => {
  const { routes, filters, measure } = await load({
    file: `
routes:
  patterns: ["/user/{id}", /files/*]
  ignored_patterns: [/health]
  ignore_mode: traces
  unmatched: low-cardinality
  wildcard_char: "#"
filter:
  application:
    url_path: {match: "/api/*", not_match: "/api/internal/*"}
    http.response.status_code: {match: 5*}
attributes:
  select:
    http_server_request_duration_seconds:
      include: [http_route, url.*]
      exclude: ["server_*"]
    "*":
      include: ["*"]
`,
  });
  deepEqual(routes, {
    patterns: ["/user/{id}", "/files/*"],
    ignoredPatterns: ["/health"],
    ignoreMode: "traces",
    unmatched: "low-cardinality",
    wildcard: "#",
  });
  deepEqual(filters, [
    { attribute: "url.path", match: "/api/*", notMatch: "/api/internal/*" },
    { attribute: "http.response.status_code", match: "5*", notMatch: null },
  ]);
  deepEqual(measure.attributes, [
    { metric: "*", include: ["*"], exclude: [] },
    {
      metric: "http.server.request.duration",
      include: ["http.route", "url.*"],
      exclude: ["server.address", "server.port"],
    },
  ], "from broad to narrow, whatever their order");
});

Deno.test("names of metrics and attributes that do not exist are told with the nearest", async () => {
  const { said } = await inspect({
    file: [
      "attributes: {select: {http.server.request.duratoin: {include: [a]}, traces: {include: [b]},",
      "  http.client.request.duration: {include: [http.rout]}}}",
      "filter: {application: {http.rute: {match: /a}, k8s_namespace_name: {match: x}, url.path: {match: '{a,b'},",
      "  db_operation: {match: SELECT}, server_addres: {match: a}}}",
    ].join("\n"),
  });
  deepEqual(said, [
    "f.yaml:1:53: warning: attributes.select.http.server.request.duratoin: has no effect: there is no such metric; " +
    'did you mean "http.server.request.duration"?',
    "f.yaml:1:77: warning: attributes.select.traces: is not supported, and has no effect: " +
    "attributes of spans are not selected",
    "f.yaml:2:44: warning: attributes.select.http.client.request.duration.include[0]: no attribute has that name; " +
    'did you mean "http.route"?',
    'f.yaml:3:35: filter.application.http.rute: no attribute has that name; did you mean "http.route"?',
    'f.yaml:3:98: filter.application.url.path.match: value is "{a,b", must be a glob: a { has no }',
    "f.yaml:4:17: warning: filter.application.db_operation: is not supported, and has no effect: " +
    "spans of HTTP do not have it",
    "f.yaml:4:49: warning: filter.application.server_addres: is not supported, and has no effect: " +
    'spans of HTTP do not have it; did you mean "server.address"?',
  ]);
});

Deno.test("a filter must say what it wants", async () => {
  deepEqual((await inspect({ file: "filter: {application: {url.path: {}}}" })).said, [
    "f.yaml:1:34: filter.application.url.path: value is a map, must have match or not_match",
  ]);
});

Deno.test("globs are the same everywhere, and alternatives are bounded", async () => {
  const many = "{a,b}".repeat(9);
  const { said } = await inspect({
    file: `select: {exe: ["${many}"]}\ndiscovery: {exclude_instrument: [{exe_path: "[a"}]}\n` +
      `filter: {application: {url.path: {not_match: "${many}"}}}\n` +
      `attributes: {select: {"*": {exclude: ["a}"]}, "http.{": {exclude: [http.route]}}}`,
  });
  const tooMany =
    `value is "${many}", must be a glob: its { } stand for more than 256 globs; split it, or use * more`;
  deepEqual(said, [
    `f.yaml:1:16: select.exe[0]: ${tooMany}`,
    'f.yaml:2:45: discovery.exclude_instrument[0].exe_path: value is "[a", must be a glob: a [ has no ]',
    `f.yaml:3:46: filter.application.url.path.not_match: ${tooMany}`,
    'f.yaml:4:39: attributes.select.*.exclude[0]: value is "a}", must be a glob: a } has no {',
    'f.yaml:4:57: attributes.select.http.{: value is "http.{", must be a glob: a { has no }',
  ]);
});
