/** Which processes are traced: every form of selection as rules. Used by resolve.ts. */
import type { RouteRules, SamplerConfig, SelectConfig, SelectRule, TextMatch } from "./config.ts";
import { DEFAULT_EXCLUDES } from "./default_excludes.ts";
import type { Reporter } from "./config_error.ts";
import type { Settings } from "./settings.ts";
import { KUBERNETES_KEYS } from "./settings_select.ts";
import { beylaGlob, goRegex, portRanges, processIds } from "./value.ts";

type Path = readonly (string | number)[];
type Entry = NonNullable<NonNullable<Settings["discovery"]>["services"]>[number] & {
  readonly exe_path_regexp?: string;
};
type ReadText = (text: string) => TextMatch;

const regexMatch: ReadText = (text) => ({ kind: "regex", regex: goRegex(text) });

/** The rule that every process fits, but for where it comes from. */
export const ANYTHING: Omit<SelectRule, "origin"> = {
  name: null,
  namespace: null,
  openPorts: [],
  exePath: null,
  cmdArgs: null,
  languages: null,
  pids: [],
  containersOnly: false,
  containerName: null,
  kubernetes: [],
  sampler: null,
  routes: null,
  exports: null,
};

export function resolveSelect(settings: Settings, report: Reporter): SelectConfig {
  const { instrument, services, exclude_instrument, exclude_services, ...discovery } = settings.discovery!;
  const entries = new Entries(settings, report);
  if (instrument !== undefined) {
    // As Beyla: "If this section is set, both the Services and ExcludeServices section is ignored".
    const unused = { services, exclude_services };
    for (const [name, list] of Object.entries(unused)) {
      if (list !== undefined) report.warn(["discovery", name], "has no effect beside discovery.instrument");
    }
  }
  const byGlob = instrument !== undefined;
  return {
    include: [
      ...rulesOfSelect(settings),
      ...entries.rules("services", byGlob ? [] : services, regexMatch),
      ...entries.rules("instrument", instrument, beylaGlob),
      ...entryOfKeys(settings, byGlob, report),
    ],
    exclude: [
      ...entries.rules("exclude_services", byGlob ? [] : exclude_services, regexMatch),
      ...entries.rules("exclude_instrument", exclude_instrument, beylaGlob),
      ...defaultExcludes(discovery, entries),
    ],
    excludeInstrumented: discovery.exclude_otel_instrumented_services!,
  };
}

function defaultExcludes(
  { default_exclude_services: services, default_exclude_instrument: instrument }: NonNullable<
    Settings["discovery"]
  >,
  entries: Entries,
): readonly SelectRule[] {
  if (services === undefined && instrument === undefined) {
    return DEFAULT_EXCLUDES.map((rule) => ({ ...ANYTHING, ...rule }));
  }
  return [
    ...entries.rules("default_exclude_services", services, regexMatch),
    ...entries.rules("default_exclude_instrument", instrument, beylaGlob),
  ];
}

/** Each path, the ports, and the ids by themselves: any of them selects. */
function rulesOfSelect({ select }: Settings): SelectRule[] {
  const { exe, ports, pids } = select!;
  const rules: SelectRule[] = exe!.map((glob) => ({
    ...ANYTHING,
    origin: `--exe ${glob}`,
    exePath: { kind: "glob", glob },
  }));
  if (ports!.length > 0) {
    const openPorts = ports!.map((port) => ({ first: port, last: port }));
    rules.push({ ...ANYTHING, origin: `--port ${ports!.join(",")}`, openPorts });
  }
  if (pids!.length > 0) rules.push({ ...ANYTHING, origin: `--pid ${pids!.join(",")}`, pids: pids! });
  return rules;
}

/**
 * The keys of the top level that make one entry together, behind the others as in Beyla (FindingCriteria in
 * pkg/appolly/discover/matcher.go of OBI), so that service_name is stronger than `name` of an entry.
 */
function entryOfKeys(settings: Settings, byGlob: boolean, report: Reporter): SelectRule[] {
  const { open_port, auto_target_exe, auto_target_language, target_pids } = settings;
  const { service_name, service_namespace } = settings;
  let { executable_path } = settings;
  const stronger = byGlob ? "discovery.instrument" : auto_target_exe !== undefined ? "auto_target_exe" : null;
  if (executable_path !== undefined && stronger !== null) {
    report.warn(["executable_path"], `has no effect beside ${stronger}`);
    executable_path = undefined;
  }
  const origin = Object.entries({
    open_port,
    executable_path,
    auto_target_exe,
    auto_target_language,
    target_pids,
  })
    .filter(([, value]) => value !== undefined).map(([name]) => name).join(" and ");
  if (origin === "") {
    for (const [key, value] of Object.entries({ service_name, service_namespace })) {
      if (value !== undefined) report.warn([key], "has no effect without open_port or executable_path");
    }
    return [];
  }
  return [{
    ...ANYTHING,
    origin,
    name: service_name ?? null,
    namespace: service_namespace ?? null,
    openPorts: ranges(open_port),
    exePath: matching(auto_target_exe, beylaGlob) ?? matching(executable_path, regexMatch),
    languages: matching(auto_target_language, beylaGlob),
    pids: ids(target_pids),
  }];
}

