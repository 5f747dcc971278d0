/**
 * The port of the status API: free, taken by an agent that runs, or taken by something else. Called by diagnose.ts,
 * which asks a running agent for everything that it knows better.
 */
import { listenProblem } from "../status/serve.ts";
import { judgeAgent } from "./agent_state.ts";
import { type Finding, found, ok } from "./finding.ts";
import { RunningAgent } from "./running_agent.ts";

export interface ApiPortOptions {
  readonly host: string;
  readonly port: number;
  /** Loaders of Tsunagi that run on this machine. */
  readonly loaders: readonly number[];
}

export interface ApiPort {
  readonly agent: RunningAgent | null;
  readonly findings: readonly Finding[];
}

const ANY_HOST: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

export async function checkApiPort({ host, port, loaders }: ApiPortOptions): Promise<ApiPort> {
  const near = ANY_HOST[host] ?? host;
  const authority = near.includes(":") ? `[${near}]:${port}` : `${near}:${port}`;
  const what = `API on ${host}:${port}`;
  let taken: unknown = null;
  try {
    Deno.listen({ hostname: host, port }).close();
  } catch (error) {
    taken = error;
  }
  if (taken === null) {
    const findings = [
      ok("agent", what, "no agent runs here, and the port is free"),
      ...elsewhere(loaders, host, port),
    ];
    return { agent: null, findings: loaders.length > 0 ? findings.slice(1) : findings };
  }
  if (taken instanceof Deno.errors.AddrInUse) {
    const agent = await RunningAgent.at(`http://${authority}`);
    if (agent) return { agent, findings: judgeAgent(agent.url, agent.status) };
  }
  const reason = listenProblem(taken, { host, port });
  return { agent: null, findings: [found("agent", "fail", what, reason), ...elsewhere(loaders, host, port)] };
}

/** A loader belongs to an agent, and that one does not answer where it was looked for. */
function elsewhere(loaders: readonly number[], host: string, port: number): Finding[] {
  const [first, ...others] = loaders;
  if (first === undefined) return [];
  const also = others.length === 0 ? "" : `; so do others, as processes ${others.join(", ")}`;
  return [found("agent", "warn", `loader ${first}`, {
    code: "agent-elsewhere",
    message:
      `A loader of Tsunagi runs as process ${first}, but its agent does not answer at ${host}:${port}${also}`,
    remedy:
      "Give the address of that agent's API with --listen; two agents would give each request two spans",
  })];
}
