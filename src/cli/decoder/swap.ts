/** `deno task decoder push` and `rollback`: what they ask of the agent and how they tell of the swap. */
import { basename } from "node:path";
import { MANIFEST_SECTION, parseManifest } from "../../decoder/manifest.ts";
import { customSection, isWasm } from "../../decoder/wasm_section.ts";
import { escapeControls } from "../../support/text.ts";
import type { AgentApi } from "./api.ts";
import type { CommandContext } from "./context.ts";
import { type JsonObject, msIn, objectIn, textIn } from "./json.ts";
import { shortDigest } from "./refusals.ts";

/** Sends a decoder under the name that it has. */
export async function pushDecoder(
  context: CommandContext,
  api: AgentApi,
  pack: { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<void> {
  const answer = await api.put(nameOf(pack), pack.bytes);
  if (answer.unchanged === true) {
    const { name, digest } = identityOf(answer);
    context.print(escapeControls(`${name} ${digest} is active already: nothing to do`));
  } else {
    printSwap(context, answer, "is active");
  }
  if (answer.persisted === false) {
    context.complain("The agent could not keep the file: after its next start the old decoder is back");
  }
}

export async function rollbackDecoder(context: CommandContext, api: AgentApi, name: string): Promise<void> {
  const answer = await api.rollback(name);
  printSwap(context, answer, "is active again");
  if (answer.persisted === false) {
    context.complain(
      "The agent could not put the file aside: after its next start the other decoder is back",
    );
  }
}

/** The name in the manifest; for a file without one, the agent says best what is wrong with it. */
function nameOf({ path, bytes }: { readonly path: string; readonly bytes: Uint8Array }): string {
  try {
    const section = isWasm(bytes) ? customSection(bytes, MANIFEST_SECTION) : null;
    if (section) return parseManifest(section).name;
  } catch {
    // The gate of the agent reads it too, and its refusal is what the user needs to see.
  }
  return basename(path).replace(/\.wasm$/, "") || "unnamed";
}

function identityOf(answer: JsonObject): { name: string; digest: string } {
  const decoder = objectIn(answer, "decoder");
  return {
    name: `${textIn(decoder, "name")} ${textIn(decoder, "version")}`,
    digest: shortDigest(textIn(decoder, "digest")),
  };
}

function printSwap(context: CommandContext, answer: JsonObject, became: string): void {
  const { name, digest } = identityOf(answer);
  const decoder = objectIn(answer, "decoder");
  const swap = objectIn(answer, "swap");
  context.print(escapeControls(`${name} ${digest} ${became} for Go ${textIn(decoder, "goRange")}`));
  context.print(
    `  checked in ${msIn(swap, "gateMs")}, staged in ${msIn(swap, "stageMs")}, ` +
      `switched ${textIn(swap, "executables")} executable(s) in ${msIn(swap, "swapMs")}`,
  );
}
