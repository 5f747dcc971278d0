import { deepEqual, equal } from "node:assert/strict";
import { CONFIG, makeStatusApp, STATE, TOKEN } from "../../tests/support/status_app.ts";
import { configReport, endpointOf, withoutSecrets } from "./config_report.ts";

Deno.test("configReport() shows what is in force and no secret", () => {
  const report = configReport({
    ...CONFIG,
    traces: {
      ...CONFIG.traces,
      url: "https://user:pass-secret@collector:4318/v1/traces?key=query-secret",
      headers: { authorization: "header-secret" },
    },
  });
  equal(JSON.stringify(report).includes("secret"), false);
  equal(report.traces.url, "https://collector:4318/v1/traces?key=***");
  deepEqual(report.traces.headers, { authorization: "***" });
  equal(report.traces.maxQueue, CONFIG.traces.maxQueue);
  deepEqual(report.listen, CONFIG.listen);
});

Deno.test("configReport() shows rules with their regular expressions as text", () => {
  const { include, exclude } = configReport(CONFIG).select;
  deepEqual(include[0]!.exePath, { kind: "glob", glob: "*/front" });
  const shown = exclude.map(({ exePath }) => exePath?.kind === "regex" ? exePath.regex : null);
  const real = CONFIG.select.exclude.map(({ exePath }) =>
    exePath?.kind === "regex" ? exePath.regex.source : null
  );
  deepEqual(shown, real);
  equal(shown.some((regex) => regex !== null), true);
  deepEqual(include[0]!.openPorts, [{ first: 8080, last: 8080 }, { first: 9000, last: 9005 }]);
});

Deno.test("withoutSecrets() hides all of what is no URL", () => {
  equal(withoutSecrets("http://a/b"), "http://a/b");
  equal(withoutSecrets("secret"), "***");
});

Deno.test("endpointOf() shows what was configured, not the path of a gRPC call", () => {
  const call = "https://collector:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  equal(endpointOf({ url: call, protocol: "grpc" }), "https://collector:4317");
  equal(endpointOf({ url: "http://c/v1/traces?k=s", protocol: "http/json" }), "http://c/v1/traces?k=***");
  equal(endpointOf({ url: null, protocol: "grpc" }), null);
});

Deno.test("GET /api/v1/config answers state and configuration", async () => {
  const { app } = makeStatusApp();
  const { state, config } = await (await app.request("/api/v1/config")).json();
  deepEqual(state, STATE);
  deepEqual(config, JSON.parse(JSON.stringify(configReport(CONFIG))));
});

Deno.test("POST /api/v1/config/reload needs the token, and says what is wrong with the new one", async () => {
  let error: string | null = null;
  let reloads = 0;
  const { app } = makeStatusApp({
    config: {
      current: () => CONFIG,
      state: () => STATE,
      reload: () => {
        reloads++;
        return Promise.resolve({ ...STATE, error });
      },
    },
  });
  const post = (headers: Record<string, string>) =>
    app.request("/api/v1/config/reload", { method: "POST", headers });
  equal((await post({})).status, 401);
  equal(reloads, 0);
  const good = await post({ authorization: `Bearer ${TOKEN}` });
  deepEqual([good.status, await good.json()], [200, STATE]);
  error = "agent.yaml:3:1: there is no such key";
  const bad = await post({ authorization: `Bearer ${TOKEN}` });
  const { status, detail, code, remedy } = await bad.json();
  deepEqual([status, detail, code], [422, error, "config-refused"]);
  equal(remedy, "Correct it; what was in force stays so");
  equal(reloads, 2);
});
