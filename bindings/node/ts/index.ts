/**
 * FinOps-as-code inside your process: what every inference and training run cost, how much energy and carbon it took, and whose it was.
 *
 * ```js
 * const { ResourceMonitor } = require('finops')
 * const monitor = new ResourceMonitor()
 * const record = monitor.logInference('gpt-4o', 1000, 500, 840, { team: 'search' })
 * record.unitCostUsd // 0.0075
 * record.cost.total // '0.0075', exact
 * ```
 */
import { call } from './native'
import { fromWire, toWire } from './names'
import { InferenceRecord, type Wire } from './record'

export * from './errors'
export { Budget, Budgets, Reservation } from './budget'
export type { Amount, Amounts, BudgetCall, BudgetOptions, BudgetState, Settlement } from './budget'
export { ResourceMonitor } from './monitor'
export type {
  AnyRecord,
  Batch,
  BatchResult,
  FinishOptions,
  InferenceOptions,
  MetricsOptions,
  MonitorOptions,
  ResponseOptions,
  Stats,
  SummaryRow,
} from './options'
export { StreamMeter } from './stream'
export type { RowError } from './native'
export { Catalogue, ModelPrice, cost, extract, prices } from './prices'
export type { CostOptions, Extracted, ModelPriceOptions, Resolved } from './prices'
export { InferenceRecord, TrainingRecord } from './record'
export type { Cost, LineItem, Metadata, PriceSource, Status, Wire } from './record'
export { Sketch } from './sketch'
export { Usage } from './usage'
export type { Buckets } from './usage'
export type { Instant } from './time'
export * as carbon from './carbon'
export { Decision, TestReport } from './decision'
export type {
  Approvals,
  Coverage,
  ExplainedRule,
  Explanation,
  PolicyAction,
  PolicyWarning,
  Shadow,
  TestResult,
  Violation,
} from './decision'
export type { JsonText } from './exact'
export { PolicyGate } from './gate'
export type {
  Approval,
  DecideOptions,
  Exemption,
  GateConfig,
  GateStatus,
  Impact,
  LintReport,
  LoadReport,
  PolicyGateOptions,
  PolicySource,
  Replayed,
  Threshold,
} from './gate'
export { Guardrails, Guardrails as GuardrailEngine, PolicyCheck } from './guardrails'
export type { Change, ChangeWindow, FailedCheck, GuardrailLimits } from './guardrails'
export * as iac from './iac'
export * as policy from './policy'
export { EventLog, Store } from './event-log'
export type { Anchored, ConsistencyProof, EventInput, EventLogOptions, EventRecord, InclusionProof } from './event-log'
export { Verification, signEvent, verifyEvent, verifyLog } from './verification'
export type { Anchor } from './verification'
export { CostBaseline, Opportunity, OpportunityStatus, OpportunityType } from './opportunity'
export type { CostBaselineFields, LedgerAmount, OpportunityFields, PriceBasis } from './opportunity'
export { SavingsLedger } from './savings-ledger'
export type { By, Measured, MeasurementFields, Net, Recorded, Refused, VerificationFields } from './savings-ledger'
export { Report, ReportGenerator } from './report'
export type { Ratio, ReportInputs, ReportModel, ReportRow } from './report'
export * as ledger from './ledger'
export { DetectedOpportunity, FinOpsEngine, PRGenerator, PullRequest, WasteDetectionEngine, generateEvidencePack } from './engine'
export type { ChangedFile, Detector, EngineOptions, Estimate, RunReport, Sources, WrittenCommit } from './engine'
export { AllocationReport, AllocationSet, allocate } from './allocate'
export type {
  AllocateOptions,
  AllocationCost,
  AllocationEfficiency,
  AllocationEntry,
  AllocationRow,
  AssetCharge,
  AttributedCost,
  ExternalCharge,
} from './allocate'
export { AiInventory } from './ai-inventory'
export { ClusterInventory } from './inventory'
export type { Diagnostic, Document, PrometheusQuery } from './inventory'
export * as allocation from './allocation'
export * as findings from './findings'
export * as waste from './waste'

/** Version of the package. */
export const version: string = call('version', {})

/** OpenTelemetry GenAI attributes of a record; `aliases` adds the names that older conventions use. */
export function otelAttributes(record: InferenceRecord | Wire, options: { aliases?: boolean } = {}): Record<string, string | number> {
  return call('otel_attributes', { record, aliases: options.aliases ?? false })
}

/** `amount` with exactly `places` decimals, half to even. Amounts are decimal strings; numbers are read by their shortest decimal. */
export function roundAmount(amount: string | number, places: number): string {
  return call('round_amount', { amount: String(amount), places })
}

/** Rounds rows so that they add up to the rounded total: the missing units go to the largest remainders. */
export function apportion(rows: Record<string, string | number>, places: number): { rows: Record<string, string>; total: string } {
  const text = Object.fromEntries(Object.entries(rows).map(([key, value]) => [key, String(value)]))
  return call('apportion', { rows: text, places })
}

/** One sign of waste among calls; `savingUsd` is a decimal string, null when nothing is priced. */
export interface CallSignal {
  type: string
  calls: string[]
  savingUsd: string | null
  confidence: string | number
  window: unknown
  evidence: Record<string, unknown>
  to?: string
}

/** Signs of waste among calls: failed and billed, retried, truncated, looping, repeated, uncached, unbatched. */
export function callSignals(
  records: (InferenceRecord | Wire)[],
  options: { candidates?: unknown; config?: Record<string, unknown> } = {},
): CallSignal[] {
  const input = { records, candidates: options.candidates, config: toWire(options.config ?? {}) }
  return (call('call_signals', input) as unknown[]).map((signal) => fromWire(signal) as CallSignal)
}
