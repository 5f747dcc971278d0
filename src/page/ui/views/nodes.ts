/** Nodes of the map and services: which belongs to which, and what people call them. Used by map and tables. */
import type { GraphNode, ServiceReport } from "../../../status/model.ts";

/** The id of a service's node: "shop/front", or "front". */
export function nodeId({ name, namespace }: Pick<ServiceReport, "name" | "namespace">): string {
  return namespace === null ? name : `${namespace}/${name}`;
}

/** The namespace of a service's node. */
export function namespaceOf({ id, name }: Pick<GraphNode, "id" | "name">): string | null {
  return id === name ? null : id.slice(0, -name.length - 1);
}

/** A node as people call it. */
export function nodeName({ kind, name }: GraphNode): string {
  return kind === "user" ? "outside callers" : name;
}
