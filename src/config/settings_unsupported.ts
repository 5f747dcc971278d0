/**
 * Sections of Beyla that Tsunagi understands and does not support, so that each of their keys gets a warning, and a
 * slip in one an error. Names: Beyla's pkg/beyla/config.go and OBI's devdocs/config/CONFIG.md.
 */
import { Type } from "../schema/mod.ts";
import { BOOLEAN, ebpf, key, oneOf, section, unsupported } from "./setting_types.ts";

/** A section whose keys all have the same reason, with the ends of their variables. */
function none(why: string, names: Readonly<Record<string, string | null>>) {
  const keys = Object.entries(names).map(([name, env]) =>
    [name, unsupported(why, env === null ? [] : ebpf(env))] as const
  );
  return Type.Optional(Type.Unsafe<unknown>(section(Object.fromEntries(keys))));
}

const NETWORK = "there are no metrics of the network";
const JAVA = "Tsunagi instruments Go only";
const CACHES = "Tsunagi reads no such protocol";
const RING = "how records are gathered is fixed";
const KUBERNETES = "the cluster is not asked; what a process says in OTEL_RESOURCE_ATTRIBUTES counts";

export const EBPF = section({
  context_propagation: key(oneOf(["all", "headers", "headers,tcp", "tcp,headers", "ip", "tcp", "disabled"]), {
    meaning: "traceparent headers are always propagated, and nothing else is",
    env: ebpf("BPF_CONTEXT_PROPAGATION"),
    beyla: "accepted; Tsunagi always does what headers does",
  }),
  enable_context_propagation: key(BOOLEAN, {
    meaning: "As context_propagation: all",
    env: ebpf("BPF_ENABLE_CONTEXT_PROPAGATION"),
    beyla: "accepted; always on",
  }),
  track_request_headers: key(BOOLEAN, {
    meaning: "Incoming traceparent headers are always honoured",
    env: ebpf("BPF_TRACK_REQUEST_HEADERS"),
    beyla: "accepted; always on",
  }),
  batch_length: unsupported(RING, ebpf("BPF_BATCH_LENGTH")),
  batch_timeout: unsupported(RING, ebpf("BPF_BATCH_TIMEOUT")),
  wakeup_len: unsupported(RING, ebpf("BPF_WAKEUP_LEN")),
  stats_wakeup_data_bytes: unsupported(RING, ebpf("STATS_WAKEUP_DATA_BYTES")),
  bpf_debug: unsupported("BPF programs have no debug output", ebpf("BPF_DEBUG")),
  bpf_fs_path: unsupported("nothing is pinned", ebpf("BPF_FS_PATH")),
  protocol_debug_print: unsupported("protocols are not parsed", ebpf("PROTOCOL_DEBUG_PRINT")),
  high_request_volume: unsupported("requests end when their handler ends", ebpf("BPF_HIGH_REQUEST_VOLUME")),
  http_request_timeout: unsupported("requests have no time limit", ebpf("BPF_HTTP_REQUEST_TIMEOUT")),
  dns_request_timeout: unsupported("DNS is not traced", ebpf("BPF_DNS_REQUEST_TIMEOUT")),
  max_transaction_time: unsupported(
    "parents are found by goroutine, not by time",
    ebpf("BPF_MAX_TRANSACTION_TIME"),
  ),
  disable_black_box_cp: unsupported("there is no black-box propagation", ebpf("BPF_DISABLE_BLACK_BOX_CP")),
  traffic_control_backend: unsupported("traffic control is not used", ebpf("BPF_TC_BACKEND")),
  force_bpf_map_reader: unsupported(NETWORK, ebpf("FORCE_BPF_MAP_READER")),
  override_bpfloop_enabled: unsupported("bpf_loop is always used", ebpf("OVERRIDE_BPF_LOOP_ENABLED")),
  heuristic_sql_detect: unsupported("SQL is not traced", ebpf("HEURISTIC_SQL_DETECT")),
  instrument_cuda: unsupported("GPUs are not traced", ebpf("INSTRUMENT_CUDA")),
  instrument_gpu: unsupported("GPUs are not traced", ebpf("INSTRUMENT_GPU")),
  redis_db_cache: none(CACHES, { enabled: null, max_size: null }),
  buffer_sizes: none(CACHES, { http: null, kafka: null, mssql: null, mysql: null, postgres: null }),
  couchbase_db_cache_size: unsupported(CACHES),
  kafka_topic_uuid_cache_size: unsupported(CACHES),
  mongo_requests_cache_size: unsupported(CACHES),
  mssql_prepared_statements_cache_size: unsupported(CACHES),
  mysql_prepared_statements_cache_size: unsupported(CACHES),
  postgres_prepared_statements_cache_size: unsupported(CACHES),
  payload_extraction: unsupported("payloads are not read"),
  log_enricher: unsupported("logs of programs are not changed"),
  custom_spans: unsupported("there are no spans but of HTTP"),
  bpf_fs_base_dir: unsupported("nothing is pinned"),
  use_tc_for_l7_context_propagation: unsupported("traffic control is not used"),
  maps_config: none("sizes of BPF maps are fixed", { global_scale_factor: null }),
}, { description: "Beyla's section about its BPF programs" });

