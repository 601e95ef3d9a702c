// Energy and carbon beside the monitor.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MeterError, ResourceMonitor, carbon } from '../index.mjs'

test('columns of inferences equal single ones, and bad rows are told', () => {
  const input = Float64Array.of(1000, 1.5, 3)
  const output = Float64Array.of(500, 1, -1)
  const batch = carbon.estimateInferenceBatch({ input, output }, { grid: 100 })
  const one = carbon.estimateInference({ model: 'm', inputTokens: 1000, outputTokens: 500, grid: 100 })
  assert.deepEqual([batch.energyJoules[0], batch.carbonKg[0]], [one.energyJoules, one.carbonKg])
  assert.deepEqual(batch.errors.map(({ index, path }) => [index, path]), [[1, 'input'], [2, 'output']])
  assert.ok(Number.isNaN(batch.energyJoules[1]) && Number.isNaN(batch.carbonKg[2]))
  const params = { 'my-model': { totalB: 70, activeB: 13 } }
  const modelled = carbon.estimateInferenceBatch({ input: input.slice(0, 1), output: output.slice(0, 1) }, { model: 'my-model', energyMethod: 'parameters', modelParams: params })
  assert.equal(modelled.energyJoules[0], carbon.estimateInference({ model: 'my-model', energyMethod: 'parameters', modelParams: params, inputTokens: 1000, outputTokens: 500 }).energyJoules)
  assert.throws(() => carbon.estimateInferenceBatch({ input, output: new Float64Array(1) }), { code: 'config.invalid', path: 'output' })
})

test('an estimate without configuration is the same by the short way and by the long one', () => {
  const counts = [0, 1, 7, 333, 1000, 123456789, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER]
  for (const inputTokens of counts) {
    for (const outputTokens of [0, 500, 99]) {
      const call = { model: 'gpt-4o', inputTokens, outputTokens, cacheReadTokens: 3, cacheWriteTokens: 0 }
      // A member that is told as undefined is not told, but it is no token count either.
      const long = carbon.estimateInference({ ...call, pue: undefined })
      const short = carbon.estimateInference(call)
      assert.equal(JSON.stringify(short), JSON.stringify(long))
      assert.deepEqual(short, long)
      short.energy.data.push('mine')
      short.factors.gPerKwh.low = 0
      assert.deepEqual(carbon.estimateInference(call), long, 'what a caller changes is its own')
    }
  }
  for (const call of [{ inputTokens: -1 }, { outputTokens: 0.5 }, { cacheReadTokens: Infinity }, { inputTokens: '7x' }, { model: 5 }]) {
    assert.throws(() => carbon.estimateInference(call), { name: /Error$/ })
  }
})

test('zones, PUE and intensities', () => {
  assert.ok(carbon.zones().includes('aws:eu-north-1'))
  assert.ok(carbon.intensity('FR').gPerKwh > 0 || carbon.intensity('FR').gPerKwh.central > 0)
  assert.throws(() => carbon.intensity('XX'), { code: 'carbon.unknown_zone', name: 'CarbonError' })
  assert.equal(typeof carbon.pue('aws:eu-north-1').pue, 'number')
})

test('feeds are asked and read without sending anything', () => {
  const request = carbon.feeds.request('electricity_maps.latest', { zone: 'DE', token: 'secret' })
  assert.equal(request.method, 'GET')
  assert.match(request.url, /^https:.*zone=DE/)
  assert.ok(Object.values(request.headers).includes('secret') && !JSON.stringify(request).includes('secret'))
  assert.throws(() => carbon.feeds.request('nobody.latest'), { code: 'config.invalid', path: 'feed' })
  const body = { zone: 'DE', carbonIntensity: 302, datetime: '2026-11-02T10:00:00.000Z', updatedAt: '2026-11-02T10:00:00.000Z', emissionFactorType: 'lifecycle', isEstimated: false }
  const { intensity } = carbon.feeds.parse('electricity_maps.latest', body)
  assert.equal(intensity.gPerKwh, 302)
  assert.deepEqual(carbon.feeds.parse('electricity_maps.latest', JSON.stringify(body)).intensity, intensity)
  const monitor = new ResourceMonitor({ env: {} })
  monitor.setGrid(intensity)
  assert.equal(monitor.logInference('gpt-4o', 1, 1).carbonIntensityGPerKwh, 302)
})

test('of a series, each call has the intensity of its instant', () => {
  const interval = (from, to, forecast) => ({ from, to, intensity: { forecast, actual: forecast, index: 'low' } })
  const body = { data: [interval('2026-11-02T10:00Z', '2026-11-02T10:30Z', 100), interval('2026-11-02T10:30Z', '2026-11-02T11:00Z', 300)] }
  const { series } = carbon.feeds.parse('uk_carbon_intensity.intensity', body, { as: 'series' })
  let now = Date.parse('2026-11-02T10:10:00Z')
  const monitor = new ResourceMonitor({ env: {}, clock: () => now })
  monitor.setGrid(series)
  const early = [monitor.logInference('gpt-4o', 1000, 0), monitor.logInference('gpt-4o', 1000, 0, null, null, {})]
  now = Date.parse('2026-11-02T10:40:00Z')
  const late = [monitor.logInference('gpt-4o', 1000, 0), monitor.logInference('gpt-4o', 1000, 0, null, null, {})]
  assert.deepEqual([...early, ...late].map((record) => record.carbonIntensityGPerKwh), [100, 100, 300, 300])
  assert.deepEqual([...early, ...late].map((record) => record.carbonKg), [0.00005, 0.00005, 0.00015, 0.00015])
  assert.deepEqual([early[0].toJSON(), late[0].toJSON()], [early[1].toJSON(), late[1].toJSON()])
})

test('RAPL counters of a tree that looks like the kernel’s', () => {
  const root = mkdtempSync(join(tmpdir(), 'finops-rapl-'))
  try {
    const zone = join(root, 'intel-rapl:0')
    mkdirSync(zone)
    const write = (name, value) => writeFileSync(join(zone, name), `${value}\n`)
    write('name', 'package-0')
    write('energy_uj', 1_000_000)
    write('max_energy_range_uj', 262_143_328_850)
    const meter = carbon.meters.rapl(root)
    assert.deepEqual([meter.meter, meter.devices.map((device) => device.name)], ['rapl', ['package-0']])
    write('energy_uj', 3_500_000)
    const reading = meter.stop()
    assert.equal(reading.devices[0].name, 'package-0')
    assert.ok(reading.measuredJoules === 2.5 || reading.filledJoules !== null || reading.unknownS > 0)
  } finally {
    rmSync(root, { recursive: true })
  }
  assert.throws(() => carbon.meters.rapl(join(root, 'nowhere')), (error) => error instanceof MeterError && error.code === 'meter.unavailable')
})
