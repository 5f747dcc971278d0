/** The traces of the list as points over time, failed ones in red: a click opens the nearest. The table says the same. */
import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { TraceSummary } from "../../../status/model.ts";
import { axisLook, colourReader } from "./chart_colours.ts";
import { duration } from "./format.ts";
import { link } from "../data/location.ts";
import { useTheme } from "../theme_switch.tsx";

const HEIGHT = 104;
const POINT_SIZE = 6;
/** Farther from every point a click means none. */
const REACH_PX = 14;

export function Scatter({ traces }: { traces: readonly TraceSummary[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef<readonly TraceSummary[]>(traces);
  const theme = useTheme();
  shown.current = [...traces].sort((a, b) => startSeconds(a) - startSeconds(b));

  useEffect(() => {
    const element = box.current!;
    const colour = colourReader(element);
    const axis = axisLook(colour);
    const points = (property: string): uPlot.Series => ({
      paths: () => null,
      points: { show: true, size: POINT_SIZE, width: 0, fill: colour(property) },
    });
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [8, 8, 0, 0],
        cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
        legend: { show: false },
        scales: { y: { distr: 3 } },
        axes: [
          { ...axis, size: 24, space: 90, values: [[1, "{HH}:{mm}:{ss}"]] },
          {
            ...axis,
            size: 62,
            space: 20,
            grid: { ...axis.grid, filter: powersOfTen },
            filter: powersOfTen,
            values: (_plot, ticks) => ticks.map((ns) => ns === null ? "" : duration(ns)),
          },
        ],
        series: [{}, points("--accent"), points("--bad-fill")],
      },
      columns(shown.current),
      element,
    );
    plot.current = drawn;
    const nearest = (event: MouseEvent) => {
      let best: { trace: TraceSummary; distance: number } | null = null;
      for (const trace of shown.current) {
        const x = drawn.valToPos(startSeconds(trace), "x") - event.offsetX;
        const y = drawn.valToPos(trace.durationNs, "y") - event.offsetY;
        const distance = Math.hypot(x, y);
        if (distance < (best?.distance ?? REACH_PX)) best = { trace, distance };
      }
      return best?.trace ?? null;
    };
    drawn.over.addEventListener("click", (event) => {
      const trace = nearest(event);
      if (trace !== null) location.hash = link(["trace", trace.traceId]);
    });
    drawn.over.addEventListener("mousemove", (event) => {
      const trace = nearest(event);
      drawn.over.style.cursor = trace === null ? "" : "pointer";
      drawn.over.title = trace === null ? "" : `${trace.rootName}, ${duration(trace.durationNs)}`;
    });
    const resize = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [theme]);

  useEffect(() => plot.current?.setData(columns(shown.current)), [traces]);

  return <div ref={box} class="scatter" aria-hidden="true" />;
}

/** Between them lie nine lines each, too many for so low a chart. */
const powersOfTen = (_plot: uPlot, ticks: readonly number[]) =>
  ticks.map((ns) => Math.log10(ns) % 1 === 0 ? ns : null);

function startSeconds({ startTimeUnixNano }: TraceSummary): number {
  return Number(startTimeUnixNano) / 1e9;
}

/** Times, durations of the good, durations of the failed. */
function columns(traces: readonly TraceSummary[]): uPlot.AlignedData {
  // A logarithm has no place for zero.
  const length = ({ durationNs }: TraceSummary) => Math.max(1, durationNs);
  return [
    traces.map(startSeconds),
    traces.map((trace) => trace.errors > 0 ? null : length(trace)),
    traces.map((trace) => trace.errors > 0 ? length(trace) : null),
  ];
}
