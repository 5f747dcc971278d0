/**
 * Every attribute name that the TypeScript half writes or reads, as OpenTelemetry semantic conventions 1.44 spell
 * them. The decoders carry their own generated copy of the span attributes.
 */

/** The conventions that spans and resources follow; sent with every batch. */
export const SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0";
/** Instrumentation scope of all spans. */
export const SCOPE_NAME = "tsunagi";

export const HTTP_REQUEST_METHOD = "http.request.method";
export const HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
export const HTTP_ROUTE = "http.route";
export const URL_PATH = "url.path";
export const URL_FULL = "url.full";
export const SERVER_ADDRESS = "server.address";
export const SERVER_PORT = "server.port";
export const ERROR_TYPE = "error.type";

export const SERVICE_NAME = "service.name";
export const SERVICE_NAMESPACE = "service.namespace";
export const SERVICE_INSTANCE_ID = "service.instance.id";
export const PROCESS_PID = "process.pid";
export const PROCESS_EXECUTABLE_NAME = "process.executable.name";
export const PROCESS_EXECUTABLE_PATH = "process.executable.path";
export const PROCESS_RUNTIME_NAME = "process.runtime.name";
export const PROCESS_RUNTIME_VERSION = "process.runtime.version";
export const CONTAINER_ID = "container.id";
export const K8S_POD_UID = "k8s.pod.uid";
export const HOST_NAME = "host.name";
export const OS_TYPE = "os.type";
export const TELEMETRY_SDK_NAME = "telemetry.sdk.name";
export const TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language";
export const TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
export const TELEMETRY_DISTRO_NAME = "telemetry.distro.name";
export const TELEMETRY_DISTRO_VERSION = "telemetry.distro.version";
/** On spans of a decoder made for another Go version: its name. */
export const TSUNAGI_DECODER_NEAREST = "tsunagi.decoder.nearest";
