import { deepEqual, equal, throws } from "node:assert/strict";
import { TestAuthority } from "../../tests/support/otlp_certificates.ts";
import { readCertificates } from "./certificates.ts";

const URL = "https://127.0.0.1:4318/v1/traces";
const NONE = { caFile: null, certFile: null, keyFile: null };

Deno.test("readCertificates() reads the CA's file and the client's pair, keys in any PEM form", () => {
  using authority = new TestAuthority();
  const { ca, client } = authority;
  const sec1 = authority.convert("sec1.key", ["ec", "-in", client.keyFile]);
  for (const keyFile of [client.keyFile, sec1]) {
    const { trusted, client: pair } = readCertificates({
      url: URL,
      tls: { caFile: ca.certFile, certFile: client.certFile, keyFile },
    });
    deepEqual(trusted, [ca.cert]);
    deepEqual(pair, { cert: client.cert, key: Deno.readTextFileSync(keyFile) });
  }
});

Deno.test("readCertificates() reads nothing for a collector without TLS", () => {
  const tls = { caFile: "/does/not/exist.pem", certFile: null, keyFile: null };
  deepEqual(readCertificates({ url: "http://127.0.0.1:4318/", tls }), { trusted: [], client: null });
  deepEqual(readCertificates({ url: null, tls }), { trusted: [], client: null });
});

Deno.test("readCertificates() tells which file is wrong, how, and what to do", () => {
  using authority = new TestAuthority();
  using other = new TestAuthority();
  const { ca, client } = authority;
  const f = (tls: Partial<typeof NONE> | Record<string, string>, problem: string, remedy: string) =>
    throws(() => readCertificates({ url: URL, tls: { ...NONE, ...tls } }), (error) => {
      equal((error as Error).message, `Cannot use ${problem}. ${remedy}.`);
      return true;
    });
  const isCertificate = 'Give a PEM file with "-----BEGIN CERTIFICATE-----"';
  const isKey = 'Give a PEM file with "-----BEGIN PRIVATE KEY-----" that asks for no password';
  const readable = "Give the path of a PEM file that the agent may read";

  f({ caFile: "/no/ca.pem" }, "CA file /no/ca.pem: there is no such file", readable);
  f({ caFile: ca.keyFile }, `CA file ${ca.keyFile}: it holds no certificate`, isCertificate);
  const empty = authority.write("empty.pem", "");
  f({ caFile: empty }, `CA file ${empty}: it holds no certificate`, isCertificate);
  const cut = authority.write("cut.pem", ca.cert.slice(0, 300));
  f(
    { caFile: cut },
    `CA file ${cut}: Unable to add pem file to certificate store: section end "-----END CERTIFICATE-----" missing`,
    isCertificate,
  );
  const garbage = authority.write(
    "garbage.pem",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  );
  f({ caFile: garbage }, `CA file ${garbage}: invalid peer certificate: BadEncoding`, isCertificate);

  const { certFile, keyFile } = client;
  f(
    { certFile },
    `client certificate ${certFile}: the file of its private key is not given`,
    "Give both files, or neither",
  );
  f(
    { keyFile },
    `client key ${keyFile}: the file of its certificate is not given`,
    "Give both files, or neither",
  );
  f({ certFile, keyFile: "/no/key.pem" }, "client key /no/key.pem: there is no such file", readable);
  f({ certFile, keyFile: certFile }, `client key ${certFile}: it holds no private key`, isKey);
  const encrypted = authority.convert("encrypted.key", [
    ...["pkcs8", "-topk8", "-in", keyFile, "-passout", "pass:x"],
  ]);
  f({ certFile, keyFile: encrypted }, `client key ${encrypted}: the key asks for a password`, isKey);
  f(
    { certFile, keyFile: other.client.keyFile },
    `client certificate ${certFile}: the key in ${other.client.keyFile} is not its own`,
    "Give a certificate and the key that it was made with",
  );
});
