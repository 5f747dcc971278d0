/** Chooses the way to a collector by its protocol. Called by the exporters and the doctor. */
import { GrpcSender } from "./grpc_sender.ts";
import { HttpSender } from "./http_sender.ts";
import type { Sender, SenderOptions } from "./sender.ts";

/** @throws {Error} when a header cannot be sent. */
export function createSender(options: SenderOptions): Sender {
  const { protocol, ...rest } = options;
  return protocol === "grpc" ? new GrpcSender(rest) : new HttpSender({ ...rest, protocol });
}
