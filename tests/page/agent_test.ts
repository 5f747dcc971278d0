import { deepEqual } from "node:assert/strict";
import { hey } from "../e2e/hey.ts";
import { TwoServices } from "../e2e/two_services.ts";
import { Agent } from "../support/agent.ts";
import { rootTest } from "../support/root.ts";
import { problems } from "./accessibility.ts";
import { TestBrowser } from "./browser.ts";
import { tableRows, until } from "./page_test_case.ts";
import { walk } from "./walk.ts";

const REQUESTS = 20;

rootTest(
  "the page of a real agent shows the requests of two services, without a fault in any view",
  async () => {
    await using services = await TwoServices.start({ sleepScale: 0.01 });
    const { front, back } = services.ports;
    await using agent = await Agent.start({ args: ["--port", `${front},${back}`, "--print", "off"] });
    await services.traced(agent);
    await using browser = await TestBrowser.start();
    await using watched = await browser.newPage(agent.url);
    const { page, faults } = watched;

    // Live, from an empty list.
    await page.goto(`${agent.url}/#/traces`);
    await page.locator(".pulse.open").waitFor();
    await hey({ url: services.url, requests: REQUESTS, concurrency: 2 });
    // A trace is listed with its first span.
    await until(
      async () => (await tableRows(page, "Recent traces")).map(([, ...cells]) => cells.slice(0, 3).join()),
      (rows) => rows.length === REQUESTS && rows.every((row) => row === "GET / 200,front back,3"),
    );

    await agent.atRest(3 * REQUESTS);
    await page.goto(`${agent.url}/#/agent`);
    // What an earlier view has seen is shown until the agent has answered.
    await until(
      () => page.locator(".equation").innerText(),
      (text) => /^begun\s+60\s+exported\s+=60\s/.test(text),
    );
    await page.getByText("Every span is accounted for.").waitFor();

    await page.goto(`${agent.url}/#/`);
    // In the last minute there may be less of them when one looks.
    await page.getByText("5 min").click();
    await until(
      async () => (await tableRows(page, "Services")).map(([name, rate]) => `${name} ${rate}`).join(),
      (rows) => rows === "back 0.07,front 0.07",
    );

    await page.goto(`${agent.url}/#/targets?state=traced`);
    deepEqual(
      (await tableRows(page, "Go processes")).map(([, pid]) => Number(pid)).sort(),
      [
        services.pid("back"),
        services.pid("front"),
      ].sort(),
    );

    await walk(page, agent.url, async (place) => {
      deepEqual([place, ...await problems(page), ...faults], [place]);
    });
  },
);
