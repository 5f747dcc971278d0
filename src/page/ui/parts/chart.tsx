/** A chart over time, drawn by uPlot in the colours of the theme. Charts of one `group` share their cursor. */
import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { axisLook, colourReader } from "./chart_colours.ts";
import { useTheme } from "../theme_switch.tsx";

export interface ChartLine {
  readonly name: string;
  /** A custom property of the style sheet: "--accent". */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly filled?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly group: string;
  /** Seconds since 1970 of each point. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
}

const HEIGHT = 140;

export function Chart({ title, group, times, lines, format }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const data: uPlot.AlignedData = [[...times], ...lines.map(({ values }) => [...values])];

  useEffect(() => {
    const element = box.current!;
    const colour = colourReader(element);
    const axis = axisLook(colour);
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [8, 8, 0, 0],
        cursor: { sync: { key: group }, points: { size: 6 }, drag: { x: false, y: false } },
        legend: { show: true, live: true },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          { ...axis, size: 26, space: 70, values: [[1, "{HH}:{mm}:{ss}"]] },
          { ...axis, size: 62, space: 26, values: (_plot, ticks) => ticks.map(format) },
        ],
        series: [
          { label: "Time", value: "{HH}:{mm}:{ss}" },
          ...lines.map(({ name, colour: property, filled }) => ({
            label: name,
            stroke: colour(property),
            width: 1.5,
            points: { show: false },
            ...(filled ? { fill: colour(`${property}-soft`) } : {}),
            value: (_plot: uPlot, value: number | null) => value === null ? "–" : format(value),
          })),
        ],
      },
      data,
      element,
    );
    plot.current = drawn;
    const resize = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [theme, group]);

  useEffect(() => plot.current?.setData(data), [times, lines]);

  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} class="chart-box" role="img" aria-label={describe(title, lines, format)} />
    </figure>
  );
}

/** What the chart shows, for those who cannot see it. */
function describe(title: string, lines: readonly ChartLine[], format: (value: number) => string): string {
  const parts = lines.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name}: no data`;
    return `${name}: now ${format(known.at(-1)!)}, at most ${format(Math.max(...known))}`;
  });
  return `${title} over the last five minutes. ${parts.join("; ")}`;
}
