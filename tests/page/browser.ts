/**
 * Debian's Chromium, driven by playwright-core, and pages of it under watch: what a page must never do is kept as a
 * fault. Used by page_test_case.ts.
 */
import { ok } from "node:assert/strict";
import { type Browser, chromium, type Page, type Request } from "playwright-core";
import { eventually, PATIENCE_MS } from "../support/eventually.ts";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** A page under watch, in a profile of its own. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors on the console or thrown, requests to another origin, what the content security policy stopped. */
  readonly faults: string[];
  /** Waits until every request is answered; one for events never is, and does not count. */
  readonly idle: () => Promise<void>;
}

export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** @throws {Error} when Chromium is not installed; scripts/setup --test does that. */
  static async start(): Promise<TestBrowser> {
    return new TestBrowser(
      await chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS }),
    );
  }

  /** An empty page. What it asks of another origin than `origin` is a fault and goes nowhere. */
  async newPage(
    origin: string,
    { width = 1_360, height = 850, dark = false }: Look = {},
  ): Promise<WatchedPage> {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const faults: string[] = [];
    await context.route("**/*", (route) => {
      const url = route.request().url();
      if (new URL(url).origin === origin) return route.continue();
      faults.push(`asked for ${url}`);
      return route.abort();
    });
    await context.exposeFunction("reportViolation", (text: string) => {
      faults.push(`violates its policy: ${text}`);
    });
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        const page = globalThis as unknown as { reportViolation(text: string): void };
        const { violatedDirective, blockedURI } = event as Event & Record<string, unknown>;
        page.reportViolation(`${violatedDirective} ${blockedURI}`);
      });
    });
    const open = new Set<Request>();
    context.on("request", (request) => {
      if (!request.url().includes("/api/v1/events")) open.add(request);
    });
    for (const end of ["requestfinished", "requestfailed"] as const) {
      context.on(end as "requestfinished", (request) => {
        open.delete(request);
      });
    }
    const idle = () => eventually(() => ok(open.size === 0, [...open].map((one) => one.url()).join()));
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => {
      faults.push(`threw ${error.stack ?? error.message}`);
    });
    return { page, faults, idle, [Symbol.asyncDispose]: () => context.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
