/**
 * OTLP metrics by an independent implementation (protobufjs), as otlp_proto.ts has it for spans. Field numbers
 * are those of opentelemetry/proto/metrics/v1/metrics.proto.
 */
import protobuf from "npm:protobufjs@8.8.1";

const root = protobuf.parse(`
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Metric { string name = 1; string description = 2; string unit = 3; Sum sum = 7; Histogram histogram = 9; }
message Sum { repeated Number data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Number {
  repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; sfixed64 as_int = 6;
}
message Histogram { repeated Point data_points = 1; int32 aggregation_temporality = 2; }
message Point {
  repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
  double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8;
}
message Exemplar { fixed64 time_unix_nano = 2; double as_double = 3; bytes span_id = 4; bytes trace_id = 5; }
`).root;

/** Decodes an ExportMetricsServiceRequest strictly: camelCase, 64-bit integers as strings, ids in base64. */
export function decodeMetrics(bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType("Request");
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}
