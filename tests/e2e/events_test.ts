/**
 * The stream of events of the real agent, from the first to the last thing that happens to a program: it starts, is
 * called, gets another decoder, another name, and ends.
 */
import assert from "node:assert/strict";
import type { EventData, EventType } from "../../src/status/events.ts";
import { Agent } from "../support/agent.ts";
import { bundledPack, pushGoodPack, pushPack, TOKEN, unseen } from "../support/decoder_api.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

const MODULE = new URL("../doctor/program", import.meta.url).pathname;

/** Everything that came, by type. */
class EventStream implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;
  readonly #events: { readonly type: string; readonly data: unknown }[] = [];

  private constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reading = this.#read(body).catch((error) => {
      if (!this.#abort.signal.aborted) throw error;
    });
  }

  static async open(url: string): Promise<EventStream> {
    const response = await fetch(`${url}/api/v1/events`);
    assert.equal(response.status, 200);
    return new EventStream(response.body!);
  }

  of<T extends EventType>(type: T): EventData[T][] {
    return this.#events.filter((event) => event.type === type).map(({ data }) => data as EventData[T]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let text = "";
    const chunks = body.pipeThrough(new TextDecoderStream(), { signal: this.#abort.signal });
    for await (const chunk of chunks) {
      const parts = (text + chunk).split("\n\n");
      text = parts.pop()!;
      for (const part of parts) {
        const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
        if (type !== undefined) this.#events.push({ type, data: JSON.parse(data!) });
      }
    }
  }
}

function yaml(exe: string, name: string): string {
  return JSON.stringify({ print: "off", discovery: { instrument: [{ exe_path: exe, name }] } });
}

rootTest("GET /api/v1/events tells of a program, its spans, its decoders and the configuration", async () => {
  using scratch = new ScratchDirectory();
  const exe = scratch.copy(await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN }), "shop");
  const file = `${scratch.path}/agent.yaml`;
  Deno.writeTextFileSync(file, yaml(exe, "first"));
  await using agent = await Agent.start({
    args: ["--config", file, "--decoders", `${scratch.path}/decoders`],
    env: { TSUNAGI_API_TOKEN: TOKEN },
  });
  await using stream = await EventStream.open(agent.url);

  await using program = await Program.start(exe, { args: ["--password", "hunter2"] });
  const { pid } = program;
  await agent.traced(pid);
  const { decoder } = await agent.target(pid);
  assert.ok(decoder);
  const ofProgram = () => stream.of("target").filter((target) => target.pid === pid);
  const steps = () =>
    ofProgram().map(({ state, serviceName, decoder, gone }) => [gone ? "gone" : state, serviceName, decoder]);
  await eventually(() =>
    assert.deepEqual(steps(), [["attaching", "first", null], ["traced", "first", decoder]])
  );
  const { gone: _gone, ...told } = ofProgram()[1]!;
  assert.deepEqual(told, await agent.target(pid), "as in the list of targets");
  assert.deepEqual([told.args, told.rule], [[exe, "--password", "***"], "discovery.instrument[0]"]);

  assert.equal((await fetch(`${program.url}/orders`)).status, 200);
  await eventually(() => {
    const [span] = stream.of("span");
    assert.deepEqual([span?.service, span?.kind, span?.method, span?.status], [
      "first",
      "server",
      "GET",
      200,
    ]);
  });
  await eventually(() => assert.ok(stream.of("activity").length > 0, "no activity is told"));

  const { decoder: { version } } = await pushGoodPack(agent, decoder, unseen(bundledPack(decoder)));
  assert.ok("code" in await pushPack(agent, decoder, new Uint8Array(7)));
  await rollback(agent, decoder);
  const changes = [
    [decoder, "activated", version, "pushed", null],
    [decoder, "refused", null, "pushed", "decoder-not-wasm"],
    [decoder, "rolled_back", version, "bundled", null],
  ];
  await eventually(() =>
    assert.deepEqual(
      stream.of("decoder").map((
        { name, action, version, source, reason },
      ) => [name, action, version, source, reason?.code ?? null]),
      changes,
    )
  );

  Deno.writeTextFileSync(`${file}.new`, yaml(exe, "second"));
  Deno.renameSync(`${file}.new`, file);
  await eventually(() => {
    assert.deepEqual(stream.of("config").map(({ ok, error }) => [ok, error]), [[true, null]]);
    assert.deepEqual(steps().slice(2), [["traced", "second", decoder]]);
  });

  await program[Symbol.asyncDispose]();
  await eventually(() => assert.deepEqual(steps().slice(3), [["gone", "second", decoder]]));
});

async function rollback(agent: Agent, name: string): Promise<void> {
  const response = await fetch(`${agent.url}/api/v1/decoders/${name}/rollback`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assert.equal(response.status, 200, await response.text());
}
