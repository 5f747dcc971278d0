import { deepEqual, equal, throws } from "node:assert/strict";
import { parseCommandLine, UsageError } from "./args.ts";
import { HELP } from "./help.ts";

const NONE = {
  config: undefined,
  exe: [],
  port: [],
  pid: [],
  otlp: undefined,
  listen: undefined,
  decoders: undefined,
  tokenFile: undefined,
  print: undefined,
  logLevel: undefined,
  logFormat: undefined,
  set: [],
};

Deno.test("parseCommandLine() reads every flag, in both forms", () => {
  deepEqual(parseCommandLine([]), { kind: "run", flags: NONE });
  const args =
    "--config a.yaml --exe /a --exe=/b* --port 80 --port=81 --pid 7 --otlp http://h:4318 --listen :0 " +
    "--print=json --log-level debug --log-format json --decoders /d --token-file=t --set a=1 --set=b.c=[2]";
  deepEqual(parseCommandLine(args.split(" ")), {
    kind: "run",
    flags: {
      config: "a.yaml",
      exe: ["/a", "/b*"],
      port: ["80", "81"],
      pid: ["7"],
      otlp: "http://h:4318",
      listen: ":0",
      decoders: "/d",
      tokenFile: "t",
      print: "json",
      logLevel: "debug",
      logFormat: "json",
      set: ["a=1", "b.c=[2]"],
    },
  });
});

Deno.test("parseCommandLine() recognises help and version", () => {
  for (const flag of ["--help", "-h"]) deepEqual(parseCommandLine(["--exe", "/a", flag]), { kind: "help" });
  for (const flag of ["--version", "-V"]) deepEqual(parseCommandLine([flag]), { kind: "version" });
});

Deno.test("parseCommandLine() refuses what it does not know and names the nearest flag", () => {
  const f = (args: string[], message: string) =>
    throws(() => parseCommandLine(args), (error: unknown) => {
      equal(error instanceof UsageError, true, String(error));
      equal((error as Error).message, message);
      return true;
    });
  f(["--lisen", ":0"], "Unknown flag --lisen; did you mean --listen?");
  f(["--oltp=http://h"], "Unknown flag --oltp; did you mean --otlp?");
  f(["--whatever"], "Unknown flag --whatever");
  f(["-x"], "Unknown flag -x");
  f(["run"], 'Unexpected argument "run"');
  f(["--print", "off", "--", "--exe"], 'Unexpected argument "--exe"');
  equal(parseCommandLine(["--", "--print", "off"]).kind, "run");
});

Deno.test("parseCommandLine() refuses flags without value, given twice, or negated", () => {
  const f = (args: string[], message: string) =>
    throws(() => parseCommandLine(args), { name: "UsageError", message });
  f(["--otlp"], "Flag --otlp needs a value");
  f(["--otlp="], "Flag --otlp needs a value");
  f(["--exe", "--port", "80"], "Flag --exe needs a value");
  f(["--print", "json", "--print", "text"], "Flag --print is given more than once");
  f(["--no-print"], "Unknown flag --no-print");
});

Deno.test("HELP names every flag and stays within 110 columns", () => {
  for (
    const flag of [
      "config",
      "exe",
      "port",
      "pid",
      "otlp",
      "listen",
      "print",
      "log-level",
      "log-format",
      "set",
      "decoders",
      "token-file",
      "help",
      "version",
    ]
  ) {
    equal(HELP.includes(`--${flag}`), true, flag);
  }
  for (const line of HELP.split("\n")) equal(line.length <= 110, true, line);
});
