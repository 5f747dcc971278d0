/** HTTP/2 over TLS by golang.org/x/net, a server that net/http's own probes do not see the end of. */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

rootTest(
  "an HTTP/2 server of golang.org/x/net has server spans with status and route, and ends after a panic too",
  async () => {
    const exe = await goBuild({ module: `${ROOT}/tests/programs_h2`, toolchain: DEFAULT_TOOLCHAIN });
    const directory = await Deno.makeTempDir();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const sink = stack.use(new OtlpSink());
    const server = stack.use(await Program.start(exe, { args: [`${directory}/cert.pem`] }));
    const agent = stack.use(
      await Agent.start({ args: ["--exe", exe, "--otlp", sink.url, "--print", "off"] }),
    );
    await agent.traced(server.pid);
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(`${directory}/cert.pem`)],
      http1: false,
      http2: true,
    });
    const response = await fetch(`https://${server.host}/ok`, { client });
    assert.equal(await response.text(), "HTTP/2.0");
    await assert.rejects(fetch(`https://${server.host}/panic`, { client }).then((answer) => answer.text()));
    await agent.atRest(2);
    const spans = await eventually(() => {
      assert.equal(sink.spans.length, 2);
      return new Map(sink.spans.map((span) => [span.attributes["url.path"], span]));
    });
    const [ok, panicked] = [spans.get("/ok"), spans.get("/panic")];
    assert.equal(ok?.attributes["url.scheme"], "https");
    assert.equal(ok?.attributes["network.protocol.version"], "2");
    assert.equal(ok?.attributes["http.response.status_code"], 200);
    assert.equal(ok?.attributes["http.response.body.size"], "HTTP/2.0".length);
    assert.equal(ok?.attributes["http.route"], "/ok");
    assert.equal(ok?.statusCode, 0);
    assert.equal(panicked?.attributes["error.type"], "panic");
    assert.equal(panicked?.attributes["http.response.status_code"], undefined);
    assert.equal(panicked?.statusCode, 2);
  },
);
