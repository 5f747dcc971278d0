import { deepEqual, equal, match, throws } from "node:assert/strict";
import { patiently } from "../../tests/support/eventually.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { listenProblem, serveStatus } from "./serve.ts";

const app = { fetch: () => new Response("here") };

Deno.test("serveStatus() listens until it is disposed", async () => {
  const server = serveStatus({ app, host: "127.0.0.1", port: freePort() });
  match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  equal(await (await fetch(server.url)).text(), "here");
  await server[Symbol.asyncDispose]();
  await using again = serveStatus({ app, host: "127.0.0.1", port: server.port });
  equal(again.url, server.url);
});

Deno.test("serveStatus() says that the port is taken and what to do", async () => {
  await using server = serveStatus({ app, host: "127.0.0.1", port: 0 });
  throws(() => serveStatus({ app, host: "127.0.0.1", port: server.port }), {
    message: `Cannot listen on 127.0.0.1:${server.port}: another program has this port [api-port-taken]. ` +
      "See who has it (ss -tlnp), or choose another with --listen HOST:PORT",
  });
  throws(() => serveStatus({ app, host: "127.0.0.1", port: server.port, what: "metrics" }), {
    message: /\[metrics-port-taken\].* with prometheus_export\.port$/,
  });
});

Deno.test("listenProblem() names what is in the way and the remedy", () => {
  const f = (cause: unknown, code: string, why: string, remedy: string) =>
    deepEqual(listenProblem(cause, { host: "::1", port: 81 }), {
      code,
      message: `Cannot listen on [::1]:81: ${why}`,
      remedy: `${remedy} with --listen HOST:PORT`,
    });
  f(
    new Deno.errors.AddrInUse("x"),
    "api-port-taken",
    "another program has this port",
    "See who has it (ss -tlnp), or choose another",
  );
  const unusable = "api-address-unusable";
  f(new Deno.errors.AddrNotAvailable("x"), unusable, "this machine has no such address", "Choose another");
  f(new Deno.errors.PermissionDenied("x"), unusable, "permission denied", "Choose a port from 1024 up");
  f(new Error("odd"), unusable, "odd", "Choose another address");
});

Deno.test("serveStatus() ends in time although an answer hangs", async () => {
  const hang = Promise.withResolvers<Response>();
  const entered = Promise.withResolvers<void>();
  const server = serveStatus({
    app: {
      fetch: () => {
        entered.resolve();
        return hang.promise;
      },
    },
    host: "127.0.0.1",
    port: 0,
  });
  const answer = fetch(server.url).then((response) => response.text()).catch(() => "cut");
  await entered.promise;
  await patiently(server[Symbol.asyncDispose](), "the end of the server");
  hang.resolve(new Response("late"));
  await answer;
});
