/** A plot of uPlot that fills its element and has the colours of the theme. Used by chart.tsx and scatter.tsx. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useTheme } from "../shell/theme_switch.tsx";

/** Resolves a custom property of the style sheet, such as "--accent": a canvas knows none. */
export type Colour = (property: string) => string;

/** Between marks of the time axis; less would show one time of day twice. */
const SECONDS = [1, 5, 60, 300, 900, 3_600, 14_400, 86_400];
/** Room for the figures of the left axis. */
const AXIS_WIDTH = 62;

/** @returns the element to draw into. `options` is asked again when the colours change. */
export function usePlot(
  data: uPlot.AlignedData,
  height: number,
  options: (colour: Colour) => Omit<uPlot.Options, "width" | "height">,
): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = box.current!;
    const size = () => ({ width: element.clientWidth, height });
    const drawn = plot.current = new uPlot({ ...options(colourOf(element)), ...size() }, data, element);
    const resize = new ResizeObserver(() => drawn.setSize(size()));
    resize.observe(element);
    return () => {
      resize.disconnect();
      drawn.destroy();
    };
  }, [theme]);
  useEffect(() => plot.current?.setData(data), [data]);
  return box;
}

function colourOf(element: HTMLElement): Colour {
  return (property) => {
    element.style.color = `var(${property})`;
    const { color } = getComputedStyle(element);
    element.style.color = "";
    return color;
  };
}

/** Time of day below, formatted figures on the left. */
export function axes(
  colour: Colour,
  { time, figure, left }: { time: string; figure: (value: number) => string; left: uPlot.Axis },
): uPlot.Axis[] {
  const look: uPlot.Axis = {
    stroke: colour("--ink-3"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return [
    // About as much room as its text takes.
    { ...look, size: 26, space: 5 * time.length, incrs: SECONDS, values: [[1, time]] },
    {
      ...look,
      size: AXIS_WIDTH,
      ...left,
      grid: { ...look.grid, ...left.grid },
      values: (_plot, ticks) => ticks.map((tick) => tick === null ? "" : figure(tick)),
    },
  ];
}
