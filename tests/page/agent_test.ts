import { deepEqual } from "node:assert/strict";
import { problems } from "./accessibility.ts";
import { TestBrowser } from "./browser.ts";
import { walk } from "./walk.ts";

/** Base URL of a running agent, such as http://127.0.0.1:9810. */
const AGENT = Deno.env.get("TSUNAGI_PAGE_URL");

Deno.test({
  name: "the page of the agent at TSUNAGI_PAGE_URL has no fault in any view",
  ignore: AGENT === undefined,
  fn: async () => {
    await using browser = await TestBrowser.start();
    await using watched = await browser.newPage(new URL(AGENT!).origin);
    const { page, faults } = watched;
    await walk(page, AGENT!, async (place) => {
      deepEqual([place, ...await problems(page), ...faults], [place]);
    });
  },
});
