/** Faults of the machine: named alike by the doctor and by the agent, which stays up and tries again. */
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { Agent, type Status } from "../support/agent.ts";
import { BpfSnapshot, unheldSince } from "../support/bpf_state.ts";
import { eventually } from "../support/eventually.ts";
import { rootTest } from "../support/root.ts";
import { diagnose, findingOf, runDoctor } from "./doctor.ts";
import { withoutCapabilities, withoutCgroup2 } from "./namespaces.ts";

const FAULTS = [
  ["a missing capability", withoutCapabilities("bpf", "sys_admin"), "loader-permission", /no cap_bpf/],
  ["no cgroup v2", withoutCgroup2(), "cgroup-v2-missing", /cannot find a cgroup v2 mount/],
] as const;

for (const [name, wrap, code, cause] of FAULTS) {
  rootTest(`doctor and the agent name ${name} alike`, async () => {
    const diagnosis = await diagnose([], { wrap });
    assert.equal(diagnosis.code, 1);
    const finding = findingOf(diagnosis, code);
    assert.equal(finding.severity, "fail");
    assert.match(finding.cause, cause);
    assert.equal(findingOf(diagnosis, "targets-unknown").severity, "skip");
    assert.equal(
      diagnosis.findings.filter(({ severity }) => severity === "fail").length,
      1,
      "one fault, one failure",
    );

    await using agent = await Agent.start({
      command: [...wrap, ...config.tasks.run.command.split(" ")],
      until: "/livez",
    });
    const reason = { code, message: finding.cause, remedy: finding.remedy };
    await eventually(async () => {
      const { loader } = await agent.get<{ loader: unknown }>("/api/v1/targets");
      assert.deepEqual(loader, reason);
    });
    const { loader } = await agent.get<Status & { loader: Record<string, unknown> }>("/api/v1/status");
    assert.deepEqual([loader["state"], loader["reason"]], ["stopped", reason]);
    const ready = await fetch(`${agent.url}/readyz`);
    assert.equal(ready.status, 503);
    assert.ok((await ready.text()).includes(finding.cause));
    await eventually(() => assert.ok(agent.log.includes(code), agent.log));

    // From where nothing is wrong.
    const asked = await diagnose([], { listen: new URL(agent.url).host });
    const told = findingOf(asked, code);
    assert.deepEqual([told.group, told.severity, told.cause, told.remedy], [
      "agent",
      "fail",
      finding.cause,
      finding.remedy,
    ]);
    assert.equal(findingOf(asked, "targets-unknown").severity, "skip");
  });
}

rootTest("doctor says what is good, for people and for programs, and leaves nothing behind", async () => {
  const before = await BpfSnapshot.take();
  const { findings } = await diagnose();
  assert.deepEqual(findings.filter(({ group, severity }) => group === "machine" && severity === "fail"), []);
  const { stdout } = await runDoctor([]);
  for (const title of ["Machine", "Configuration", "Agent", "Collectors", "Decoders", "Processes"]) {
    assert.ok(stdout.split("\n").includes(title), stdout);
  }
  assert.match(stdout.trimEnd().split("\n").at(-1)!, /^\d+ failed, \d+ warnings, \d+ ok, \d+ skipped$/);
  await eventually(async () => assert.deepEqual(await unheldSince(before), []));
});

rootTest("doctor refuses what it does not understand, with status 2", async () => {
  const unknown = await runDoctor(["--lisen", ":1"]);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /Unknown flag --lisen; did you mean --listen\?/);
  const wrong = await runDoctor(["--json", "--port", "0"]);
  assert.equal(wrong.code, 2);
  const { findings } = JSON.parse(wrong.stdout);
  assert.match(JSON.stringify(findings), /"setting-wrong".*flag --port/);
});
