/** What axe-core finds wrong with a page. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { settled } from "./walk.ts";

/** Against WCAG 2.2 A and AA and axe's own good practices: rule, element, what would help. */
export async function problems(page: Page): Promise<string[]> {
  await settled(page);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] })
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
  );
}
