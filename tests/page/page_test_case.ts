/** How a test of the page is written: a world, a look, and what one does with the page. */
import { deepEqual, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { TROUBLED_STATUS, TROUBLED_TARGETS } from "./agent_state.ts";
import { eventually } from "../support/eventually.ts";
import { type Look, TestBrowser } from "./browser.ts";
import { PageServer } from "./page_server.ts";
import { type ServicePlan, TWO } from "./plans.ts";
import { settled } from "./walk.ts";
import { World } from "./world.ts";

export interface PageTest {
  readonly page: Page;
  readonly server: PageServer;
  readonly world: World;
  /** Goes to a place in the page, such as "#/traces", and waits for its first answer. */
  readonly open: (hash: string) => Promise<void>;
  /** Waits until the page has every answer that it has asked for. */
  readonly idle: () => Promise<void>;
  /** Takes out the faults that the test itself brought about. */
  readonly forgive: (text: RegExp) => void;
}

export interface PageTestOptions extends Look {
  /** Default: the demo's two. */
  readonly plans?: readonly ServicePlan[];
  /** Before the page is opened. */
  readonly prepare?: (server: PageServer, world: World) => void;
}

let browser: TestBrowser | null = null;

// One browser for all tests of a file; each has a profile of its own.
Deno.test.afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  browser = null;
});

/** A test that fails, beside its own reasons, for each fault of the page. */
export function pageTest(
  name: string,
  options: PageTestOptions,
  run: (test: PageTest) => Promise<void>,
): void {
  Deno.test({
    name: `the page ${name}`,
    // The browser outlives the test.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      browser ??= await TestBrowser.start();
      const world = new World(options.plans ?? TWO);
      await using server = await PageServer.start(world);
      options.prepare?.(server, world);
      await using watched = await browser.newPage(server.url, options);
      const { page, faults, idle } = watched;
      // Time goes on as ever, and tests may hurry it on.
      await page.clock.install();
      await run({
        page,
        server,
        world,
        idle,
        open: async (hash) => {
          await page.goto(`${server.url}/${hash}`);
          await settled(page);
        },
        forgive: (text) => {
          faults.splice(0, faults.length, ...faults.filter((fault) => !text.test(fault)));
        },
      });
      deepEqual(faults, []);
    },
  });
}

/** For `prepare`: some traces, and an agent with every kind of trouble. */
export function makeTrouble(server: PageServer, world: World): void {
  for (let index = 0; index < 20; index++) world.request();
  server.status = TROUBLED_STATUS;
  server.targets = [...server.targets, ...TROUBLED_TARGETS];
}

/** The texts of the cells of a table's rows. */
export async function tableRows(page: Page, name: string): Promise<string[][]> {
  const table = page.getByRole("table", { name, exact: true });
  await table.waitFor();
  return await table.evaluate((element) =>
    [...element.querySelectorAll("tbody > tr:not(.below)")].map((row) =>
      [...row.children].map((cell) => (cell as HTMLElement).innerText.replace(/\s+/g, " ").trim())
    )
  );
}

/** Playwright cannot hide a page, so the page is told that it is. One that is seen again asks at once. */
export async function show(page: Page, visible: boolean): Promise<void> {
  await page.evaluate((visible) => {
    Object.defineProperty(document, "hidden", { value: !visible, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible);
}

/** Waits until `read` answers what `want` accepts, and answers it. */
export async function until<T>(read: () => Promise<T>, want: (value: T) => boolean): Promise<T> {
  return await eventually(async () => {
    const value = await read();
    ok(want(value), `Waited in vain; the last was ${JSON.stringify(value)}`);
    return value;
  }, { everyMs: 50 });
}

/** The place in the page, as it knows it itself: Playwright learns of it a moment later. */
export function placeOf(page: Page): Promise<string> {
  return page.evaluate(() => location.hash);
}

/** Waits until the page is at a place such as "#/traces". */
export async function arrived(page: Page, hash: string): Promise<void> {
  await until(() => placeOf(page), (now) => now === hash);
}
