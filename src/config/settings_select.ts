/** Keys about which processes are traced, and what holds for some of them only. */
import { refine, Type } from "../schema/mod.ts";
import { FEATURES } from "./settings_metrics.ts";
import { PATTERN, ROUTE_KEYS } from "./settings_routes.ts";
import { BEYLA_SAMPLER } from "./settings_sampler.ts";
import {
  BOOLEAN,
  ebpf,
  GLOB,
  key,
  NAME,
  oneOf,
  PIDS,
  PORTS,
  REGEX,
  section,
  unsupported,
} from "./setting_types.ts";

/** Keys of an entry that select by what Kubernetes says, and the attributes that they look at. */
export const KUBERNETES_KEYS = {
  k8s_namespace: "k8s.namespace.name",
  k8s_pod_name: "k8s.pod.name",
  k8s_deployment_name: "k8s.deployment.name",
  k8s_replicaset_name: "k8s.replicaset.name",
  k8s_statefulset_name: "k8s.statefulset.name",
  k8s_daemonset_name: "k8s.daemonset.name",
  k8s_job_name: "k8s.job.name",
  k8s_cronjob_name: "k8s.cronjob.name",
  k8s_owner_name: "k8s.owner.name",
  k8s_container_name: "k8s.container.name",
} as const;

const SELECTING = [
  "open_ports",
  "exe_path",
  "exe_path_regexp",
  "cmd_args",
  "languages",
  "target_pids",
  "containers_only",
  "container_name",
  ...Object.keys(KUBERNETES_KEYS),
  "k8s_pod_labels",
  "k8s_pod_annotations",
];

/** An entry of a list that selects; `text` is what its texts are: globs or regular expressions. */
function entry(text: typeof GLOB, kind: string) {
  const matched = (what: string) => key(text, { meaning: `${kind} on ${what}`, beyla: "same" });
  const kubernetes = Object.fromEntries(
    Object.entries(KUBERNETES_KEYS).map(([name, attribute]) => [name, matched(attribute)]),
  ) as Record<keyof typeof KUBERNETES_KEYS, ReturnType<typeof matched>>;
  return section({
    open_ports: key(PORTS, {
      meaning: "Ports that the process listens on, any of them: 80,443,8000-8999",
      beyla: "same",
    }),
    exe_path: matched("the path of the executable"),
    cmd_args: matched("the command line"),
    languages: matched("the language; go is the only one"),
    target_pids: key(PIDS, { meaning: "Process ids, any of them", beyla: "same" }),
    containers_only: key(BOOLEAN, {
      meaning: "Only processes in a container",
      default: false,
      beyla: "same",
    }),
    container_name: matched("the container's name"),
    ...kubernetes,
    k8s_pod_labels: key(Type.Record(Type.String(), text), {
      meaning: `By label of the pod: ${kind} on its value; all must match`,
      beyla: "same",
    }),
    k8s_pod_annotations: key(Type.Record(Type.String(), text), {
      meaning: `By annotation of the pod: ${kind} on its value; all must match`,
      beyla: "same",
    }),
    name: key(NAME, { meaning: "service.name of what it selects", beyla: "same" }),
    namespace: key(NAME, { meaning: "service.namespace of what it selects", beyla: "same" }),
    exports: key(Type.Array(oneOf(["traces", "metrics", "logs"])), {
      meaning: "The signals of what it selects; an empty list: none",
      beyla: "same, but for logs",
    }),
    sampler: Type.Optional(BEYLA_SAMPLER),
    routes: Type.Optional(section({
      incoming: key(Type.Array(PATTERN), {
        meaning: "As patterns; they come after routes.patterns",
        beyla: "same",
      }),
      outgoing: unsupported("client spans have no route"),
      ...ROUTE_KEYS,
    })),
    metrics: Type.Optional(
      section({ features: key(FEATURES, { meaning: "Not supported for single services" }) }),
    ),
    ...(text === REGEX
      ? { exe_path_regexp: matched("the path of the executable; older name of exe_path") }
      : {}),
  });
}

const REGEX_ENTRY = entry(REGEX, "regular expression");
const GLOB_ENTRY = entry(GLOB, "glob");

function entries<E extends typeof REGEX_ENTRY>(schema: E) {
  return Type.Array(
    refine(
      schema,
      (value) =>
        SELECTING.some((name) => Reflect.get(value, name) !== undefined)
          ? null
          : "must say what it selects, for example with exe_path or open_ports",
    ),
  );
}

