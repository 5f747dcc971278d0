/**
 * Debian's Chromium, driven by playwright-core, and one page of it that fails its test when it asks another host for
 * anything, logs an error or breaks its content security policy.
 */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
  "--headless",
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

/** A page under watch. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** What it did that it must not: an error on the console, a request elsewhere, a forbidden source. */
  readonly faults: string[];
  /** Bytes of each file as it is stored, compressed bytes where it came compressed. */
  readonly weights: Map<string, { readonly bytes: number; readonly sent: number }>;
}

export class TestBrowser implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
  }

  /** @throws {Error} when Chromium is not installed; scripts/setup --test does. */
  static async start(): Promise<TestBrowser> {
    const profile = await Deno.makeTempDir({ prefix: "tsunagi-page-" });
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE,
      headless: true,
      args: FLAGS,
    });
    return new TestBrowser(context, profile);
  }

  /** Opens nothing yet: goto() is the test's. Requests to another origin than `origin` are faults, and go nowhere. */
  async newPage(
    origin: string,
    { width = 1_360, height = 850, dark = false }: Look = {},
  ): Promise<WatchedPage> {
    const browser = this.#context.browser() as Browser | null;
    const context = browser === null ? this.#context : await browser.newContext();
    const page = await context.newPage();
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    const faults: string[] = [];
    await page.route("**/*", (route) => {
      const url = route.request().url();
      if (new URL(url).origin === origin) return route.continue();
      faults.push(`asked for ${url}`);
      return route.abort();
    });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(`threw ${error.stack}`));
    return {
      page,
      faults,
      weights: new Map(),
      async [Symbol.asyncDispose]() {
        await page.close();
        if (browser !== null) await context.close();
      },
    };
  }

  async [Symbol.asyncDispose]() {
    await this.#context.close();
    await Deno.remove(this.#profile, { recursive: true });
  }
}