/** The lists of discovery, as rules. */
class Entries {
  readonly #settings: Settings;
  readonly #report: Reporter;

  constructor(settings: Settings, report: Reporter) {
    this.#settings = settings;
    this.#report = report;
  }

  rules(name: string, entries: readonly Entry[] | undefined, read: ReadText): SelectRule[] {
    return (entries ?? []).map((entry, index) => this.#rule(entry, ["discovery", name, index], read));
  }

  #rule(entry: Entry, path: Path, read: ReadText): SelectRule {
    const { exe_path, exe_path_regexp } = entry;
    if (exe_path !== undefined && exe_path_regexp !== undefined && exe_path !== exe_path_regexp) {
      this.#report.error([...path, "exe_path_regexp"], "says otherwise than exe_path; keep one");
    }
    if (entry.metrics?.features !== undefined) {
      this.#report.warn(
        [...path, "metrics"],
        "is not supported, and has no effect: features are the same for all",
      );
    }
    const labelled = (prefix: string, labels: Readonly<Record<string, string>> = {}) =>
      Object.entries(labels).map(([label, text]) => ({ attribute: `${prefix}.${label}`, match: read(text) }));
    const names = Object.entries(KUBERNETES_KEYS) as [keyof typeof KUBERNETES_KEYS, string][];
    return {
      origin: `${path[0]}.${path[1]}[${path[2]}]`,
      name: entry.name ?? null,
      namespace: entry.namespace ?? null,
      openPorts: ranges(entry.open_ports),
      exePath: matching(exe_path ?? exe_path_regexp, read),
      cmdArgs: matching(entry.cmd_args, read),
      languages: matching(entry.languages, read),
      pids: ids(entry.target_pids),
      containersOnly: entry.containers_only ?? false,
      containerName: matching(entry.container_name, read),
      kubernetes: [
        ...names.flatMap(([key, attribute]) =>
          entry[key] === undefined ? [] : [{ attribute, match: read(entry[key]) }]
        ),
        ...labelled("k8s.pod.label", entry.k8s_pod_labels),
        ...labelled("k8s.pod.annotation", entry.k8s_pod_annotations),
      ],
      sampler: this.#sampler(entry),
      routes: this.#routes(entry, path),
      exports: this.#exports(entry, path),
    };
  }

  #sampler({ sampler }: Entry): SamplerConfig | null {
    if (sampler === undefined) return null;
    const { name, ratio } = this.#settings.sampler!;
    return { name: sampler.name ?? name!, ratio: sampler.arg === undefined ? ratio! : Number(sampler.arg) };
  }

  /** Its patterns come after those of all, as in Beyla; what else it does not say is as for all. */
  #routes({ routes }: Entry, path: Path): RouteRules | null {
    if (routes === undefined) return null;
    if (routes.patterns !== undefined && routes.incoming !== undefined) {
      this.#report.error([...path, "routes", "patterns"], "means the same as incoming; keep one");
    }
    const all = this.#settings.routes!;
    return {
      patterns: [...all.patterns!, ...routes.patterns ?? routes.incoming ?? []],
      ignoredPatterns: routes.ignored_patterns ?? all.ignored_patterns!,
      ignoreMode: routes.ignore_mode ?? all.ignore_mode!,
      unmatched: routes.unmatched ?? all.unmatched!,
      wildcard: routes.wildcard_char ?? all.wildcard_char!,
    };
  }

  #exports({ exports }: Entry, path: Path): SelectRule["exports"] {
    if (exports === undefined) return null;
    if (exports.includes("logs")) this.#report.warn([...path, "exports"], "logs are not supported");
    return (["traces", "metrics"] as const).filter((signal) => exports.includes(signal));
  }
}

function matching(text: string | undefined, read: ReadText): TextMatch | null {
  return text === undefined ? null : read(text);
}

function ranges(ports: string | readonly string[] | undefined): SelectRule["openPorts"] {
  return ports === undefined ? [] : [ports].flat().flatMap(portRanges);
}

function ids(pids: string | readonly string[] | undefined): readonly number[] {
  return pids === undefined ? [] : [pids].flat().flatMap(processIds);
}
