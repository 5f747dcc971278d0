/** A walk through every view of the page, whatever agent is behind it. */
import type { Page } from "playwright-core";

/** Addresses of all views, and a heading or text that each has. */
const VIEWS: readonly string[] = ["#/", "#/map", "#/traces", "#/targets", "#/decoders", "#/agent"];

/** Opens every view, the first service and the newest trace, and calls `look` in each. */
export async function walk(page: Page, url: string, look: (place: string) => Promise<void>): Promise<void> {
  for (const hash of VIEWS) {
    await page.goto(`${url}/${hash}`);
    await settled(page);
    await look(hash);
  }
  await page.goto(`${url}/#/`);
  await settled(page);
  await follow(page, ".table .service-link", look);
  await page.goto(`${url}/#/traces`);
  await settled(page);
  await follow(page, "[data-trace]", look);
}

/** Clicks the first such link, where there is one. */
async function follow(page: Page, link: string, look: (place: string) => Promise<void>): Promise<void> {
  const first = page.locator(link).first();
  if (await first.count() === 0) return;
  const place = await first.evaluate((element) => (element as HTMLAnchorElement).hash);
  await first.click();
  await page.waitForFunction((hash) => location.hash === hash, place);
  await settled(page);
  await look(place);
}

/** Waits until the view has its first answer. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main > *").first().waitFor();
  await page.getByText("Asking the agent …").waitFor({ state: "hidden" });
}