export const DISCOVERY = section({
  instrument: key(entries(GLOB_ENTRY), {
    meaning: "What is traced, by globs. With it, services and exclude_services are not looked at",
    beyla: "same",
  }),
  services: key(entries(REGEX_ENTRY), {
    meaning: "What is traced, by regular expressions. Nothing selected anywhere: every Go process",
    beyla: "same",
  }),
  exclude_instrument: key(entries(GLOB_ENTRY), { meaning: "What is not traced, by globs", beyla: "same" }),
  exclude_services: key(entries(REGEX_ENTRY), {
    meaning: "What is not traced, by regular expressions",
    beyla: "same",
  }),
  default_exclude_instrument: key({ ...entries(GLOB_ENTRY), "x-empty": [] }, {
    meaning:
      "Replaces what is never traced: Beyla, Alloy, collectors of OpenTelemetry, namespaces of the cluster itself; empty: nothing is",
    beyla: "same",
  }),
  default_exclude_services: key({ ...entries(REGEX_ENTRY), "x-empty": [] }, {
    meaning: "As default_exclude_instrument, by regular expressions",
    beyla: "same",
  }),
  exclude_otel_instrumented_services: key(BOOLEAN, {
    meaning: "Leave out programs that carry an OpenTelemetry SDK with HTTP instrumentation of their own",
    default: true,
    env: ebpf("EXCLUDE_OTEL_INSTRUMENTED_SERVICES"),
    beyla: "same; found in the executable, not by its exports",
  }),
  survey: unsupported("there is no survey mode"),
  exclude_survey: unsupported("there is no survey mode"),
  system_wide: unsupported("without a selection every Go process is traced", ebpf("SYSTEM_WIDE")),
  exclude_otel_instrumented_services_span_metrics: unsupported(
    "there are no span metrics",
    ebpf("EXCLUDE_OTEL_INSTRUMENTED_SERVICES_SPAN_METRICS"),
  ),
  skip_go_specific_tracers: unsupported("Tsunagi has only tracers of Go", ebpf("SKIP_GO_SPECIFIC_TRACERS")),
  poll_interval: unsupported("new processes are seen at once", ebpf("DISCOVERY_POLL_INTERVAL")),
  min_process_age: unsupported("processes are traced at once", ebpf("MIN_PROCESS_AGE")),
  bpf_pid_filter_off: unsupported(
    "probes are attached to the selected processes only",
    ebpf("BPF_PID_FILTER_OFF"),
  ),
  default_otlp_grpc_port: unsupported("exports of a program are not watched", ebpf("DEFAULT_OTLP_GRPC_PORT")),
  excluded_linux_system_paths: unsupported("exclude paths with exclude_instrument"),
  disabled_route_harvesters: unsupported("routes are read from requests, not harvested"),
  route_harvester_timeout: unsupported(
    "routes are read from requests, not harvested",
    ebpf("ROUTE_HARVESTER_TIMEOUT"),
  ),
  route_harvester_advanced: unsupported("routes are read from requests, not harvested"),
}, {
  description:
    "Which processes are traced; Beyla's section. Any entry selects; name, namespace, sampler, routes and exports are each those of the last entry that matches and says them",
});

export const SELECT = section({
  exe: key(Type.Array(GLOB), {
    meaning: "Globs; the whole path of the executable must match, * also crosses /",
    default: [],
    beyla: "discovery.instrument[].exe_path",
  }),
  ports: key(Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 })), {
    meaning: "TCP ports on which the process listens",
    default: [],
    beyla: "discovery.instrument[].open_ports",
  }),
  pids: key(Type.Array(Type.Integer({ minimum: 1, maximum: 4_194_304 })), {
    meaning: "Process ids",
    default: [],
    beyla: "discovery.instrument[].target_pids",
  }),
}, { description: "Which processes are traced, in short: any match selects" });

/** Beyla's keys of the top level that make one entry together, all of which must hold; it stands behind the others. */
export const ENTRY_KEYS = {
  open_port: key(PORTS, {
    meaning: "Ports that the process listens on, any of them",
    env: ebpf("OPEN_PORT"),
    beyla: "same",
  }),
  executable_path: key(REGEX, {
    meaning: "Regular expression on the path of the executable",
    env: ebpf("EXECUTABLE_PATH"),
    beyla: "same (OBI's name)",
  }),
  executable_name: key(REGEX, {
    meaning: "As executable_path",
    env: ebpf("EXECUTABLE_NAME"),
    beyla: "same",
  }),
  auto_target_exe: key(GLOB, {
    meaning: "Glob on the path of the executable",
    env: [...ebpf("AUTO_TARGET_EXE"), "OTEL_GO_AUTO_TARGET_EXE"],
    beyla: "same; a variable only",
  }),
  auto_target_language: key(GLOB, {
    meaning: "Glob on the language",
    env: ebpf("AUTO_TARGET_LANGUAGE"),
    beyla: "same; a variable only",
  }),
  target_pids: key(PIDS, { meaning: "Process ids, any of them", env: ebpf("TARGET_PID"), beyla: "same" }),
  service_name: key(NAME, {
    meaning: "service.name of what the keys before select",
    env: ["OTEL_SERVICE_NAME", ...ebpf("SERVICE_NAME")],
    beyla: "same",
  }),
  service_namespace: key(NAME, {
    meaning: "service.namespace of what the keys before select",
    env: ebpf("SERVICE_NAMESPACE"),
    beyla: "same",
  }),
};
