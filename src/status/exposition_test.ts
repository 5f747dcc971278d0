import { deepEqual, equal } from "node:assert/strict";
import { METRICS } from "../../tests/support/status_app.ts";
import { createMetricsApp, wantedFormat } from "./exposition.ts";

Deno.test("wantedFormat() gives OpenMetrics to those who would rather have it", () => {
  const f = (accept: string | undefined, format: string) => equal(wantedFormat(accept), format, accept);
  f(undefined, "prometheus");
  f("", "prometheus");
  f("*/*", "prometheus");
  f("text/html,application/xhtml+xml,*/*;q=0.8", "prometheus");
  f("application/openmetrics-text", "openmetrics");
  f("application/openmetrics-text;version=1.0.0", "openmetrics");
  f("application/openmetrics-text; version=1.0.0; charset=utf-8, text/plain;q=0.5", "openmetrics");
  f("application/openmetrics-text;version=0.0.1", "prometheus");
  f("application/openmetrics-text;version=1.0.0;q=0", "prometheus");
  f("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", "prometheus");
});

Deno.test("wantedFormat() understands what Prometheus 2 and 3 send", () => {
  equal(
    wantedFormat(
      "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4," +
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    ),
    "openmetrics",
  );
  equal(
    wantedFormat(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    ),
    "openmetrics",
  );
});

Deno.test("createMetricsApp() answers its path and nothing else", async () => {
  const app = createMetricsApp({ metrics: METRICS, path: "/scrape", hosts: null });
  const text = await app.request("/scrape", { headers: { host: "node-1.example:9400" } });
  deepEqual([text.status, text.headers.get("content-type")], [
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  equal(await text.text(), "tsunagi_up 1\n");
  const open = await app.request("/scrape", { headers: { accept: "application/openmetrics-text" } });
  equal(open.headers.get("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  equal(await open.text(), "# EOF\n");
  equal((await app.request("/metrics")).status, 404);
  equal((await app.request("/api/v1/status")).status, 404);
  equal((await app.request("/scrape", { method: "POST" })).status, 405);
});

Deno.test("createMetricsApp() answers for its own hosts only where it is told which", async () => {
  const app = createMetricsApp({ metrics: METRICS, path: "/metrics", hosts: () => ["node-1"] });
  equal((await app.request("/metrics", { headers: { host: "node-1:9400" } })).status, 200);
  equal((await app.request("/metrics", { headers: { host: "evil.example" } })).status, 421);
});
