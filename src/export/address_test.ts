import { deepEqual } from "node:assert/strict";
import { addressOf } from "./address.ts";

Deno.test("addressOf() takes brackets off and knows the default ports", () => {
  const f = (url: string, hostname: string, port: number) =>
    deepEqual(addressOf(new URL(url)), { hostname, port });
  f("http://[::1]:4317/x", "::1", 4317);
  f("http://collector", "collector", 80);
  f("https://collector.:443", "collector.", 443);
});
