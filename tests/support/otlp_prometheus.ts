/** Starts a real Prometheus that scrapes what a test names, and asks it questions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, ROOT } from "./agent.ts";
import { eventually } from "./eventually.ts";
import { ScratchDirectory } from "./scratch.ts";

/** What is scraped. */
export interface ScrapeTarget {
  readonly job: string;
  /** HOST:PORT */
  readonly address: string;
  /** Default "/metrics". */
  readonly path?: string;
}

export type Labels = Readonly<Record<string, string>>;

export interface PromSample {
  readonly labels: Labels;
  readonly value: number;
}

export interface PromExemplar {
  /** Of the series it belongs to. */
  readonly series: Labels;
  readonly labels: Labels;
  readonly value: number;
  readonly timeS: number;
}

interface Series<T> {
  readonly metric: Labels;
  readonly value: T;
}

/** A program of Debian's prometheus package, installed or unpacked by scripts/setup --test. */
export function prometheusProgram(name: "prometheus" | "promtool"): string {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), `${ROOT}/.tools/prometheus-root/usr/bin`];
  for (const folder of folders) {
    try {
      if (Deno.statSync(join(folder, name)).isFile) return join(folder, name);
    } catch {
      continue;
    }
  }
  throw new Error(`There is no program ${name}: run scripts/setup --test`);
}

/** From one scrape to the next, and how long each may take. */
const SCRAPE_MS = 1_000;

/** A running Prometheus. The first scrape comes some five seconds after its start. */
export class Prometheus implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly pid: number,
    private readonly stack: AsyncDisposableStack,
  ) {}

  /** Labels of scraped samples win over the job and instance of the target. */
  static async start({ targets }: { targets: readonly ScrapeTarget[] }): Promise<Prometheus> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new ScratchDirectory());
    const config = join(scratch.path, "prometheus.yml");
    const jobs = targets.map(({ job, address, path = "/metrics" }) => ({
      job_name: job,
      metrics_path: path,
      honor_labels: true,
      static_configs: [{ targets: [address] }],
    }));
    // JSON is YAML.
    const global = { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` };
    Deno.writeTextFileSync(config, JSON.stringify({ global, scrape_configs: jobs }));
    const address = `127.0.0.1:${freePort()}`;
    const child = new Deno.Command(prometheusProgram("prometheus"), {
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(scratch.path, "data")}`,
        `--web.listen-address=${address}`,
        "--enable-feature=exemplar-storage",
        "--log.level=error",
      ],
      stdin: "null",
    }).spawn();
    let ended = false;
    child.status.then(() => ended = true);
    stack.defer(async () => {
      if (!ended) child.kill("SIGTERM");
      await child.status;
    });
    await eventually(async () => {
      if (ended) return;
      const response = await fetch(`http://${address}/-/ready`);
      await response.body?.cancel();
      assert.equal(response.status, 200);
    });
    assert.ok(!ended, "Prometheus ended; it has said why");
    return new Prometheus(`http://${address}`, child.pid, stack.move());
  }

  /** Waits until every target was scraped well; fails with what Prometheus says of one that was not. */
  async scraped(): Promise<void> {
    await eventually(async () => {
      const { activeTargets } = await this.#get<{
        activeTargets: readonly { scrapeUrl: string; health: string; lastError: string }[];
      }>("targets", { state: "active" });
      assert.ok(activeTargets.length > 0, "no target is known yet");
      for (const { scrapeUrl, health, lastError } of activeTargets) {
        assert.equal(health, "up", `${scrapeUrl}: ${lastError}`);
      }
    }, { everyMs: 100 });
  }

  /** Values of an instant vector now. */
  async query(query: string): Promise<PromSample[]> {
    const { result } = await this.#get<{ result: readonly Series<[number, string]>[] }>("query", { query });
    return result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }));
  }

  /** Times of scrapes that failed and not because the answer came late: it was refused, or nobody answered. */
  async badScrapes(): Promise<string[]> {
    const samples = async (name: string) => {
      const { result } = await this.#get<{ result: readonly { values: readonly [number, string][] }[] }>(
        "query",
        { query: `${name}[1h]` },
      );
      return result.flatMap(({ values }) => values);
    };
    const tookS = new Map(await samples("scrape_duration_seconds"));
    const failed = (await samples("up")).filter(([, up]) => up === "0");
    return failed.filter(([at]) => Number(tookS.get(at)) < SCRAPE_MS / 1_000)
      .map(([at]) => new Date(at * 1_000).toISOString());
  }

  /** Exemplars of the series that a query names, whenever they were measured. */
  async exemplars(query: string): Promise<PromExemplar[]> {
    const series = await this.#get<
      readonly {
        readonly seriesLabels: Labels;
        readonly exemplars: readonly { labels: Labels; value: string; timestamp: number }[];
      }[]
    >("query_exemplars", { query, start: "0", end: "4102444800" });
    return series.flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }) => ({
        series: seriesLabels,
        labels,
        value: Number(value),
        timeS: timestamp,
      }))
    );
  }

  async #get<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer: { status: string; data: T; error?: string } = await response.json();
    assert.equal(answer.status, "success", answer.error);
    return answer.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}
