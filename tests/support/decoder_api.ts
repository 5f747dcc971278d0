/** The decoder part of the status API, as tests that push packs use it. */
import assert from "node:assert/strict";
import type { DecoderChange, DecoderList } from "../../src/registry/model.ts";
import { type Family, groupFamilies } from "../../decoder-as/plans/family.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";
import { withCustomSection } from "../../src/decoder/wasm_section.ts";
import { type Agent, ROOT } from "./agent.ts";

/** What tests give agents as TSUNAGI_API_TOKEN. */
export const TOKEN = "token-of-the-tests";

/** An answer that is no 200: problem+json with the members of a reason. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}

/** PUTs a pack; yields what changed, or the problem. */
export async function pushPack(
  agent: Agent,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  token: string | null = TOKEN,
): Promise<DecoderChange | Problem> {
  const response = await fetch(`${agent.url}/api/v1/decoders/${name}`, {
    method: "PUT",
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: bytes,
  });
  const answer = await response.json();
  return response.status === 200 ? answer : { ...answer, status: response.status };
}

/** As `pushPack`, for packs that must be taken. */
export async function pushGoodPack(
  agent: Agent,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<DecoderChange> {
  const answer = await pushPack(agent, name, bytes);
  assert.ok("swap" in answer, `push of ${name} was refused: ${JSON.stringify(answer)}`);
  return answer;
}

export function listDecoders(agent: Agent): Promise<DecoderList> {
  return agent.get<DecoderList>("/api/v1/decoders");
}

/** Name of the bundled decoder that has the Go release, and the family it is compiled from. */
export function familyFor(toolchain: string): Family {
  const layouts = [...Deno.readDirSync(`${ROOT}/decoder-as/layouts`)].map(({ name }) =>
    parseLayout(Deno.readTextFileSync(`${ROOT}/decoder-as/layouts/${name}`), name)
  );
  const family = groupFamilies(layouts).find(({ toolchains }) => toolchains.includes(`go${toolchain}`));
  assert.ok(family, `no family was made from go${toolchain}`);
  return family;
}

/** The bundled decoder of that name. */
export function bundledPack(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(`${ROOT}/build/decoders/${name}.wasm`);
}

/** The same decoder in bytes that nobody has seen before. */
export function unseen(pack: Uint8Array): Uint8Array<ArrayBuffer> {
  return withCustomSection(pack, "tsunagi.test", crypto.getRandomValues(new Uint8Array(16)));
}
