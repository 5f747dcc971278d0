import { deepEqual, equal } from "node:assert/strict";
import { decodeMessage } from "../../tests/support/otlp_proto.ts";
import { createResource, type ResourceOptions } from "./resource.ts";

function make(options: Partial<ResourceOptions> = {}) {
  return createResource({
    pid: 4711,
    exe: "/opt/shop/bin/front",
    goVersion: "go1.26.8",
    environment: {},
    hostName: "node-1",
    ...options,
  });
}

function values(options: Partial<ResourceOptions> = {}): Record<string, unknown> {
  return Object.fromEntries(make(options).attributes.map(({ key, value }) => [key, value]));
}

Deno.test("createResource() describes the process, its runtime, its host and this agent", () => {
  const { ["telemetry.sdk.version"]: sdk, ["telemetry.distro.version"]: distro, ...rest } = values();
  equal(sdk, distro);
  deepEqual(rest, {
    "service.name": "front",
    "service.instance.id": "node-1:4711",
    "process.pid": 4711n,
    "process.executable.name": "front",
    "process.executable.path": "/opt/shop/bin/front",
    "process.runtime.name": "go",
    "process.runtime.version": "go1.26.8",
    "host.name": "node-1",
    "os.type": "linux",
    "telemetry.sdk.name": "tsunagi",
    "telemetry.sdk.language": "go",
    "telemetry.distro.name": "tsunagi",
  });
});

Deno.test("createResource() encodes a Resource that protobufjs reads back", () => {
  const resource = make({ environment: { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=é%2Cx" } });
  const decoded = decodeMessage("Resource", resource.encoded) as {
    attributes: Array<{ key: string; value: { stringValue?: string; intValue?: string } }>;
  };
  const shown = Object.fromEntries(decoded.attributes.map(({ key, value }) => [key, value]));
  equal(decoded.attributes.length, resource.attributes.length);
  deepEqual(shown["process.pid"], { intValue: "4711" });
  deepEqual(shown["service.name"], { stringValue: "front" });
  deepEqual(shown["deployment.environment.name"], { stringValue: "é,x" });
});

Deno.test("createResource() names the service: OTEL_SERVICE_NAME, resource attribute, executable", () => {
  const f = (environment: Record<string, string>, want: string) => {
    equal(make({ environment }).serviceName, want);
    equal(values({ environment })["service.name"], want);
  };
  f({ OTEL_SERVICE_NAME: "a", OTEL_RESOURCE_ATTRIBUTES: "service.name=b" }, "a");
  f({ OTEL_SERVICE_NAME: "", OTEL_RESOURCE_ATTRIBUTES: "service.name=b" }, "b");
  f({ OTEL_RESOURCE_ATTRIBUTES: "service.name=" }, "front");
  f({}, "front");
  equal(make({ exe: "" }).serviceName, "unknown_service:go");
});

Deno.test("createResource() lets the configuration name a service, before its own environment", () => {
  const environment = {
    OTEL_SERVICE_NAME: "a",
    OTEL_RESOURCE_ATTRIBUTES: "service.namespace=n,service.name=b,container.id=own",
  };
  const named = { environment, name: "cart", namespace: "shop" };
  equal(make(named).serviceName, "cart");
  const shown = values(named);
  deepEqual([shown["service.name"], shown["service.namespace"]], ["cart", "shop"]);
  const unnamed = values({ environment, name: null, namespace: null });
  deepEqual([unnamed["service.name"], unnamed["service.namespace"]], ["a", "n"]);
});

Deno.test("createResource() tells the container and the pod, which the process may know better", () => {
  const found = { containerId: "c1", podUid: "u1" };
  const shown = values(found);
  deepEqual([shown["container.id"], shown["k8s.pod.uid"]], ["c1", "u1"]);
  const own = values({ ...found, environment: { OTEL_RESOURCE_ATTRIBUTES: "container.id=own" } });
  deepEqual([own["container.id"], own["k8s.pod.uid"]], ["own", "u1"]);
});

Deno.test("createResource() lets the process's owner override facts, but not who the agent is", () => {
  const environment = {
    OTEL_RESOURCE_ATTRIBUTES:
      "host.name=mine,service.namespace=shop,telemetry.sdk.name=fake,telemetry.distro.name=x",
  };
  const shown = values({ environment });
  equal(shown["host.name"], "mine");
  equal(shown["service.namespace"], "shop");
  equal(shown["telemetry.sdk.name"], "tsunagi");
  equal(shown["telemetry.distro.name"], "tsunagi");
});

Deno.test("createResource() discards a broken OTEL_RESOURCE_ATTRIBUTES whole and reports it", () => {
  const problems: string[] = [];
  const environment = { OTEL_RESOURCE_ATTRIBUTES: "service.namespace=shop,broken" };
  const shown = values({ environment, onProblem: (problem) => problems.push(problem) });
  equal(shown["service.namespace"], undefined);
  deepEqual(problems, [
    'Cannot use OTEL_RESOURCE_ATTRIBUTES of the process: Cannot read entry 2: it has no "="; it is ignored',
  ]);
});

Deno.test("createResource() strips the kernel's mark of a replaced binary, and leaves unknown versions out", () => {
  const shown = values({ exe: "/tmp/go-build1/b001/exe/main (deleted)", goVersion: null });
  equal(shown["service.name"], "main");
  equal(shown["process.executable.path"], "/tmp/go-build1/b001/exe/main");
  equal("process.runtime.version" in shown, false);
});
