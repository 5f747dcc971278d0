/** The theme's colours for uPlot, whose canvas knows no custom properties. Used by chart.tsx and scatter.tsx. */

/** Resolves custom properties ("--accent") as they are in force for `element`. */
export function colourReader(element: HTMLElement): (property: string) => string {
  return (property) => {
    element.style.color = `var(${property})`;
    const colour = getComputedStyle(element).color;
    element.style.color = "";
    return colour;
  };
}

/** What all axes have in common. */
export function axisLook(colour: (property: string) => string) {
  return {
    stroke: colour("--ink-3"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
}
