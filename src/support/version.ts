/** The release that this tree is. Shown by --version and the status API, sent as telemetry.distro.version. */
export const VERSION = "0.1.0";
