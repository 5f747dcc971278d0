/**
 * Names of the metrics and attributes that settings may speak of, so that those of Prometheus are understood and a slip
 * is found. Which attributes a metric has by itself is the RED stage's matter.
 */

export const METRIC_NAMES: readonly string[] = [
  "http.server.request.duration",
  "http.client.request.duration",
  "http.server.request.body.size",
  "http.server.response.body.size",
  "http.client.request.body.size",
  "http.client.response.body.size",
  "rpc.server.call.duration",
  "rpc.client.call.duration",
  "traces_service_graph_request_server",
  "traces_service_graph_request_client",
  "traces_service_graph_request_failed",
  "traces_service_graph_request",
];

const SPAN_ATTRIBUTES: readonly string[] = [
  "client.address",
  "client.port",
  "error.type",
  "http.request.body.size",
  "http.request.method",
  "http.request.method_original",
  "http.request.resend_count",
  "http.response.body.size",
  "http.response.status_code",
  "http.route",
  "network.peer.address",
  "network.peer.port",
  "network.protocol.name",
  "network.protocol.version",
  "rpc.method",
  "rpc.response.status_code",
  "rpc.system.name",
  "server.address",
  "server.port",
  "url.full",
  "url.path",
  "url.query",
  "url.scheme",
  "user_agent.original",
];

/** Those that Beyla names too. */
const RESOURCE_ATTRIBUTES: readonly string[] = [
  "container.id",
  "container.name",
  "host.name",
  "k8s.cluster.name",
  "k8s.container.name",
  "k8s.cronjob.name",
  "k8s.daemonset.name",
  "k8s.deployment.name",
  "k8s.job.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.owner.name",
  "k8s.pod.name",
  "k8s.pod.start_time",
  "k8s.pod.uid",
  "k8s.replicaset.name",
  "k8s.statefulset.name",
  "process.executable.name",
  "process.pid",
  "service.instance.id",
  "service.name",
  "service.namespace",
];

export const ATTRIBUTE_NAMES: readonly string[] = [...SPAN_ATTRIBUTES, ...RESOURCE_ATTRIBUTES];

export function isResourceAttribute(name: string): boolean {
  return RESOURCE_ATTRIBUTES.includes(name);
}

/** Whether Beyla has attributes of that kind, and Tsunagi has none: of other protocols, of the network, of the cluster. */
export function isOfBeyla(given: string): boolean {
  return /^(aws|client|cloud|connection|cuda|db|deployment|dns|dst|gen_ai|gpu|graphql|host|instance|job|k8s|messaging|rpc|server|source|span|src|telemetry|transport)([._]|$)/
    .test(given);
}

/** The name in OTLP of an attribute as a user may write it ("http_route"), or null when none has it. */
export function otlpName(given: string): string | null {
  if (ATTRIBUTE_NAMES.includes(given)) return given;
  return ATTRIBUTE_NAMES.find((name) => name.replaceAll(".", "_") === given) ?? null;
}