/** Sections and keys of the top level. */
export const UNSUPPORTED_KEYS = {
  network: none(NETWORK, {
    enable: "NETWORK_METRICS",
    source: "NETWORK_SOURCE",
    agent_ip: "NETWORK_AGENT_IP",
    agent_ip_iface: "NETWORK_AGENT_IP_IFACE",
    agent_ip_type: "NETWORK_AGENT_IP_TYPE",
    cache_active_timeout: "NETWORK_CACHE_ACTIVE_TIMEOUT",
    cache_max_flows: "NETWORK_CACHE_MAX_FLOWS",
    cidrs: "NETWORK_CIDRS",
    deduper: "NETWORK_DEDUPER",
    deduper_fc_ttl: "NETWORK_DEDUPER_FC_TTL",
    direction: "NETWORK_DIRECTION",
    exclude_interfaces: "NETWORK_EXCLUDE_INTERFACES",
    exclude_protocols: "NETWORK_EXCLUDE_PROTOCOLS",
    guess_ports: "NETWORK_GUESS_PORTS",
    interfaces: "NETWORK_INTERFACES",
    listen_interfaces: "NETWORK_LISTEN_INTERFACES",
    listen_poll_period: "NETWORK_LISTEN_POLL_PERIOD",
    print_flows: "NETWORK_PRINT_FLOWS",
    protocols: "NETWORK_PROTOCOLS",
    sampling: "NETWORK_SAMPLING",
    geo_ip: null,
    reverse_dns: null,
    allowed_attributes: null,
  }),
  stats: none(NETWORK, {
    agent_ip: null,
    agent_ip_iface: null,
    agent_ip_type: null,
    cidrs: null,
    print_stats: "STATS_PRINT_STATS",
    geo_ip: null,
    reverse_dns: null,
  }),
  name_resolver: none("names of hosts are not resolved", {
    sources: "NAME_RESOLVER_SOURCES",
    cache_len: "NAME_RESOLVER_CACHE_LEN",
    cache_expiry: "NAME_RESOLVER_CACHE_TTL",
  }),
  internal_metrics: Type.Optional(section({
    exporter: unsupported("figures of the agent itself are always at /metrics of the status API"),
    bpf_metric_scrape_interval: unsupported(
      "figures of the agent itself are always at /metrics of the status API",
    ),
    prometheus: none("figures of the agent itself are always at /metrics of the status API", {
      port: "INTERNAL_METRICS_PROMETHEUS_PORT",
      path: "INTERNAL_METRICS_PROMETHEUS_PATH",
    }),
    avoided_services: unsupported("the status API lists every Go process, and why it is not traced"),
  })),
  processes: none("there are no metrics of processes", { run_mode: null, interval: null }),
  health_check: none("probes are at /healthz and /readyz of the status API", {
    port: "HEALTH_CHECK_PORT",
    listen_address: "HEALTH_CHECK_LISTEN_ADDRESS",
    unix_socket_path: "HEALTH_CHECK_UNIX_SOCKET_PATH",
  }),
  nodejs: none(JAVA, { enabled: "NODEJS_ENABLED" }),
  javaagent: none(JAVA, {
    enabled: "JAVAAGENT_ENABLED",
    attach_timeout: null,
    debug: null,
    debug_instrumentation: null,
  }),
  injector: unsupported("SDKs are not injected"),
  topology: unsupported("there are no spans of connections"),
  // Keys of Beyla 1.0 that moved below discovery.
  system_wide: unsupported("without a selection every Go process is traced"),
  skip_go_specific_tracers: unsupported("Tsunagi has only tracers of Go"),
  shutdown_timeout: unsupported("what is queued has one second to be delivered", ebpf("SHUTDOWN_TIMEOUT")),
  enforce_sys_caps: unsupported("what the loader needs is always checked", ebpf("ENFORCE_SYS_CAPS")),
  channel_buffer_len: unsupported("there are no such channels", ebpf("CHANNEL_BUFFER_LEN")),
  channel_send_timeout: unsupported("there are no such channels", ebpf("CHANNEL_SEND_TIMEOUT")),
  channel_send_timeout_panic: unsupported("there are no such channels", ebpf("CHANNEL_SEND_TIMEOUT_PANIC")),
  profile_port: unsupported("there is no profiler", ebpf("PROFILE_PORT")),
  log_config: unsupported("the status API shows the configuration", ebpf("LOG_CONFIG")),
  noop: unsupported("nothing is exported where no endpoint is given", ebpf("NOOP_TRACES")),
};

