/** Version of the module's exports and memory map; host and module must have the same. */
export const ABI_VERSION = 2;
