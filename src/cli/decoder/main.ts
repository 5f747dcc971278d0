/** `deno task decoder`: picks the command, gives up the permissions that it does not need, runs it. */
import { describeError } from "../../support/errors.ts";
import { UsageError } from "../flags.ts";
import { AgentApi } from "./api.ts";
import { type AgentFlags, type DecoderCommand, parseDecoderCommand } from "./args.ts";
import { type CommandContext, projectPath, userPath } from "./context.ts";
import { describeFailure, Failure } from "./failure.ts";
import { readDecoderFile } from "./file.ts";
import { COMMAND_HELP, HELP } from "./help.ts";
import { listActive } from "./list.ts";
import { pushDecoder, rollbackDecoder } from "./swap.ts";
import { findToken } from "./token.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** @returns the exit status. */
export async function runDecoderCommand(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const command = parseDecoderCommand(args);
    await givePermissionsUp(command);
    return await run(command, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.complain(error.message);
      context.complain("see deno task decoder --help");
      return EXIT_USAGE;
    }
    if (error instanceof Failure) describeFailure(error).forEach(context.complain);
    else context.complain(describeError(error));
    return EXIT_FAILED;
  }
}

/** Commands that need the gate or the compiler bring them along; the others start without. */
async function run(command: DecoderCommand, context: CommandContext): Promise<number> {
  switch (command.kind) {
    case "help":
      context.print((command.of === null ? HELP : COMMAND_HELP[command.of]).trimEnd());
      return 0;
    case "list": {
      const { url, local, directories, json } = command;
      if (local) {
        const { listLocal } = await import("./list_local.ts");
        return await listLocal(context, { directories, json });
      }
      try {
        await listActive(context, new AgentApi({ url }), { json });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        describeFailure(error).forEach(context.complain);
        context.complain("deno task decoder list --local lists the files on this machine");
        return EXIT_FAILED;
      }
      return 0;
    }
    case "show": {
      const { what, url, json } = command;
      const { showActive, showFile } = await import("./show.ts");
      if (isPath(what)) await showFile(context, userPath(context, what), { json });
      else await showActive(context, new AgentApi({ url }), what, { json });
      return 0;
    }
    case "check": {
      const { checkFiles } = await import("./check.ts");
      const files = command.files.map((file) => userPath(context, file));
      return await checkFiles(context, files, { json: command.json }) ? 0 : EXIT_FAILED;
    }
    case "new": {
      const { makeAndWrite } = await import("./new.ts");
      const made = await makeAndWrite(context, command);
      if (command.push) await pushDecoder(context, await apiWithToken(context, command.agent), made);
      return 0;
    }
    case "push": {
      const path = userPath(context, command.file);
      const bytes = await readDecoderFile(path);
      await pushDecoder(context, await apiWithToken(context, command.agent), { path, bytes });
      return 0;
    }
    case "rollback":
      await rollbackDecoder(context, await apiWithToken(context, command.agent), command.name);
      return 0;
  }
}

/** What is neither is the name of an active decoder. */
function isPath(what: string): boolean {
  return what.includes("/") || what.endsWith(".wasm");
}

async function apiWithToken(context: CommandContext, { url, tokenFile }: AgentFlags): Promise<AgentApi> {
  const token = await findToken({
    getEnv: context.getEnv,
    tokenFile: tokenFile === undefined ? undefined : userPath(context, tokenFile),
    agentFile: projectPath("build/run/api_token"),
    url,
  });
  return new AgentApi({ url, token });
}

/** The task may do what any of the commands needs; each keeps its part. */
async function givePermissionsUp(command: DecoderCommand): Promise<void> {
  if (command.kind !== "new") await Deno.permissions.revoke({ name: "write" });
  // A toolchain builds a program; nothing else starts one.
  if (command.kind !== "new" || command.go === undefined) await Deno.permissions.revoke({ name: "run" });
  const offline = command.kind === "help" || command.kind === "check" ||
    (command.kind === "list" && command.local) ||
    (command.kind === "show" && isPath(command.what)) ||
    (command.kind === "new" && !command.push);
  if (offline) await Deno.permissions.revoke({ name: "net" });
}
