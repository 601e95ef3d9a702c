import type { Amount } from './budget'
import { At } from './exchange'
import { Handle, type RowError, call, column, guard, native, exchange as shared, stringify } from './native'
import { fromWire, toWire } from './names'

/** A figure with its range, how good it is, and how it was made. */
export interface Estimate {
  low: number
  central: number
  high: number
  unit: string
  tier: 'measured' | 'vendor_disclosed' | 'benchmarked' | 'declared' | 'modelled' | 'assumed'
  method: string
  data: string[]
  /** Carbon of making the hardware, where it is modelled. */
  embodied?: Estimate
}

/** Grid intensity: g/kWh, or a range, or an intensity or series as `feeds.parse` gives it. */
export type IntensityLike = Amount | [low: number, high: number] | Record<string, unknown>

/** Named arguments in camelCase; the specification of each function is in docs/carbon.md. */
export type Arguments = Record<string, unknown>
/** A result in camelCase; numbers are JSON numbers. */
export type Result = Record<string, any>

const pure =
  (kind: string) =>
  (input: Arguments = {}): Result =>
    fromWire(call(`carbon.${kind}`, toWire(input))) as Result

/** Energy and carbon of one inference, with range, tier and method. */
export const estimateInference = (input: Arguments = {}): Result => flat(input) ?? configured(input)

const configured = pure('estimate_inference')
const exchange = shared

/** What an estimate without any configuration says beside its numbers: the same of every call. */
let template: Result | undefined

/** The estimate of a call of which only a model and tokens are told: numbers alone cross the border. `undefined` for any other. */
function flat(input: Arguments): Result | undefined {
  // A plain object, whose members are what JSON would say.
  if (input === null || typeof input !== 'object' || Object.getPrototypeOf(input) !== Object.prototype) return undefined
  let tokens = 0
  for (const key in input) {
    const value = input[key]
    if (key === 'model') {
      if (typeof value !== 'string') return undefined
    } else if (key === 'inputTokens' || key === 'outputTokens' || key === 'cacheReadTokens' || key === 'cacheWriteTokens') {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return undefined
      tokens += value
    } else return undefined
  }
  // Beyond, places in the array are no longer exact.
  if (tokens >= Number.MAX_SAFE_INTEGER) return undefined
  exchange[At.IN_TOKENS] = tokens + 1
  if (native.flat() !== 0) return undefined
  template ??= configured()
  const { energy, operational, factors } = template
  return {
    ...template,
    assumptions: [...template.assumptions],
    carbonKg: exchange[At.OUT_KG],
    energy: {
      ...energy,
      central: exchange[At.OUT_JOULES],
      data: [...energy.data],
      high: exchange[At.OUT_JOULES_HIGH],
      low: exchange[At.OUT_JOULES_LOW],
    },
    energyJoules: exchange[At.OUT_JOULES],
    factors: { ...factors, gPerKwh: { ...factors.gPerKwh }, whPer1k: { ...factors.whPer1k } },
    operational: {
      ...operational,
      central: exchange[At.OUT_GRAMS],
      data: [...operational.data],
      high: exchange[At.OUT_GRAMS_HIGH],
      low: exchange[At.OUT_GRAMS_LOW],
    },
  }
}

/** Energy and carbon of one training run. */
export const estimateTraining = pure('estimate_training')

/** Columns of inferences in, columns of joules and kilograms out. */
export function estimateInferenceBatch(
  columns: { input: Float64Array; output: Float64Array },
  options: Arguments = {},
): { energyJoules: Float64Array; carbonKg: Float64Array; errors: RowError[] } {
  const { input, output } = columns
  const json = stringify(toWire(options))
  const { json: told, ...out } = guard(() => native.carbonBatch(json, column(input, 'input'), column(output, 'output')))
  return { energyJoules: out.energyJoules, carbonKg: out.carbonKg, ...(JSON.parse(told) as { errors: RowError[] }) }
}

/** The grid intensity of a zone: ISO country, US state, `provider:region`, or `WORLD`. */
export const intensity = (zone: string, options: Arguments = {}): Result => pure('intensity')({ zone, ...options })
/** The PUE of a site and where it came from. */
export const pue = (site: string): Result => pure('pue')({ site })
/** Every zone that resolves. */
export const zones = (): string[] => call<{ zones: string[] }>('carbon.zones', {}).zones

