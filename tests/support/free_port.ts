/** Ports for servers that are told where to listen, and that others have to know before they do. */

/**
 * Below those that the kernel gives to connections and to listeners of port 0 (ip_local_port_range begins at 32768): one
 * of these is taken by somebody else only who asks for it by its number.
 */
const FIRST = 15_000;
const LAST = 32_000;

const given = new Set<number>();

/** A port of 127.0.0.1 on which nobody listens, a different one each time. */
export function freePort(): number {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    try {
      using _ = Deno.listen({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) continue;
      throw error;
    }
    given.add(port);
    return port;
  }
}
