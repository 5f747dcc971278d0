/** The command line of `deno task doctor`: its own flags, and those of the agent that it understands. */
import type { Flags } from "../../config/from_flags.ts";
import { parseFlags } from "../flags.ts";

export type DoctorCommand =
  | { readonly kind: "help" }
  | { readonly kind: "diagnose"; readonly flags: Flags; readonly json: boolean };

const SINGLE = ["config", "otlp", "listen", "decoders"] as const;
const REPEATED = ["exe", "port", "pid", "set"] as const;
const SWITCHES = ["json", "help"] as const;

/** @throws {UsageError} */
export function parseDoctorCommand(args: readonly string[]): DoctorCommand {
  const parsed = parseFlags(args[0] === "--" ? args.slice(1) : args, {
    single: SINGLE,
    repeated: REPEATED,
    switches: SWITCHES,
    letters: { h: "help" },
  });
  if (parsed.has("help")) return { kind: "help" };
  return {
    kind: "diagnose",
    json: parsed.has("json"),
    flags: {
      config: parsed.single("config"),
      otlp: parsed.single("otlp"),
      listen: parsed.single("listen"),
      decoders: parsed.single("decoders"),
      exe: parsed.repeated("exe"),
      port: parsed.repeated("port"),
      pid: parsed.repeated("pid"),
      set: parsed.repeated("set"),
    },
  };
}