/** Keys of the section attributes, beside select. */
export const UNSUPPORTED_ATTRIBUTES = {
  kubernetes: none(KUBERNETES, {
    enable: "KUBE_METADATA_ENABLE",
    cluster_name: "KUBE_CLUSTER_NAME",
    disable_informers: "KUBE_DISABLE_INFORMERS",
    drop_external: null,
    informers_resync_period: "KUBE_INFORMERS_RESYNC_PERIOD",
    informers_sync_timeout: "KUBE_INFORMERS_SYNC_TIMEOUT",
    kubeconfig_path: null,
    meta_cache_address: "KUBE_META_CACHE_ADDRESS",
    meta_restrict_local_node: "KUBE_META_RESTRICT_LOCAL_NODE",
    reconnect_initial_interval: "KUBE_RECONNECT_INITIAL_INTERVAL",
    resource_labels: null,
    service_name_template: "SERVICE_NAME_TEMPLATE",
    meta_source_labels: null,
  }),
  instance_id: none("service.instance.id is made of host and process", {
    dns: "HOSTNAME_DNS_RESOLUTION",
    override_hostname: "HOSTNAME",
  }),
  host_id: none("there is no host.id", { override: "HOST_ID", fetch_timeout: "HOST_ID_FETCH_TIMEOUT" }),
  metadata_retry: none("no cloud is asked for metadata", {
    max_interval: null,
    start_interval: null,
    timeout: null,
  }),
  extra_group_attributes: unsupported("groups of attributes are fixed"),
  rename_unresolved_hosts: unsupported("names of hosts are not resolved", ebpf("RENAME_UNRESOLVED_HOSTS")),
  rename_unresolved_hosts_outgoing: unsupported("names of hosts are not resolved"),
  rename_unresolved_hosts_incoming: unsupported("names of hosts are not resolved"),
  metric_span_names_limit: unsupported(
    "metrics.max_series bounds all metrics",
    ebpf("METRIC_SPAN_NAMES_LIMIT"),
  ),
};
