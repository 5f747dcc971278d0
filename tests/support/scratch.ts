/** A directory of its own for a test, gone with it. */
import { join } from "node:path";

/** Made on construction, removed with all that is in it at the end of its scope. */
export class ScratchDirectory implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "tsunagi-test-" });

  /** Copies an executable into the directory. */
  copy(exe: string, name: string): string {
    const path = join(this.path, name);
    Deno.copyFileSync(exe, path);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
