/** Machines with a fault, made from this one for a single command: capabilities taken away, cgroup v2 unmounted. */

/** Command words in front of the one that lacks these capabilities. */
export function withoutCapabilities(...names: readonly string[]): string[] {
  const minus = names.map((name) => `-${name}`).join(",");
  return ["setpriv", `--bounding-set=${minus}`, `--inh-caps=${minus}`, "--"];
}

/** Command words in front of the one that sees no cgroup v2: its mount namespace has none. */
export function withoutCgroup2(): string[] {
  const script = "awk '/ - cgroup2 / { print $5 }' /proc/self/mountinfo | " +
    'while read -r at; do umount -l "$at"; done; exec "$@"';
  return ["unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh"];
}
