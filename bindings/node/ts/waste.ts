/** Waste: detectors, right-sizing, the simulation of nodes, the portfolio and edits of manifests. Each computation is a function of its name: it takes its input as a value or as JSON text, which keeps every digit. */
import { callTopic, topicKind, topicKinds } from './topic'

const kind = topicKind('waste')

/** Computes a kind from JSON text to JSON text. */
export const call = (name: string, text: string): string => callTopic('waste', name, text)
/** The names of every computation. */
export const kinds = (): string[] => topicKinds('waste')

/** Series of one container, one a pod and metric: `values` or `samples` (pairs of time and value) at `step_seconds`, or a `summary`. */
export type UsageSeries = Record<string, unknown>
/** `exact` tests its own rule on the history; the others answer as robusta's KRR and the Vertical Pod Autoscaler do. */
export type Strategy = 'exact' | 'simple' | 'simple_limit' | 'vpa'
/** What a container has today: `requests`, `limits`, `autoscaler`, `limit_range`, `oom_limit`. */
export type CurrentResources = Record<string, unknown>

const given = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))

/** What a container should request, from what it used: `cpu` and `memory` with request and why, `limits`, `backtest`. */
export const recommend = (
  series: readonly UsageSeries[],
  options: { current?: CurrentResources; strategy?: Strategy; config?: Record<string, unknown> } = {},
): any => kind('recommend')(given({ series, ...options }))

/** How a strategy would have fared on these series: folds, miss rate, samples above the recommendation, mean cut. */
export const backtest = (
  series: readonly UsageSeries[],
  options: { current?: CurrentResources; strategy?: Strategy; config?: Record<string, unknown>; split?: 'blocks' | 'halves' } = {},
): any => kind('backtest')(given({ series, ...options }))

/** What every container of an inventory should request, with what it would save a month where prices are known. */
export const rightsize = (
  inventory: unknown,
  options: { strategy?: Strategy; backtest?: boolean | 'blocks' | 'halves'; config?: Record<string, unknown>; detection?: Record<string, unknown> } = {},
): any => kind('rightsize')(given({ inventory, ...options }))

/** Computes `ai_detector`. */
export const aiDetector = kind('ai_detector')
/** Computes `branch_name`. */
export const branchName = kind('branch_name')
/** Computes `cluster_data`. */
export const clusterData = kind('cluster_data')
/** Computes `confidence`. */
export const confidence = kind('confidence')
/** Computes `detector`. */
export const detector = kind('detector')
/** Computes `exact`. */
export const exact = kind('exact')
/** Computes `guardrail_input`. */
export const guardrailInput = kind('guardrail_input')
/** Computes `hcl_edit`. */
export const hclEdit = kind('hcl_edit')
/** Computes `hpa_pair`. */
export const hpaPair = kind('hpa_pair')
/** Computes `krr_simple`. */
export const krrSimple = kind('krr_simple')
/** Computes `krr_simple_limit`. */
export const krrSimpleLimit = kind('krr_simple_limit')
/** Computes `lifetime_projection`. */
export const lifetimeProjection = kind('lifetime_projection')
/** Computes `portfolio`. */
export const portfolio = kind('portfolio')
/** Computes `realizable`. */
export const realizable = kind('realizable')
/** Computes `risk`. */
export const risk = kind('risk')
/** Computes `scale_down`. */
export const scaleDown = kind('scale_down')
/** Computes `ttl`. */
export const ttl = kind('ttl')
/** Computes `vpa`. */
export const vpa = kind('vpa')
/** Computes `vpa_histogram`. */
export const vpaHistogram = kind('vpa_histogram')
/** Computes `yaml_edit`. */
export const yamlEdit = kind('yaml_edit')
