import assert from "node:assert/strict";
import { fakeDiscovery } from "../../tests/support/fake_discovery.ts";
import type { ExeIdentity } from "../registry/registry.ts";

Deno.test("Discovery.reselect() switches the running executable by one flip, and back to the slot that was kept", async () => {
  const { registry, discovery, states, install, calls } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  assert.deepEqual(calls, ["use 0 one", "flip 0", "attach"]);
  install("go1.26", "two");
  assert.equal((await discovery.reselect()).executables, 1);
  assert.deepEqual(calls.slice(3), ["use 1 two", "flip 1"]);
  registry.rollback("go1.26");
  await discovery.reselect();
  assert.deepEqual(calls.slice(5), ["flip 0"]);
  assert.deepEqual(states(), [["traced", "go1.26"], ["traced", "go1.26"]]);
});

Deno.test("Discovery.reselect() changes nothing when the decoders that suit are the same", async () => {
  const { discovery, install, calls } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  calls.length = 0;
  assert.equal((await discovery.reselect()).executables, 0);
  assert.deepEqual(calls, []);
});

Deno.test("Discovery.reselect() refuses what has no decoder any more, and traces it when one comes", async () => {
  const { registry, discovery, states, install, calls } = await fakeDiscovery();
  await discovery.scan();
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], ["refused", "no-decoder-for-go1.26"]]);
  install("go1.26", "one");
  await discovery.reselect();
  assert.deepEqual(states(), [["traced", "go1.26"], ["traced", "go1.26"]]);
  registry.remove("go1.26");
  await discovery.reselect();
  assert.equal(calls.at(-1), "detach");
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], ["refused", "no-decoder-for-go1.26"]]);
});

Deno.test("Discovery gives a process the decoder that came while it was being attached", async () => {
  const { discovery, states, install, calls } = await fakeDiscovery({
    onAttach: () => install("go1.26.5", "two", ">=1.26.5 <1.27"),
  });
  install("go1.26", "one");
  await discovery.scan();
  assert.ok(calls.includes("use 1 two"), calls.join());
  assert.equal(calls.filter((call) => call.startsWith("flip")).at(-1), "flip 1");
  assert.deepEqual(states(), [["traced", "go1.26.5"], ["traced", "go1.26.5"]]);
});

Deno.test("Discovery learns once for all processes whose debug information no decoder fits, or says why not", async () => {
  const lessons: ExeIdentity[] = [];
  const { discovery, states } = await fakeDiscovery({
    flavour: "plain",
    async learn(exe) {
      lessons.push(exe);
      // Time in which the other process asks too.
      await new Promise((resolve) => setTimeout(resolve));
      return { code: "decoder-not-learnt", message: "no", remedy: "none" };
    },
  });
  await discovery.scan();
  assert.equal(lessons.length, 1);
  assert.equal(lessons[0]?.structs?.fields["Request.Method"], 0);
  assert.deepEqual(states(), [["refused", "decoder-not-learnt"], ["refused", "decoder-not-learnt"]]);
});
