import { deepEqual } from "node:assert/strict";
import { TROUBLED_STATUS, TROUBLED_TARGETS } from "./agent_state.ts";
import { pageTest } from "./page_test_case.ts";
import { TWELVE } from "./plans.ts";
import { walk } from "./walk.ts";

for (const width of [360, 390, 768, 1_024, 1_360, 1_920]) {
  pageTest(`fits into ${width} pixels, whatever the view`, {
    width,
    plans: TWELVE,
    prepare: (server, world) => {
      for (let index = 0; index < 20; index++) world.request();
      server.status = TROUBLED_STATUS;
      server.targets = [...server.targets, ...TROUBLED_TARGETS];
    },
  }, async ({ page, server }) => {
    await walk(page, server.url, async (place) => {
      const wider = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth;
      });
      deepEqual([place, wider], [place, false]);
    });
  });
}
