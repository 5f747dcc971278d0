import { equal, match, throws } from "node:assert/strict";
import { explainListenError, serveStatus } from "./serve.ts";

const app = { fetch: () => new Response("here") };

Deno.test("serveStatus() listens until it is disposed", async () => {
  const server = serveStatus({ app, host: "127.0.0.1", port: 0 });
  match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  equal(await (await fetch(server.url)).text(), "here");
  await server[Symbol.asyncDispose]();
  await using again = serveStatus({ app, host: "127.0.0.1", port: server.port });
  equal(again.url, server.url);
});

Deno.test("serveStatus() says that the port is taken and what to do", async () => {
  await using server = serveStatus({ app, host: "127.0.0.1", port: 0 });
  throws(() => serveStatus({ app, host: "127.0.0.1", port: server.port }), {
    message: `Cannot listen on 127.0.0.1:${server.port}: another program has this port ` +
      "(choose another with --listen HOST:PORT)",
  });
});

Deno.test("explainListenError() names what is in the way and the remedy", () => {
  const f = (cause: unknown, want: string) => equal(explainListenError(cause), want);
  f(
    new Deno.errors.AddrNotAvailable("x"),
    "this machine has no such address (choose another with --listen HOST:PORT)",
  );
  f(
    new Deno.errors.PermissionDenied("x"),
    "permission denied (choose a port from 1024 up with --listen HOST:PORT)",
  );
  f(new Error("odd"), "odd (choose another address with --listen HOST:PORT)");
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
  const began = performance.now();
  await server[Symbol.asyncDispose]();
  equal(performance.now() - began < 1_500, true);
  hang.resolve(new Response("late"));
  await answer;
});
