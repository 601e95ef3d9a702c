//! OpenTelemetry GenAI attributes of a record.
