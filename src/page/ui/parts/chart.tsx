/** One figure over time, as a line. Charts of one `group` share their cursor. */
import { h } from "preact";
import { useMemo } from "preact/hooks";
import { NONE } from "./format.ts";
import { axes, usePlot } from "./plot.ts";

export interface ChartProps {
  readonly title: string;
  readonly group: string;
  /** A custom property of the style sheet: "--accent"; the area below has that with "-soft". */
  readonly colour: string;
  /** Seconds since 1970 of each value. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** The top of the scale is at least that. */
  readonly least: number;
  readonly format: (value: number) => string;
}

const HEIGHT = 140;

export function Chart({ title, group, colour: property, times, values, least, format }: ChartProps) {
  const data = useMemo((): [number[], (number | null)[]] => [[...times], [...values]], [times, values]);
  const box = usePlot(data, HEIGHT, (colour) => ({
    padding: [8, 8, 0, 0],
    cursor: { sync: { key: group }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(least, max * 1.1)] } },
    axes: axes(colour, { time: "{HH}:{mm}", figure: format, left: { space: 26 } }),
    series: [
      { label: "Time", value: "{HH}:{mm}:{ss}" },
      {
        label: title,
        stroke: colour(property),
        fill: colour(`${property}-soft`),
        width: 1.5,
        // What has no neighbours is no line.
        points: { show: true, size: 4, width: 0, fill: colour(property) },
        value: (_plot, value) => value === null ? NONE : format(value),
      },
    ],
  }));
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} class="chart-box" role="img" aria-label={`${title}: ${describe(values, format)}`} />
    </figure>
  );
}

/** What the line shows, for those who cannot see it. */
function describe(values: ChartProps["values"], format: ChartProps["format"]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return "nothing in the last five minutes";
  return `now ${format(known.at(-1)!)}, at most ${format(Math.max(...known))} in the last five minutes`;
}
