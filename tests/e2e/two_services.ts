/** The services of examples/two-services, built once and started with sleeps as short as a test can bear. */
import { Agent, freePort, ROOT } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

type Name = "front" | "back";

export interface TwoServicesOptions {
  /** Factor for every sleep: front sleeps one second times this, back up to three. */
  readonly sleepScale: number;
  /** Variables of both, such as OTEL_RESOURCE_ATTRIBUTES. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Executables of both. */
export async function buildTwoServices(): Promise<Readonly<Record<Name, string>>> {
  const build = (name: Name) =>
    goBuild({ module: `${ROOT}/examples/two-services/${name}`, toolchain: DEFAULT_TOOLCHAIN });
  return { front: await build("front"), back: await build("back") };
}

/** Both services, running. */
export class TwoServices implements AsyncDisposable {
  readonly ports: Readonly<Record<Name, number>> = { front: freePort(), back: freePort() };
  readonly #children = new Map<Name, Deno.ChildProcess>();

  private constructor() {}

  /** Starts both and waits until they listen. */
  static async start({ sleepScale, env }: TwoServicesOptions): Promise<TwoServices> {
    const exes = await buildTwoServices();
    const services = new TwoServices();
    for (const name of ["back", "front"] as const) {
      const child = new Deno.Command(exes[name], {
        env: {
          ...env,
          OTEL_SERVICE_NAME: name,
          SLEEP_SCALE: String(sleepScale),
          FRONT_PORT: String(services.ports.front),
          BACK_PORT: String(services.ports.back),
        },
        stdin: "null",
        stdout: "null",
      }).spawn();
      services.#children.set(name, child);
      // A connection without a request leaves no span.
      await eventually(async () => (await Deno.connect({ port: services.ports[name] })).close());
    }
    return services;
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.front}`;
  }

  pid(name: Name): number {
    return this.#children.get(name)!.pid;
  }

  /** Waits until the agent traces both. */
  async traced(agent: Agent): Promise<void> {
    await agent.traced(this.pid("front"), this.pid("back"));
  }

  async stop(name: Name): Promise<void> {
    const child = this.#children.get(name);
    if (child === undefined) return;
    this.#children.delete(name);
    child.kill("SIGKILL");
    await child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("front");
    await this.stop("back");
  }
}
