/**
 * Edges of processes that are forgotten, handed on to others of the same services: the service graph has series of
 * services, and their counts must not go back when one of many processes ends. Used by Metrics.
 */
import type { RedEdge } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { resourceText } from "./families.ts";

/** What goes to heirs. Edges of a service that no other process has any more end with it. */
export function inheritedEdges(
  edges: readonly RedEdge[],
  gone: ReadonlySet<number>,
  lookup: (resource: number) => Resource | undefined,
): RedEdge[] {
  const serviceOf = (number: number): string | null => {
    const resource = lookup(number);
    if (resource === undefined) return null;
    return JSON.stringify([resource.serviceName, resourceText(resource, "service.namespace")]);
  };
  const heirs = new Map(
    edges.flatMap(({ client, server }) => [client, server])
      .filter((number) => !gone.has(number))
      .map((number) => [serviceOf(number), number]),
  );
  const heirOf = (number: number) => gone.has(number) ? heirs.get(serviceOf(number)) : number;
  return edges.filter(({ client, server }) => gone.has(client) || gone.has(server)).flatMap((edge) => {
    const [client, server] = [heirOf(edge.client), heirOf(edge.server)];
    return client === undefined || server === undefined ? [] : [{ ...edge, client, server }];
  });
}
