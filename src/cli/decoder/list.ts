/** `deno task decoder list`: what the running agent has, as tables. Called by main.ts; --local is in list_local.ts. */
import type { AgentApi } from "./api.ts";
import type { CommandContext } from "./context.ts";
import { Failure } from "./failure.ts";
import { type JsonObject, msIn, objectIn, objectsIn, textIn } from "./json.ts";
import { printRefusals, shortDigest } from "./refusals.ts";
import { alignRows } from "./table.ts";

const HEAD = [
  "NAME",
  "VERSION",
  "GO",
  "SOURCE",
  "TARGETS",
  "SPANS",
  "IN FLIGHT",
  "BAD",
  "PREVIOUS",
  "LIBRARIES",
];
const NUMBERS = [4, 5, 6, 7];

/** Prints the answer of the agent. */
export async function listActive(
  context: CommandContext,
  api: AgentApi,
  options: { json: boolean },
): Promise<void> {
  const answer = await api.list();
  if (!Array.isArray(answer.decoders)) {
    throw new Failure("The agent's answer holds no list of decoders", {
      remedy: "Check --url, and that the agent is of this release",
    });
  }
  if (options.json) return context.print(JSON.stringify(answer, null, 2));
  const decoders = objectsIn(answer, "decoders");
  if (decoders.length === 0) context.print("The agent has no decoder: nothing can be traced.");
  else for (const line of alignRows([HEAD, ...decoders.map(rowOf)], NUMBERS)) context.print(line);
  const swaps = objectIn(answer, "swaps");
  if (typeof swaps.count === "number" && swaps.count > 0) {
    context.print("");
    context.print(
      `${swaps.count} ${swaps.count === 1 ? "swap" : "swaps"}: last ${msIn(swaps, "lastMs")}, ` +
        `median ${msIn(swaps, "p50Ms")}, p99 ${msIn(swaps, "p99Ms")}, longest ${msIn(swaps, "maxMs")}`,
    );
  }
  printRefusals(
    context,
    objectsIn(answer, "refused").map((entry) => ({
      what: [textIn(entry, "name"), textIn(entry, "origin"), textIn(entry, "at")].filter((part) =>
        part !== "-"
      )
        .join(", "),
      code: textIn(objectIn(entry, "reason"), "code"),
      message: textIn(objectIn(entry, "reason"), "message"),
      remedy: textIn(objectIn(entry, "reason"), "remedy"),
    })),
  );
}

function rowOf(decoder: JsonObject): string[] {
  const counters = objectIn(decoder, "counters");
  return [
    textIn(decoder, "name"),
    textIn(decoder, "version"),
    textIn(decoder, "goRange"),
    textIn(decoder, "source"),
    textIn(decoder, "targets"),
    textIn(counters, "spans"),
    textIn(counters, "inFlight"),
    textIn(counters, "badRecords"),
    previousOf(objectIn(decoder, "previous")),
    librariesOf(decoder),
  ];
}

/** Modules by name; `show` has their versions. */
function librariesOf({ libraries }: JsonObject): string {
  const names = (Array.isArray(libraries) ? libraries : []).map((library) =>
    String(library).split(" ", 1)[0]
  );
  return [...new Set(names)].join(", ") || "-";
}

/** Versions are often equal, so the digest tells which one it is. */
function previousOf(previous: JsonObject): string {
  if (typeof previous.version !== "string") return "-";
  return `${previous.version} ${textIn(previous, "source")} ${shortDigest(textIn(previous, "digest"))}`;
}
