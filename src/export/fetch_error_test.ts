import { equal } from "node:assert/strict";
import { describeFetchError } from "./fetch_error.ts";

const URL = "https://127.0.0.1:4318/v1/traces?key=secret";

Deno.test("describeFetchError() keeps paths and queries to itself, and leaves wrappers out", () => {
  const f = (text: string, want: string) => equal(describeFetchError(new TypeError(text), URL), want);
  f(`no answer from ${URL}`, "no answer from https://127.0.0.1:4318");
  f(
    `fetch failed: error sending request for url (${URL}): client error (Connect): refused (os error 111)`,
    "refused (os error 111)",
  );
});

Deno.test("describeFetchError() tells what a failure of TLS means, and of TLS only", () => {
  const f = (text: string, hint: string, url = URL) =>
    equal(
      describeFetchError(new TypeError("fetch failed", { cause: new Error(text) }), url),
      `${text}${hint}`,
    );
  const ca = " (nobody who is trusted here has signed its certificate: give the PEM file of its CA)";
  f("invalid peer certificate: UnknownIssuer", ca);
  f("invalid peer certificate: BadSignature", ca);
  const client = " (servers end connections so when they miss or refuse the client's certificate)";
  f("received fatal alert: CertificateRequired", client);
  f("connection closed", client);
  f("connection closed", "", "http://127.0.0.1:4318/");
  f("dns error", "");
});
