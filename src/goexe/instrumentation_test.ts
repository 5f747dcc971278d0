import assert from "node:assert/strict";
import { httpInstrumentation } from "./instrumentation.ts";

const SDK = "go.opentelemetry.io/otel/sdk";
const CONTRIB = "go.opentelemetry.io/contrib/instrumentation";

function foundIn(...paths: string[]): string | null {
  return httpInstrumentation(new Map(paths.map((path) => [path, "v1.0.0"])));
}

for (
  const module of [
    `${CONTRIB}/net/http/otelhttp`,
    `${CONTRIB}/github.com/gin-gonic/gin/otelgin`,
    `${CONTRIB}/github.com/gorilla/mux/otelmux`,
    `${CONTRIB}/github.com/labstack/echo/otelecho`,
    `${CONTRIB}/github.com/emicklei/go-restful/otelrestful`,
    "github.com/riandyrn/otelchi",
    "example.com/fork/otelgin/v2",
  ]
) {
  Deno.test(`httpInstrumentation() finds ${module} beside the SDK`, () => {
    assert.equal(foundIn("example.com/a", SDK, module), module);
    assert.equal(foundIn("example.com/a", module), null, "nothing leaves the program without an SDK");
  });
}

Deno.test("httpInstrumentation() takes the SDK alone, gRPC and databases for no HTTP spans", () => {
  const others = [
    "go.opentelemetry.io/otel",
    "go.opentelemetry.io/auto/sdk",
    `${CONTRIB}/google.golang.org/grpc/otelgrpc`,
    `${CONTRIB}/net/http/httptrace/otelhttptrace`,
    "github.com/XSAM/otelsql",
    "example.com/hotelhttp",
  ];
  assert.equal(foundIn(SDK, ...others), null);
});

Deno.test("httpInstrumentation() finds auto-instrumentation as a library", () => {
  assert.equal(foundIn("go.opentelemetry.io/auto"), "go.opentelemetry.io/auto");
});
