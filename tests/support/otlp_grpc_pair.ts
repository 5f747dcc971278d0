/** A gRPC receiver and a GrpcSender to it, and what comes of one request. Used by the tests of OTLP/gRPC. */
import { GrpcSender, type GrpcSenderOptions } from "../../src/export/grpc_sender.ts";
import type { SendResult } from "../../src/export/sender.ts";
import {
  type GrpcAnswer,
  type GrpcHandler,
  GrpcServer,
  type GrpcServerOptions,
  TRACES_CALL,
} from "./otlp_grpc_server.ts";

const NEVER = new AbortController().signal;

/** A message of a known content. */
export function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 7 % 251);
}

/** A server and a sender to it. */
export class GrpcPair implements AsyncDisposable {
  private constructor(readonly server: GrpcServer, readonly sender: GrpcSender) {}

  static async start(
    server: GrpcServerOptions = {},
    options: Partial<GrpcSenderOptions> = {},
  ): Promise<GrpcPair> {
    const started = await GrpcServer.start(server);
    const url = started.url + TRACES_CALL;
    const common = { url, headers: {}, timeoutMs: 60_000, compression: "none" } as const;
    return new GrpcPair(started, new GrpcSender({ ...common, ...options }));
  }

  async send(message = bytesOf(100), signal = NEVER): Promise<SendResult> {
    return await this.sender.send(await this.sender.prepare(message), signal);
  }

  async [Symbol.asyncDispose]() {
    this.sender[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** What a sender makes of an answer. */
export async function answered(answer: GrpcAnswer | GrpcHandler, options: Partial<GrpcSenderOptions> = {}) {
  const handler = typeof answer === "function" ? answer : () => answer;
  await using pair = await GrpcPair.start({ handler }, options);
  return await pair.send();
}
