import assert from "node:assert/strict";
import { containerOf } from "./container.ts";

const ID = "0123456789abcdef".repeat(4);
const UID = "c3a1f3d2-0b6e-4c3b-9f55-0a1b2c3d4e5f";
const UNDERSCORED = UID.replaceAll("-", "_");

for (
  const [cgroup, id, podUid] of [
    [`/docker/${ID}`, ID, null],
    [`/system.slice/docker-${ID}.scope`, ID, null],
    [`/machine.slice/libpod-${ID}.scope/container`, ID, null],
    [`/../../${ID}`, ID, null],
    [`/kubepods/burstable/pod${UID}/${ID}`, ID, UID],
    [
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORED}.slice/cri-containerd-${ID}.scope`,
      ID,
      UID,
    ],
    [`/kubelet.slice/kubelet-kubepods-pod${UNDERSCORED}.slice/crio-${ID}.scope (deleted)`, ID, UID],
    [`/ecs/${"ab".repeat(16)}/${"ab".repeat(16)}-1234567890`, `${"ab".repeat(16)}-1234567890`, null],
  ] as const
) {
  Deno.test(`containerOf(${cgroup})`, () => assert.deepEqual(containerOf(cgroup), { id, podUid }));
}

for (
  const cgroup of [
    "",
    "/",
    "/user.slice/user-0.slice/session-1.scope",
    "/system.slice/ssh.service",
    `/x${ID}0`,
  ]
) {
  Deno.test(`containerOf(${cgroup || "nothing"}) is null`, () => assert.equal(containerOf(cgroup), null));
}
