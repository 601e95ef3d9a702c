import { assert, camel, finops, throws } from './check.mjs'

const { carbon } = finops

/** The vectors name the grid by its attribute of the monitor, or with its unit. */
const flat = ({ carbonIntensityGPerKwh, ...rest }) => carbon.estimateInference({ model: 'some-model', grid: carbonIntensityGPerKwh, ...rest })
const training = ({ gridGPerKwh, ...rest }) => carbon.estimateTraining({ grid: gridGPerKwh, ...rest })
const scaled = (range, by) => ({ low: range.low / by, central: range.central / by, high: range.high / by })
const feed = ({ feed, body, select }) => carbon.feeds.parse(feed, body, select)
const zone = ({ zone, ...rest }) => carbon.intensity(zone, rest)

/** Kinds that are cases of one public function; any other is the function of its own name. */
const FUNCTIONS = {
  anchors({ tokens, method }) {
    const impact = carbon.estimateInference({ model: 'some-model', inputTokens: tokens.input, outputTokens: tokens.output })
    assert.equal(impact.energy.method, method)
    return { lowWh: impact.energy.low / 3600, highWh: impact.energy.high / 3600 }
  },
  best_window_linear: carbon.bestWindow,
  best_window_step: carbon.bestWindow,
  best_window_errors: carbon.bestWindow,
  best_window_gap: carbon.bestWindow,
  embodied_share: carbon.embodied,
  embodied_server: carbon.serverEmbodied,
  feed_electricity_maps: feed,
  feed_gsf_regions: feed,
  feed_uk_carbon_intensity: feed,
  feed_watttime: feed,
  inference_classes: ({ tokens, whPer1k }) =>
    carbon.estimateInference({
      model: 'some-model',
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      cacheReadTokens: tokens.cacheRead,
      cacheWriteTokens: tokens.cacheWrite,
      whPer1k,
    }),
  inference_flat: flat,
  inference_flat_pue: flat,
  inference_flat_range({ totalTokens }) {
    const impact = flat({ inputTokens: totalTokens })
    return { energyJoules: impact.energy, operationalG: impact.operational }
  },
  llm_errors: carbon.llmEcologits,
  pue_lookup: ({ site }) => carbon.pue(site),
  region_shift: carbon.compareRegions,
  training_errors: training,
  training_flat: training,
  training_gpu(input) {
    const impact = training(input)
    return { energyKwh: scaled(impact.energy, 3.6e6), method: impact.method }
  },
  training_watts: training,
  zone_basis: zone,
  zone_intensity: zone,
  zone_unknown: zone,
  zone_unknown_world: zone,
}

const deep = (value, skip = false) => {
  if (Array.isArray(value)) return value.map((item) => deep(item))
  if (value === null || typeof value !== 'object' || skip) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [/^[a-z][a-z0-9_]*$/.test(key) ? camel(key) : key, deep(member, key === 'body')]),
  )
}

/** Numbers within the case's tolerance, everything else equal; what is not listed is not asked for. */
function compare(got, wanted, tolerance, path) {
  if (wanted === null) return assert.ok(got === null || got === undefined, `${path} is ${got}, not null`)
  if (Array.isArray(wanted)) {
    assert.equal(got.length, wanted.length, path)
    return wanted.forEach((item, at) => compare(got[at], item, tolerance, `${path}[${at}]`))
  }
  if (typeof wanted === 'object') {
    for (const [key, value] of Object.entries(wanted)) {
      const name = /^[a-z][a-z0-9_]*$/.test(key) ? camel(key) : key
      compare(got[name], value, tolerance, `${path}.${key}`)
    }
    return
  }
  if (typeof got === 'number') {
    const number = Number(wanted)
    const close = number === 0 ? 1e-12 : Math.abs(number) * (tolerance ?? 0)
    return assert.ok(Math.abs(got - number) <= close, `${path} is ${got}, not ${wanted}`)
  }
  assert.deepEqual(got, wanted, path)
}

function call(kind, input) {
  const run = FUNCTIONS[kind] ?? carbon[camel(kind)]
  assert.equal(typeof run, 'function', `unknown kind ${kind}`)
  return run(deep(input))
}

export function* runCarbon(file) {
  for (const { id, kind, input, expected, rel_tol } of file.cases) {
    yield {
      name: `${kind}/${id}`,
      test() {
        if (typeof expected.error === 'string') {
          const error = throws(() => call(kind, input), expected)
          if (expected.names !== undefined) assert.equal(error.path, expected.names)
        } else if (expected.contains_wh !== undefined) {
          const { lowWh, highWh } = call(kind, input)
          const wh = Number(expected.contains_wh)
          assert.ok(lowWh <= wh && wh <= highWh, `${wh} Wh is not between ${lowWh} and ${highWh}`)
        } else compare(call(kind, input), expected, rel_tol, '')
      },
    }
  }
}
