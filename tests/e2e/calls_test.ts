/** Outgoing calls: what becomes of them, and whose child they are. */
import assert from "node:assert/strict";
import { rootTest } from "../support/root.ts";
import { assertReceived, type Bench, chainOf, type Echo, only, sharedBench } from "./bench.ts";

const { versions, bench } = sharedBench(["1.17.13", "1.21.13", "1.27.4"]);

for (const version of versions) {
  const callTest = (name: string, run: (on: Bench) => Promise<void>) =>
    rootTest(`Go ${version}: ${name}`, async () => await run(await bench(version)));

  for (
    const [path, what] of [["/call", "the handler's own goroutine"], ["/child", "a child goroutine"]] as const
  ) {
    callTest(`a call without context in ${what} belongs to the request`, async (on) => {
      const { result, trace } = await on.exchange(path, 3);
      assertReceived(result.body, chainOf(trace).client);
    });
  }

  callTest("a call without context in a grandchild goroutine belongs to the request", async (on) => {
    const { result, trace } = await on.exchange("/grandchild", 3);
    assertReceived(result.body, chainOf(trace).client);
  });

  callTest("a call in a worker pool with the request's context belongs to the request", async (on) => {
    const { result, trace } = await on.exchange("/pool-with-context", 3);
    assertReceived(result.body, chainOf(trace).client);
  });

  callTest("a call in a worker pool without context begins a trace of its own", async (on) => {
    const { result, trace, others } = await on.exchange("/pool-without-context", 3);
    assert.equal(only(trace, "SERVER").attributes["url.path"], "/pool-without-context");
    const client = only(others, "CLIENT");
    const server = only(others, "SERVER");
    assert.equal(client.parentId, "");
    assert.equal(server.parentId, client.spanId);
    assertReceived(result.body, client);
  });

  callTest("a call that is cancelled has a client span with an error", async (on) => {
    const { result, trace } = await on.exchange("/cancelled", 3);
    assert.equal(result.status, 502);
    const { client, backServer } = chainOf(trace);
    assert.equal(client.statusCode, 2);
    assert.ok(client.attributes["error.type"], "error.type");
    assert.equal(client.attributes["http.response.status_code"], undefined);
    assert.equal(backServer.attributes["url.path"], "/slow");
  });

  callTest("a call to a port where nobody listens has a client span with an error", async (on) => {
    const { result, trace } = await on.exchange("/refused", 2);
    assert.equal(result.status, 502);
    const client = only(trace, "CLIENT");
    assert.equal(client.parentId, only(trace, "SERVER").spanId);
    assert.equal(client.statusCode, 2);
    assert.ok(client.attributes["error.type"], "error.type");
    assert.equal(client.attributes["server.port"], 1);
  });

  callTest("a call that is redirected has a client span for each request", async (on) => {
    const { result, trace } = await on.exchange<Echo>("/redirected", 5);
    assert.equal(result.status, 200);
    const front = trace.find((span) => span.attributes["url.path"] === "/redirected");
    const clients = trace.filter((span) => span.kind === "CLIENT");
    assert.deepEqual(clients.map((client) => client.parentId), [front?.spanId, front?.spanId]);
    assert.deepEqual(clients.map((client) => client.attributes["http.response.status_code"]), [302, 200]);
    for (const [n, path] of ["/redirect", "/echo"].entries()) {
      const server = trace.find((span) => span.attributes["url.path"] === path);
      assert.equal(server?.parentId, clients[n]?.spanId, path);
    }
    assert.ok(clients[1]);
    assertReceived(result.body, clients[1]);
  });

  callTest("a call that is tried again on a new connection is one client span", async (on) => {
    // The first request also asks back where the flaky server is.
    const first = await on.exchange<{ connection: string }>("/retried", 4);
    assert.equal(first.result.body?.connection, "1");
    const { result, trace } = await on.exchange<{ connection: string }>("/retried", 2);
    assert.equal(result.body?.connection, "2", "the connection of the first call was closed");
    const client = only(trace, "CLIENT");
    assert.equal(client.parentId, only(trace, "SERVER").spanId);
    assert.equal(client.attributes["http.response.status_code"], 200);
    assert.equal(client.statusCode, 0);
    assert.equal(client.attributes["http.request.resend_count"], 1);
  });
}
