/**
 * Whether this run may load BPF programs. Tests that need it are skipped where it may not, with the reason in
 * their name, unless TSUNAGI_REQUIRE_ROOT=1 says that a skip is a failure.
 */

function missing(): string | null {
  if (Deno.uid() !== 0) return "not root";
  try {
    Deno.statSync("/sys/kernel/btf/vmlinux");
  } catch {
    return "no BTF in the kernel";
  }
  return null;
}

/** Declares a test that needs root, BPF and a kernel with BTF. */
export function rootTest(name: string, run: (t: Deno.TestContext) => Promise<void>): void {
  const reason = missing();
  const required = Deno.env.get("TSUNAGI_REQUIRE_ROOT") === "1";
  Deno.test({
    name: reason ? `${name} (${reason})` : name,
    ignore: reason !== null && !required,
    // Programs under test outlive single steps; each test disposes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async (t) => {
      if (reason) throw new Error(`Cannot run a test that needs root: ${reason}`);
      await run(t);
    },
  });
}
