/** Findings: identity, validation, severity, totals, redaction, order. Each computation is a function of its name: it takes its input as a value or as JSON text, which keeps every digit. */
import { callTopic, topicKind, topicKinds } from './topic'

const kind = topicKind('findings')

/** Computes a kind from JSON text to JSON text. */
export const call = (name: string, text: string): string => callTopic('findings', name, text)
/** The names of every computation. */
export const kinds = (): string[] => topicKinds('findings')

/** Computes `combine`. */
export const combine = kind('combine')
/** Computes `digest`. */
export const digest = kind('digest')
/** Computes `finding_id`. */
export const findingId = kind('finding_id')
/** Computes `fingerprint`. */
export const fingerprint = kind('fingerprint')
/** Computes `order`. */
export const order = kind('order')
/** Computes `outcome`. */
export const outcome = kind('outcome')
/** Computes `priority`. */
export const priority = kind('priority')
/** Computes `record`. */
export const record = kind('record')
/** Computes `redact`. */
export const redact = kind('redact')
/** Computes `seed_fingerprint`. */
export const seedFingerprint = kind('seed_fingerprint')
/** Computes `severity`. */
export const severity = kind('severity')
/** Computes `totals`. */
export const totals = kind('totals')
/** Computes `validate`. */
export const validate = kind('validate')
