/** A sparkline: the shape of the last minutes beside a figure. Points are evenly spaced, null where there is none. */
import { h } from "preact";

interface SparkProps {
  readonly values: readonly (number | null)[];
  /** "line" for rates and latencies, "bars" for errors, which are zero most of the time. */
  readonly form: "line" | "bars";
  /** The top of the scale is at least that, so that noise looks like noise. */
  readonly least?: number;
}

const WIDTH = 120;
const HEIGHT = 24;
const PAD = 2;

export function Spark({ values, form, least = 0 }: SparkProps) {
  const top = values.reduce<number>((most, value) => Math.max(most, value ?? 0), least);
  const x = (index: number) => values.length < 2 ? WIDTH : index / (values.length - 1) * WIDTH;
  const y = (value: number) => HEIGHT - PAD - (top === 0 ? 0 : value / top) * (HEIGHT - 2 * PAD);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="spark-base" d={`M0 ${HEIGHT - PAD / 2}H${WIDTH}`} />
      {form === "bars" ? <path class="spark-bars" d={bars(values, x, y)} /> : runs(values).map((run) => {
        const points = run.map(([index, value]) => `${round(x(index))} ${round(y(value))}`);
        const [first, last] = [x(run[0]![0]), x(run.at(-1)![0])];
        // A run of one point would be invisible.
        const lone = run.length === 1 ? `h${first >= WIDTH ? -2 : 2}` : "";
        return (
          <g key={run[0]![0]}>
            <path
              class="spark-area"
              d={`M${round(first)} ${HEIGHT}L${points.join("L")}V${HEIGHT}H${round(last)}Z`}
            />
            <path class="spark-line" d={`M${points.join("L")}${lone}`} />
          </g>
        );
      })}
    </svg>
  );
}

type Point = readonly [index: number, value: number];

/** Stretches without a gap. */
function runs(values: readonly (number | null)[]): Point[][] {
  const found: Point[][] = [];
  let run: Point[] | null = null;
  values.forEach((value, index) => {
    if (value === null) {
      run = null;
      return;
    }
    if (run === null) found.push(run = []);
    run.push([index, value]);
  });
  return found;
}

function bars(
  values: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  return values.map((value, index) =>
    value ? `M${round(x(index))} ${HEIGHT - PAD / 2}V${round(Math.min(y(value), HEIGHT - PAD - 2))}` : ""
  ).join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