export const vcpuEnergy = pure('vcpu_energy')
export const memoryEnergy = pure('memory_energy')
export const storageEnergy = pure('storage_energy')
export const networkEnergy = pure('network_energy')
export const cpuTdpPower = pure('cpu_tdp_power')
export const powerCurve = pure('power_curve')
export const unitToKwh = pure('unit_to_kwh')
export const unitLbsPerMwh = pure('unit_lbs_per_mwh')
export const operational = pure('operational')
export const operationalSeries = pure('operational_series')
export const seriesAverage = pure('series_average')
export const commonBasis = pure('common_basis')
export const embodied = pure('embodied_share')
export const serverEmbodied = pure('embodied_server')
export const embodiedLlm = pure('embodied_llm')
export const llmEcologits = pure('llm_ecologits')
export const llmFinops = pure('llm_finops')
export const prefillAttention = pure('prefill_attention')
export const water = pure('water')
export const rangeArithmetic = pure('range_arithmetic')
export const exactSum = pure('exact_sum')
export const sci = pure('sci')
export const compareRegions = pure('region_shift')
export const bestWindow = pure('best_window')
export const bestSlots = pure('best_slots')
export const windowAllocation = pure('window_allocation')
export const raplCounter = pure('rapl_counter')
export const raplTree = pure('rapl_tree')
export const nvmlCounter = pure('nvml_counter')
export const migAllocation = pure('mig_allocation')
export const counters = pure('counters')
export const configuration = pure('configuration')

/** Intensity services: what to ask them, and what they answered. Sending the request is yours. */
export const feeds = {
  /** The request that asks a feed, such as `electricity_maps.latest`: method, URL and headers. The headers hold secrets and are not enumerable. */
  request(feed: string, parameters: Arguments = {}): FeedRequest {
    const { headers, ...rest } = call<Record<string, unknown>>('carbon.feed_request', { feed, ...(toWire(parameters) as object) })
    // Not enumerable: `console.log` and `JSON.stringify` must not show a token.
    return Object.defineProperty(fromWire(rest) as FeedRequest, 'headers', { value: headers, enumerable: false })
  },
  /** What a feed answered, as text or parsed: `intensity`, `series`, `region` or `token`. */
  parse(feed: string, body: unknown, select: Arguments = {}): Result {
    return fromWire(call('carbon.feed_parse', { feed, body, select: toWire(select) })) as Result
  },
}

/** Energy meters of this machine. `MeterError` where there is none: `meter.unavailable`, `meter.permission`. */
export const meters = {
  /** The RAPL counters of processors and memory. */
  rapl: (root?: string): Meter => new Meter('rapl', { root }),
  /** The energy counters of NVIDIA's GPUs. */
  nvml: (): Meter => new Meter('nvml', {}),
}

/** A request for an intensity service. */
export interface FeedRequest {
  method: string
  url: string
  headers: Record<string, string>
  timeoutS: number
}

/** Joules since a meter was opened; null where nothing is known, never 0. */
export interface MeterReading {
  measuredJoules: number | null
  /** Between samples that were too far apart to be sure. */
  filledJoules: number | null
  unknownS: number
  tier: string | null
  assumptions: string[]
  elapsedS: number
  devices: { name: string; measuredJoules: number | null; filledJoules: number | null; unknownS: number; tier: string | null; assumptions: string[] }[]
}

/** Counts the joules of this machine since it was opened. A timer that keeps no process alive samples it before a counter can wrap. */
export class Meter {
  readonly meter: string
  readonly devices: { name: string; id: string; limitW: number | null }[]
  readonly #handle: Handle
  readonly #timer: NodeJS.Timeout

  /** @internal */
  constructor(kind: 'rapl' | 'nvml', options: object) {
    this.#handle = Handle.object(kind, stringify(options))
    const info = fromWire(this.#handle.call('info', {})) as { meter: string; devices: Meter['devices']; intervalMaxS: number }
    this.meter = info.meter
    this.devices = info.devices
    const handle = new WeakRef(this.#handle)
    this.#timer = setInterval(() => {
      try {
        handle.deref()?.call('read', {})
      } catch {
        // The next reading counts from the last good one and says what is unknown.
      }
    }, info.intervalMaxS * 1000)
    this.#timer.unref()
  }

  /** Takes a sample now. */
  read(): MeterReading {
    return fromWire(this.#handle.call('read', {})) as MeterReading
  }

  /** Takes a last sample and stops the timer. */
  stop(): MeterReading {
    clearInterval(this.#timer)
    return this.read()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
