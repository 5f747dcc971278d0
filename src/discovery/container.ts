/**
 * What a cgroup's path tells of the container and the pod that a process is in. Runtimes put the id of the
 * container into the last part, the kubelet the pod's UID into one before: "/kubepods/burstable/pod<UID>/<ID>",
 * "...-pod<UID>.slice/cri-containerd-<ID>.scope", "/system.slice/docker-<ID>.scope", "/ecs/<TASK>/<TASK>-<NUMBER>".
 */

/** A container, and its pod where it has one. */
export interface Container {
  readonly id: string;
  /** metadata.uid of the pod. */
  readonly podUid: string | null;
}

const ID = /(?:^|[^0-9a-f])([0-9a-f]{64}|[0-9a-f]{32}-\d{8,})(?:\.scope)?$/;
const POD =
  /(?:^|[^0-9a-z])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?:\/|$)/;

/** Null for a process in no container. Containers inside of a container's cgroup ("/<ID>/init") count by the outer one. */
export function containerOf(cgroup: string): Container | null {
  const parts = cgroup.replace(/ \(deleted\)$/, "").split("/");
  for (const part of parts.toReversed()) {
    const id = ID.exec(part)?.[1];
    if (id !== undefined) return { id, podUid: POD.exec(cgroup)?.[1]?.replaceAll("_", "-") ?? null };
  }
  return null;
}
