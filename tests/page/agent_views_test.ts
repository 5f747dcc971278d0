import { deepEqual, equal, match } from "node:assert/strict";
import { TROUBLED_STATUS, TROUBLED_TARGETS } from "./agent_state.ts";
import { arrived, pageTest, tableRows, until } from "./page_test_case.ts";

pageTest("lists every process, those with a problem first, with reason and remedy", {
  prepare: (server) => server.targets = [...server.targets, ...TROUBLED_TARGETS],
}, async ({ page, open }) => {
  await open("#/targets");
  const rows = await tableRows(page, "Go processes");
  deepEqual(
    rows.map((
      [name, pid, state, go, decoder, probes],
    ) => [name!.split(" ")[0], pid, state!.split(" ")[1], go, decoder, /: (\d)/.exec(probes!)![1]]),
    [
      ["legacy", "5001", "refused", "go1.15.2", "–", "0"],
      ["packed", "5002", "refused", "–", "–", "0"],
      ["starting", "5003", "attaching", "go1.26.8", "–", "0"],
      ["front", "4000", "traced", "go1.26.8", "go1.26-1.27 structs compared", "3"],
      ["back", "4001", "traced", "go1.26.8", "go1.26-1.27 by Go version", "3"],
      ["collector", "5004", "excluded", "go1.25.1", "–", "0"],
    ],
  );
  const reasons = await page.locator(".reason").allInnerTexts();
  equal(reasons.length, 3);
  match(reasons[0]!, /^go-too-old It was built with Go 1\.15\.2.*\. Build it with a newer Go\.$/);
});

pageTest("filters processes by text and state, in the address", {
  prepare: (server) => server.targets = [...server.targets, ...TROUBLED_TARGETS],
}, async ({ page, open }) => {
  await open("#/targets?q=upx");
  const names = async () => (await tableRows(page, "Go processes")).map(([name]) => name!.split(" ")[0]);
  deepEqual(await names(), ["packed"]);
  await page.getByRole("textbox", { name: "Search" }).fill("");
  await page.getByText("excluded 1").click();
  await until(names, (all) => all.join() === "collector");
  await arrived(page, "#/targets?state=excluded");
  await page.getByRole("textbox", { name: "Search" }).fill("nobody");
  await page.getByText("No process matches").waitFor();
});

pageTest("shows the probes of a process and what they cost", {}, async ({ page, open }) => {
  await open("#/targets");
  const button = page.getByRole("button", { name: "Probes and more of front, process 4000: 3" });
  equal(await button.getAttribute("aria-expanded"), "false");
  await button.click();
  const sites = await tableRows(page, "Probes of process 4000");
  deepEqual(sites[0], [
    "server_start",
    "net/http.serverHandler.ServeHTTP",
    "push",
    "0x6a1b2c",
    "emulated: under 1 µs",
  ]);
  await page.getByText("/srv/bin/front --listen :8080").waitFor();
  await page.getByText("discovery.instrument[0]").waitFor();
  await page.getByText("84.1 ms of analysis, 12.0 ms for its probes").waitFor();
  await page.getByText("1,009, the first 212 ms after that").waitFor();
  await button.click();
  equal(await page.locator(".sites").count(), 0);
});

pageTest("says why nothing at all is traced, and which rule selects nothing", {
  prepare: (server) => {
    server.targetsAnswer = {
      loader: { code: "no-btf", message: "The kernel has no BTF", remedy: "Boot one that has it" },
      unmatchedRules: [{
        origin: "discovery.instrument[1]",
        code: "rule-unmatched",
        message: "No process listens on port 9999",
        remedy: "Check open_ports",
      }],
    };
  },
}, async ({ page, open }) => {
  await open("#/targets");
  match(await page.getByRole("alert").innerText(), /no-btf The kernel has no BTF\. Boot one that has it\./);
  match(
    await page.locator(".notice-warn").innerText(),
    /discovery\.instrument\[1\]\s+rule-unmatched No process listens on port 9999\./,
  );
});

