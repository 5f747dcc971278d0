/** The traces of the list as points over time, failed ones in red: a click opens the nearest. The table says the same. */
import { h } from "preact";
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import type { TraceSummary } from "../../../status/model.ts";
import { link } from "../data/location.ts";
import { duration } from "./format.ts";
import { axes, usePlot } from "./plot.ts";

const HEIGHT = 104;
const POINT_SIZE = 6;
/** Farther from every point a click means none. */
const REACH_PX = 14;

export function Scatter({ traces }: { traces: readonly TraceSummary[] }) {
  const sorted = useMemo(() => [...traces].sort((a, b) => startSeconds(a) - startSeconds(b)), [traces]);
  const data = useMemo((): uPlot.AlignedData => [
    sorted.map(startSeconds),
    sorted.map((trace) => trace.errors > 0 ? null : height(trace)),
    sorted.map((trace) => trace.errors > 0 ? height(trace) : null),
  ], [sorted]);
  const box = usePlot(data, HEIGHT, (colour) => {
    const points = (property: string): uPlot.Series => ({
      paths: () => null,
      points: { show: true, size: POINT_SIZE, width: 0, fill: colour(property) },
    });
    return {
      padding: [8, 8, 0, 0],
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
      legend: { show: false },
      // At least a second; for a single trace uPlot asks for a whole day.
      scales: {
        x: { range: (_plot, min, max) => [min - 1, shown.traces.length > 1 ? max : min] },
        y: { distr: 3 },
      },
      axes: axes(colour, {
        time: "{HH}:{mm}:{ss}",
        figure: duration,
        left: { space: 20, filter: powersOfTen, grid: { filter: powersOfTen } },
      }),
      series: [{}, points("--accent"), points("--bad-fill")],
      hooks: { ready: [followPointer] },
    };
  });
  shown.traces = sorted;
  return <div ref={box} class="scatter" aria-hidden="true" />;
}

/** What the one plot of the page shows; its listeners live as long as it. */
const shown: { traces: readonly TraceSummary[] } = { traces: [] };

function followPointer(plot: uPlot): void {
  const { over } = plot;
  over.addEventListener("click", (event) => {
    const trace = nearest(plot, event);
    if (trace !== null) location.hash = link(["trace", trace.traceId]);
  });
  over.addEventListener("mousemove", (event) => {
    const trace = nearest(plot, event);
    over.style.cursor = trace === null ? "" : "pointer";
    over.title = trace === null ? "" : `${trace.rootName}, ${duration(trace.durationNs)}`;
  });
}

function nearest(plot: uPlot, { offsetX, offsetY }: MouseEvent): TraceSummary | null {
  let best: TraceSummary | null = null;
  let reach = REACH_PX;
  for (const trace of shown.traces) {
    const x = plot.valToPos(startSeconds(trace), "x") - offsetX;
    const y = plot.valToPos(height(trace), "y") - offsetY;
    const distance = Math.hypot(x, y);
    if (distance < reach) [best, reach] = [trace, distance];
  }
  return best;
}

/** Between them lie nine lines each, too many for so low a chart. */
function powersOfTen(_plot: uPlot, ticks: readonly number[]): (number | null)[] {
  return ticks.map((ns) => Math.log10(ns) % 1 === 0 ? ns : null);
}

function startSeconds({ startTimeUnixNano }: TraceSummary): number {
  return Number(startTimeUnixNano) / 1e9;
}

/** A logarithm has no place for zero. */
function height({ durationNs }: TraceSummary): number {
  return Math.max(1, durationNs);
}
