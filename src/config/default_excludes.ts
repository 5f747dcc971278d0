/**
 * What is never traced unless the user says so: agents and collectors, whose spans would be about the spans that they
 * carry, and the namespaces of a cluster itself. The list is Beyla's (pkg/services and OBI's pkg/obi/config.go).
 */
import type { SelectRule } from "./config.ts";

const NAMESPACES = [
  "kube-system",
  "kube-node-lease",
  "local-path-storage",
  "grafana-alloy",
  "cert-manager",
  "monitoring",
  "gke-connect",
  "gke-gmp-system",
  "gke-managed-cim",
  "gke-managed-filestorecsi",
  "gke-managed-metrics-server",
  "gke-managed-system",
  "gke-system",
  "gke-managed-volumepopulator",
  "gatekeeper-system",
];

const ORIGIN = "the built-in exclusions (discovery.default_exclude_services)";

export const DEFAULT_EXCLUDES: readonly (Pick<SelectRule, "origin"> & Partial<SelectRule>)[] = [
  {
    origin: ORIGIN,
    exePath: {
      kind: "regex",
      regex: /(?:^|\/)(?:beyla|obi|ebpf-instrument|alloy|prometheus-config-reloader|otelcol[^/]*)$/,
    },
  },
  {
    origin: ORIGIN,
    kubernetes: [{
      attribute: "k8s.namespace.name",
      match: { kind: "regex", regex: new RegExp(`^(?:${NAMESPACES.join("|")})$`) },
    }],
  },
];
