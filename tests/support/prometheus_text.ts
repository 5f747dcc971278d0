/** Reads what /metrics answers in Prometheus' text format, so that tests can ask for sums and buckets. */

/** One line: a series and its value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

const ESCAPES: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/**
 * All samples, in order.
 *
 * @throws {SyntaxError} at a line that is none.
 */
export function parseSamples(text: string): Sample[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [, name = "", pairs = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === "") throw new SyntaxError(`Cannot read metrics: "${line}" is no sample`);
    const labels = Object.fromEntries(
      [...pairs.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([, key = "", escaped = ""]) =>
        [key, escaped.replace(/\\[n"\\]/g, (found) => ESCAPES[found]!)] as const
      ),
    );
    return { name, labels, value: value === "+Inf" ? Infinity : Number(value) };
  });
}

/** The metrics of one page. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = parseSamples(text);
  }

  static async of(url: string): Promise<Scrape> {
    const response = await fetch(`${url}/metrics`);
    if (!response.ok) throw new Error(`GET ${url}/metrics: ${response.status} ${await response.text()}`);
    return new Scrape(await response.text());
  }

  /** Samples of a name that have all of the labels. */
  select(name: string, labels: Labels = {}): Sample[] {
    return this.samples.filter((sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
    );
  }

  sum(name: string, labels: Labels = {}): number {
    return this.select(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** Between which two bounds the quantile of a histogram lies, over all series that have the labels. */
  quantileBounds(
    name: string,
    quantile: number,
    labels: Labels = {},
  ): readonly [above: number, upTo: number] {
    const byBound = new Map<number, number>();
    for (const { labels: { le = "" }, value } of this.select(`${name}_bucket`, labels)) {
      const bound = le === "+Inf" ? Infinity : Number(le);
      byBound.set(bound, (byBound.get(bound) ?? 0) + value);
    }
    const bounds = [...byBound.keys()].sort((a, b) => a - b);
    const rank = Math.ceil(quantile * this.sum(`${name}_count`, labels));
    const index = bounds.findIndex((bound) => byBound.get(bound)! >= rank);
    if (index < 0) throw new Error(`${name} has no quantile ${quantile}: ${JSON.stringify([...byBound])}`);
    return [bounds[index - 1] ?? 0, bounds[index]!];
  }
}
