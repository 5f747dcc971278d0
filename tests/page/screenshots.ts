/**
 * Takes pictures of every view, to be looked at: light and dark, wide and narrow, few and many services, healthy and
 * troubled. Run by hand: deno run -A tests/page/screenshots.ts DIRECTORY [NAME...], where a name is the begin of a
 * picture's.
 */
import type { Page } from "playwright-core";
import { TROUBLED_STATUS, TROUBLED_TARGETS } from "./agent_state.ts";
import { type Look, TestBrowser } from "./browser.ts";
import { PageServer } from "./page_server.ts";
import { GAPS, type ServicePlan, THIRTY, TWELVE, TWO } from "./plans.ts";
import { World } from "./world.ts";

interface Picture extends Look {
  readonly plans?: readonly ServicePlan[];
  /** Default: the overview. */
  readonly hash?: string;
  /** Instead of `hash`: the newest trace. */
  readonly trace?: true;
  readonly troubled?: true;
  readonly act?: (page: Page, server: PageServer) => Promise<void>;
}

const NARROW = { width: 390, height: 800 };
const SETTLE_MS = 600;

const PICTURES: Readonly<Record<string, Picture>> = {
  "services-two": { plans: TWO },
  "services": {},
  "services-dark": { dark: true },
  "services-narrow": NARROW,
  "services-empty": { plans: [] },
  "service": { hash: "#/service/checkout?namespace=shop" },
  "service-dark": {
    hash: "#/service/checkout?namespace=shop",
    dark: true,
    act: (page) => page.locator(".u-over").first().hover(),
  },
  "service-narrow": { hash: "#/service/checkout?namespace=shop", ...NARROW },
  "map-two": { plans: TWO, hash: "#/map" },
  "map": { hash: "#/map" },
  "map-dark": {
    hash: "#/map",
    dark: true,
    act: (page) => page.locator(".map-name", { hasText: "payment" }).hover(),
  },
  "map-thirty": { plans: THIRTY, hash: "#/map" },
  "traces": { hash: "#/traces" },
  "traces-dark": { hash: "#/traces?status=error", dark: true },
  "traces-narrow": { hash: "#/traces", ...NARROW },
  "traces-none": { hash: "#/traces?q=nothing-like-this" },
  "trace": { trace: true },
  "trace-dark": { trace: true, dark: true },
  "trace-narrow": { trace: true, ...NARROW },
  "trace-gaps": { plans: GAPS, trace: true },
  "trace-gaps-dark": { plans: GAPS, trace: true, dark: true },
  "trace-gone": { hash: "#/trace/0af7651916cd43dd8448eb211c80319c" },
  "targets": {
    hash: "#/targets",
    troubled: true,
    act: (page) => page.locator("tbody button").nth(3).click(),
  },
  "targets-dark": { hash: "#/targets", troubled: true, dark: true },
  "targets-narrow": { hash: "#/targets", troubled: true, ...NARROW },
  "decoders": { hash: "#/decoders" },
  "decoders-dark": { hash: "#/decoders", troubled: true, dark: true },
  "agent": { hash: "#/agent" },
  "agent-dark": { hash: "#/agent", troubled: true, dark: true },
  "agent-narrow": { hash: "#/agent", troubled: true, ...NARROW },
  "silent": { act: (_page, server) => server.stop() },
  "keys": { act: (page) => page.keyboard.press("?") },
};

async function take(browser: TestBrowser, file: string, picture: Picture): Promise<void> {
  const { plans = TWELVE, hash = "", trace, troubled, act } = picture;
  const world = new World(plans);
  for (let index = 60; index > 0; index--) world.request({ agoMs: index * 700 });
  await using server = await PageServer.start(world);
  if (troubled) {
    server.status = TROUBLED_STATUS;
    server.targets = [...server.targets, ...TROUBLED_TARGETS];
  }
  await using watched = await browser.newPage(server.url, picture);
  const { page } = watched;
  await page.goto(`${server.url}/${trace ? `#/trace/${world.traceIds.at(-1)}` : hash}`);
  await page.waitForTimeout(SETTLE_MS);
  await act?.(page, server);
  // Long enough for a request that fails.
  await page.waitForTimeout(act === undefined ? 0 : 6_000);
  await page.screenshot({ path: file, fullPage: true });
}

const [directory, ...names] = Deno.args;
if (directory === undefined) {
  await Deno.stderr.write(new TextEncoder().encode("Usage: screenshots.ts DIRECTORY [NAME...]\n"));
  Deno.exit(2);
}
await Deno.mkdir(directory, { recursive: true });
await using browser = await TestBrowser.start();
for (const [name, picture] of Object.entries(PICTURES)) {
  if (names.length > 0 && !names.some((begin) => name.startsWith(begin))) continue;
  await take(browser, `${directory}/${name}.png`, picture);
}
