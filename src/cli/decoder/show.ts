/** `deno task decoder show`: one decoder, of the running agent or in a file. Called by main.ts. */
import { type DecoderManifest, parseManifest } from "../../decoder/manifest.ts";
import { describeError } from "../../support/errors.ts";
import type { AgentApi } from "./api.ts";
import type { CommandContext } from "./context.ts";
import { examineFile } from "./examine.ts";
import { Failure } from "./failure.ts";
import { readDecoderFile } from "./file.ts";
import { objectIn, textIn } from "./json.ts";
import { manifestLines } from "./manifest_view.ts";
import { shortDigest } from "./refusals.ts";

/** Shows the active decoder of that name. */
export async function showActive(
  context: CommandContext,
  api: AgentApi,
  name: string,
  options: { json: boolean },
): Promise<void> {
  const entry = await api.get(name);
  if (options.json) return context.print(JSON.stringify(entry, null, 2));
  let manifest: DecoderManifest;
  try {
    manifest = parseManifest(new TextEncoder().encode(JSON.stringify(entry.manifest ?? null)));
  } catch (cause) {
    throw new Failure(`The agent's decoder ${name} is not of this release: ${describeError(cause)}`, {
      remedy: "Add --json, or use the deno task of the agent's own installation",
      cause,
    });
  }
  const counters = objectIn(entry, "counters");
  const previous = objectIn(entry, "previous");
  const facts: [string, string][] = [
    ["digest", textIn(entry, "digest")],
    ["source", `${textIn(entry, "source")}, active since ${textIn(entry, "since")}`],
    ["targets", textIn(entry, "targets")],
    [
      "counters",
      `${textIn(counters, "starts")} starts, ${textIn(counters, "spans")} spans, ` +
      `${textIn(counters, "inFlight")} in flight, ${textIn(counters, "badRecords")} bad records`,
    ],
  ];
  if (typeof previous.version === "string") {
    facts.push([
      "previous",
      `${previous.version} ${textIn(previous, "source")} ${shortDigest(textIn(previous, "digest"))}`,
    ]);
  }
  for (const line of manifestLines(manifest, facts)) context.print(line);
}

/** Shows a file, also one that this release refuses, as long as it has a manifest. */
export async function showFile(
  context: CommandContext,
  path: string,
  options: { json: boolean },
): Promise<void> {
  const bytes = await readDecoderFile(path);
  const { manifest, refused, digest, vectors } = await examineFile(bytes);
  if (manifest === null) {
    if (refused !== null) throw new Failure(`Cannot show ${path}: ${refused.message}`, refused);
    throw new Failure(`Cannot show ${path}: it has no manifest`);
  }
  if (options.json) {
    const shown = { file: path, digest, bytes: bytes.length, vectors, refused, manifest };
    return context.print(JSON.stringify(shown, null, 2));
  }
  const lines = manifestLines(manifest, [
    ["file", `${path}, ${bytes.length} bytes`],
    ["digest", digest],
    ["examples", vectors === null ? "none that can be read" : `${vectors} golden vectors`],
    ["static checks", refused === null ? "passed" : `refused: ${refused.message} (${refused.code})`],
  ]);
  for (const line of lines) context.print(line);
}
