import { equal, match } from "node:assert/strict";
import { COMMAND_HELP, COMMANDS, HELP } from "../../src/cli/decoder/help.ts";
import { decoder } from "./decoder_command.ts";

Deno.test("decoder --help and COMMAND --help print their text on stdout with status 0", async () => {
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const { status, stdout, stderr } = await decoder(args);
    equal(status, 0, stderr);
    equal(stdout, HELP);
  }
  const { status, stdout } = await decoder(["push", "--help"]);
  equal(status, 0);
  equal(stdout, COMMAND_HELP.push);
});

Deno.test("HELP names every command, and no text is wider than 110 columns", () => {
  for (const command of COMMANDS) {
    match(HELP, new RegExp(`^ {2}${command} `, "m"));
    match(COMMAND_HELP[command], new RegExp(`deno task decoder ${command}`));
  }
  for (const text of [HELP, ...Object.values(COMMAND_HELP)]) {
    for (const line of text.split("\n")) equal(line.length <= 110, true, line);
  }
});

Deno.test("decoder refuses a wrong command line with status 2 and names what was likely meant", async () => {
  const wrong: [string[], RegExp][] = [
    [[], /No command given; one of list, show/],
    [["lits"], /Unknown command lits; did you mean list\?/],
    [["list", "--jsno"], /Unknown flag --jsno; did you mean --json\?/],
    [["list", "decoders"], /directories go with --local/],
    [["list", "--url", "localhost"], /Flag --url: .* must be a URL/],
    [["show"], /NAME or FILE is missing/],
    [["show", "a", "b"], /Unexpected argument "b"/],
    [["check"], /FILE is missing/],
    [["new"], /Give --binary FILE or --go DIR/],
    [["new", "--binary"], /Flag --binary needs a value/],
    [["push"], /FILE is missing/],
    [["rollback"], /NAME is missing/],
  ];
  await Promise.all(wrong.map(async ([args, message]) => {
    const { status, stdout, stderr } = await decoder(args);
    equal(status, 2, `${args}: ${stderr}`);
    equal(stdout, "");
    match(stderr, message);
  }));
});
