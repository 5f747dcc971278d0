/**
 * A route as data: what it takes, what it answers, and the function that does it. routes_*.ts define them, install.ts
 * puts them into Hono, openapi.ts describes them, so none of the three can say something else than the others.
 */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Static, type TObject, type TSchema, Type } from "../schema/mod.ts";
import type { Reason } from "../support/reason.ts";
import type { Answer } from "./schemas/common.ts";

/** An answer that says no; it becomes problem+json. */
export class Refusal {
  constructor(readonly status: ContentfulStatusCode, readonly reason: Reason) {}
}

/** What is answered other than JSON, by content type. */
export interface OtherContent {
  readonly contentTypes: readonly string[];
  readonly description: string;
}

export type Tag = "Agent" | "Telemetry" | "Decoders" | "Configuration" | "Probes";

export interface Endpoint {
  readonly method: "GET" | "PUT" | "POST";
  /** "/api/v1/traces/{traceId}" */
  readonly path: string;
  readonly tag: Tag;
  /** A line without a full stop. */
  readonly summary: string;
  readonly description: string | null;
  readonly params: TObject;
  /** A member with a default may be left out of the request, and is always there for `handle`. */
  readonly query: TObject;
  /** Content type of the body, which `handle` reads; null: it takes none. */
  readonly body: string | null;
  readonly answer: TSchema | OtherContent;
  /** Statuses of its own refusals, and when they come. */
  readonly refusals: Readonly<Record<number, string>>;
  /** Whether it asks for the token. */
  readonly changes: boolean;
  /** Longest time until the answer begins. */
  readonly timeLimitMs: number;
  handle(input: Input<TObject, TObject>): unknown;
}

export interface Input<P extends TObject, Q extends TObject> {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  readonly context: Context;
}

export type Result<A> = Response | Refusal | (A extends TSchema ? Answer<A> : never);

const NOTHING = Type.Object({});
type Nothing = typeof NOTHING;
const TIME_LIMIT_MS = 10_000;

/** An endpoint whose handler is held to the types of its schemas. */
export function endpoint<
  const A extends TSchema | OtherContent,
  P extends TObject = Nothing,
  Q extends TObject = Nothing,
>(
  definition: Pick<Endpoint, "method" | "path" | "tag" | "summary"> & {
    readonly description?: string;
    readonly params?: P;
    readonly query?: Q;
    readonly body?: string;
    readonly answer: A;
    readonly refusals?: Endpoint["refusals"];
    readonly changes?: boolean;
    readonly timeLimitMs?: number;
    handle(input: Input<P, Q>): Result<A> | Promise<Result<A>>;
  },
): Endpoint {
  return {
    description: null,
    params: NOTHING,
    query: NOTHING,
    body: null,
    refusals: {},
    changes: false,
    timeLimitMs: TIME_LIMIT_MS,
    ...definition,
  };
}

/** Whether the answer is something else than JSON. */
export function isOtherContent(answer: Endpoint["answer"]): answer is OtherContent {
  return "contentTypes" in answer;
}
