/** Certificates for tests of TLS, made anew by openssl: an authority, and what it has signed. */
import { join } from "node:path";
import { ScratchDirectory } from "./scratch.ts";

/** A certificate and its key, as files and as PEM text. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

/** An authority with a server's certificate for 127.0.0.1 and a client's. */
export class TestAuthority implements Disposable {
  readonly #scratch = new ScratchDirectory();
  readonly ca: KeyPair;
  readonly server: KeyPair;
  readonly client: KeyPair;

  constructor() {
    const ca = this.#files("ca");
    openssl(["req", "-x509", ...NEW_KEY, "-keyout", ca.keyFile, "-out", ca.certFile, "-subj", "/CN=Test CA"]);
    this.ca = read(ca);
    this.server = this.#sign("server", ["subjectAltName=IP:127.0.0.1", "extendedKeyUsage=serverAuth"]);
    this.client = this.#sign("client", ["extendedKeyUsage=clientAuth"]);
  }

  /** A file beside the others. */
  write(name: string, text: string): string {
    const path = join(this.#scratch.path, name);
    Deno.writeTextFileSync(path, text);
    return path;
  }

  /** Runs openssl in the directory of the files and returns the path of its output. */
  convert(name: string, args: readonly string[]): string {
    const path = join(this.#scratch.path, name);
    openssl([...args, "-out", path]);
    return path;
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }

  #sign(name: string, extensions: readonly string[]): KeyPair {
    const files = this.#files(name);
    const request = join(this.#scratch.path, `${name}.csr`);
    openssl(["req", ...NEW_KEY, "-keyout", files.keyFile, "-out", request, "-subj", `/CN=${name}`]);
    const extensionFile = this.write(`${name}.ext`, extensions.join("\n"));
    openssl([
      ...[
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        this.ca.certFile,
        "-CAkey",
        this.ca.keyFile,
        "-CAcreateserial",
      ],
      ...["-days", "2", "-extfile", extensionFile, "-out", files.certFile],
    ]);
    return read(files);
  }

  #files(name: string): { certFile: string; keyFile: string } {
    const path = join(this.#scratch.path, name);
    return { certFile: `${path}.pem`, keyFile: `${path}.key` };
  }
}

function read(files: { certFile: string; keyFile: string }): KeyPair {
  return {
    ...files,
    cert: Deno.readTextFileSync(files.certFile),
    key: Deno.readTextFileSync(files.keyFile),
  };
}

function openssl(args: readonly string[]): void {
  const { success, stderr } = new Deno.Command("openssl", { args: [...args] }).outputSync();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
