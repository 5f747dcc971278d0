/**
 * A snapshot as metric families with names, units and owners: what OTLP and Prometheus have in common. Used by
 * the two writers beside it.
 */
import type { MeasureConfig } from "../config/config.ts";
import type { Histogram, RedEdge, RedSnapshot } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { addHistograms } from "./totals.ts";

/** One series. Labels are attributes by their OTLP names. */
export interface Point {
  readonly resource: Resource;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly overflow: boolean;
  readonly startUnixNs: bigint;
  /** A number for counters. */
  readonly value: Histogram | number;
}

/** All series of one metric. */
export interface Family {
  /** OTLP's name. */
  readonly name: string;
  readonly prometheusName: string;
  readonly unit: "s" | "By" | "1";
  readonly help: string;
  /** Upper bounds of histograms; null for counters. */
  readonly bounds: readonly number[] | null;
  readonly points: readonly Point[];
}

export interface FamilyContext {
  readonly measure: MeasureConfig;
  /** The resource of a number of snapshots. */
  readonly lookup: (resource: number) => Resource | undefined;
  /** The agent itself, which the service graph belongs to. */
  readonly own: Resource;
}

const HELP: Readonly<Record<string, string>> = {
  "http.server.request.duration": "Duration of HTTP server requests.",
  "http.client.request.duration": "Duration of HTTP client requests.",
  "http.server.request.body.size": "Size of HTTP server request bodies.",
  "http.server.response.body.size": "Size of HTTP server response bodies.",
  "http.client.request.body.size": "Size of HTTP client request bodies.",
  "http.client.response.body.size": "Size of HTTP client response bodies.",
};

/** An attribute of a resource as text, "" where it has none. */
export function resourceText(resource: Resource, key: string): string {
  const value = resource.attributes.find((attribute) => attribute.key === key)?.value;
  return value === undefined || value === null ? "" : String(value);
}

/** What makes one process another one in every back end. */
export const ownerKey = (resource: Resource): string =>
  JSON.stringify([
    resource.serviceName,
    resourceText(resource, "service.namespace"),
    resourceText(resource, "service.instance.id"),
  ]);

/** Families with at least one series. Series of processes that lookup does not know are left out. */
export function familiesOf(snapshot: RedSnapshot, context: FamilyContext): Family[] {
  const { measure, lookup } = context;
  const families: Family[] = [];
  for (const [name, help] of Object.entries(HELP)) {
    const unit = name.endsWith(".duration") ? "s" : "By";
    const points = snapshot.series.filter((series) => series.metric === name).flatMap((series): Point[] => {
      const resource = lookup(series.resource);
      if (resource === undefined) return [];
      return [{ ...series, resource, value: series.histogram }];
    });
    if (points.length === 0) continue;
    families.push({
      name,
      prometheusName: name.replaceAll(".", "_") + (unit === "s" ? "_seconds" : "_bytes"),
      unit,
      help,
      bounds: unit === "s" ? measure.durationBucketsS : measure.sizeBucketsBytes,
      points,
    });
  }
  return [...families, ...graphFamilies(snapshot.edges, context)];
}

function graphFamilies(edges: readonly RedEdge[], context: FamilyContext): Family[] {
  const family = (name: string, help: string, valueOf: (edge: RedEdge) => Histogram | number): Family => {
    const points = edges.map((edge): Point => ({
      resource: context.own,
      attributes: edgeLabels(edge, context),
      overflow: edge.overflow,
      startUnixNs: edge.startUnixNs,
      value: valueOf(edge),
    })).filter(({ value }) => typeof value === "number" || value.count > 0);
    const histogram = name.endsWith("_seconds");
    return {
      name,
      prometheusName: name,
      unit: histogram ? "s" : "1",
      help,
      bounds: histogram ? context.measure.durationBucketsS : null,
      points: mergeSame(points),
    };
  };
  const graph = "traces_service_graph_request";
  return [
    family(
      `${graph}_client_seconds`,
      "Duration of requests as the client saw it.",
      (edge) => edge.clientDuration,
    ),
    family(
      `${graph}_server_seconds`,
      "Duration of requests as the server saw it.",
      (edge) => edge.serverDuration,
    ),
    family(`${graph}_total`, "Requests between two services.", (edge) => edge.requests),
    family(`${graph}_failed_total`, "Failed requests between two services.", (edge) => edge.failed),
  ].filter(({ points }) => points.length > 0);
}

/** Labels as Tempo and Beyla have them; a caller that is not traced is "user", as Tempo calls it. */
function edgeLabels(edge: RedEdge, { lookup }: FamilyContext): Record<string, string> {
  const client = lookup(edge.client);
  const server = lookup(edge.server);
  return {
    client: client?.serviceName ?? (edge.overflow ? "" : "user"),
    client_service_namespace: client ? resourceText(client, "service.namespace") : "",
    server: server?.serviceName ?? edge.peer,
    server_service_namespace: server ? resourceText(server, "service.namespace") : "",
    source: "tsunagi",
  };
}

/** Two processes of one service are one edge: series with the same labels must not appear twice. */
function mergeSame(points: readonly Point[]): Point[] {
  const merged = new Map<string, Point>();
  for (const point of points) {
    const key = JSON.stringify([point.attributes, point.overflow]);
    const other = merged.get(key);
    if (other === undefined) merged.set(key, point);
    else {
      const startUnixNs = other.startUnixNs < point.startUnixNs ? other.startUnixNs : point.startUnixNs;
      merged.set(key, { ...other, startUnixNs, value: addValues(other.value, point.value) });
    }
  }
  return [...merged.values()];
}

function addValues(left: Histogram | number, right: Histogram | number): Histogram | number {
  if (typeof left === "number" || typeof right === "number") return Number(left) + Number(right);
  return addHistograms(left, right);
}
