/** Host and port of a collector, as Deno.connect() wants them. Used by the gRPC connection and the doctor. */

export function addressOf({ hostname, port, protocol }: URL): { hostname: string; port: number } {
  return {
    // Without the brackets of IPv6.
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
  };
}