pageTest("lists decoders with ranges, counters, swaps and refusals", {
  prepare: (server) => {
    server.decoders = {
      swaps: { count: 3, p50Ms: 1.2, p99Ms: 3.1, maxMs: 3.1, lastMs: 0.9 },
      refused: [{
        name: "go1.99",
        version: "1.0.0",
        origin: "push",
        digest: "00".repeat(32),
        at: "2026-03-01T12:00:00.000Z",
        reason: { code: "decoder-loops", message: "It loops", remedy: "Correct it" },
      }],
    };
  },
}, async ({ page, open }) => {
  await open("#/decoders");
  const rows = await tableRows(page, "Decoders");
  deepEqual(rows.map((cells) => cells.slice(1)), [
    ["Go >=1.26 <1.28 golang.org/x/net >=0.17.0 <0.48.0", "with Tsunagi", "2", "12,031", "12,028", "3", "0"],
    ["Go >=1.17 <1.21", "with Tsunagi", "0", "–", "–", "–", "–"],
    ["Go >=1.21 <1.26", "with Tsunagi", "0", "–", "–", "–", "–"],
  ]);
  const swaps = page.getByRole("region", { name: "Swaps" });
  match(
    (await swaps.innerText()).replace(/\s+/g, " "),
    /Swaps 3 Last 900 µs p50 1\.20 ms p99 3\.10 ms Longest 3\.10 ms/,
  );
  match(
    await page.getByRole("region", { name: "Refused" }).innerText(),
    /go1\.99[\s\S]*decoder-loops It loops\. Correct it\./,
  );
});

pageTest("accounts for every span of a troubled agent", {
  prepare: (server) => server.status = TROUBLED_STATUS,
}, async ({ page, open }) => {
  await open("#/agent");
  const sums = await page.locator(".equation > div").evaluateAll((parts) =>
    parts.map((part) => (part as HTMLElement).innerText.replace(/\s+/g, " "))
  );
  deepEqual(sums, [
    "begun 120,134",
    "exported =118,000",
    "sampled out +12",
    "left out +100",
    "lost +2,003",
    "in flight +12",
    "queued +7",
  ]);
  await page.getByText("Every span is accounted for.").waitFor();
  const lost = await tableRows(page, "Lost");
  deepEqual(lost.map(([name, value]) => [name, value]), [
    ["queue full The collector was too slow or away", "1,800"],
    ["http 400 The collector answered with status 400, which allows no retry", "200"],
    ["ring full The ring buffer was full at its start", "3"],
  ]);
  match(await page.getByRole("alert").innerText(), /tsunagi\.yaml:12:3: there is no key "otel_trace_export"/);
  await page.getByText("1 warning").click();
  await page.getByText("network.enable is a key of Beyla's").waitFor();
  await page.getByRole("link", { name: "configuration refused" }).waitFor();
});

pageTest("tells a difference between counters instead of hiding it", {
  prepare: (server) => {
    const accounting = { ...TROUBLED_STATUS.accounting!, begun: 120_130 };
    server.status = { accounting };
  },
}, async ({ page, open }) => {
  await open("#/agent");
  await page.getByText("4 are between two counters at this moment.").waitFor();
  await page.getByRole("link", { name: "2,003 lost" }).waitFor();
});

pageTest("shows kernel, loader, export and propagation", {}, async ({ page, open }) => {
  await open("#/agent");
  const region = async (name: string) =>
    (await page.getByRole("region", { name, exact: true }).innerText()).replace(/\s+/g, " ");
  match(await region("Kernel"), /Release 6\.12\.48\+deb13-amd64 Host node-1, 2 CPUs Lockdown integrity/);
  match(await region("Loader"), /running pid 811 Restarts 0 CPU 4\.20 s \(0\.03 %\) Memory 5\.00 MiB/);
  match(await region("Service"), /Runs for 4 h 12 min Memory 58\.2 MiB CPU 7\.30 s \(0\.05 %\)/);
  match(await region("Trace export"), /Endpoint http:\/\/127\.0\.0\.1:4318\/v1\/traces/);
  match(await region("Propagation"), /6,121 calls injected A header was added 6,102 99\.7 %/);
  match(await region("Configuration"), /\/etc\/tsunagi\.yaml/);
  match(
    await region("Parents of calls"),
    /parent goroutine The request that its goroutine serves 4,810/,
  );
});
