/** The views: their names in the bar and in titles, their addresses, and what is shown in their place. */

export interface View {
  readonly title: string;
  readonly hash: string;
  /** Begins of the paths that belong to it. */
  readonly parts: readonly string[];
}

export const VIEWS: readonly View[] = [
  { title: "Services", hash: "#/", parts: ["", "service"] },
  { title: "Map", hash: "#/map", parts: ["map"] },
  { title: "Traces", hash: "#/traces", parts: ["traces", "trace"] },
  { title: "Targets", hash: "#/targets", parts: ["targets"] },
  { title: "Decoders", hash: "#/decoders", parts: ["decoders"] },
  { title: "Agent", hash: "#/agent", parts: ["agent"] },
];
