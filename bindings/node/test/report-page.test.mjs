// The HTML report in a real browser: no accessibility violation in light and dark, nothing runs, nothing loads, nothing overflows.
//
// The report has no script, so a copy is checked: without its policy, with axe-core and a few lines beside it. The original is loaded too:
// its own policy must refuse nothing that it needs.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ReportGenerator, SavingsLedger } from '../index.mjs'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
/** WCAG 2.2 up to AA, and what axe-core advises beside it. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const HOSTILE = ['<script>alert(1)</script>', 'a|b', '\u202eevil', '" onload="alert(1)', "x' style='x", ']]>&amp;', 'שלום', 'payments']

function browser() {
  for (const name of BROWSERS) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // Not here.
      }
    }
  }
  return null
}

const chromium = browser()
if (chromium === null) console.error('NO CHROMIUM ON THIS MACHINE: the report is not checked in a browser (apt-get install chromium)')
const folder = mkdtempSync(join(tmpdir(), 'finops-report-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What a page looks like after its scripts, and what the browser complained of. */
function load(file, ...flags) {
  const profile = mkdtempSync(join(folder, 'profile-'))
  const fixed = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--enable-logging=stderr', `--user-data-dir=${profile}`]
  const run = ['--virtual-time-budget=20000', '--dump-dom', ...flags, pathToFileURL(file).href]
  return new Promise((resolve, reject) => {
    execFile(chromium, [...fixed, ...run], { maxBuffer: 64 << 20, timeout: 120_000 }, (error, out, err) => {
      if (error) reject(error)
      else resolve({ page: out, complaints: err.split('\n').filter((line) => line.includes(':CONSOLE')) })
    })
  })
}

/** The lines beside the copy: they leave their findings in the page, which the browser prints. */
function checks(rules) {
  const found = {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    overflows: document.documentElement.scrollWidth > innerWidth,
    nameless: [...document.querySelectorAll('svg')].filter((svg) => !svg.querySelector('title')?.textContent).length,
    scripts: [...document.scripts].filter((script) => !script.dataset.check).length,
    loaded: performance.getEntriesByType('resource').filter(({ name }) => !name.endsWith('axe.min.js')).map(({ name }) => name),
    shown: [...document.querySelectorAll('th, td')].map((cell) => cell.textContent),
    alerted: globalThis.alerted === true,
  }
  globalThis.axe.run(document, { runOnly: rules }).then(({ violations, passes }) => {
    found.violations = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
    found.passes = passes.map(({ id }) => id)
    const note = document.createElement('pre')
    note.id = 'found'
    note.textContent = encodeURIComponent(JSON.stringify(found))
    document.body.append(note)
  })
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

async function inspect(html, name, ...flags) {
  writeFileSync(join(folder, 'axe.min.js'), readFileSync(axe))
  const own = (text) => `<script data-check="1"${text.startsWith('<') ? text.slice(1) : `>${text}`}</script>`
  const early = own('globalThis.alert = () => { globalThis.alerted = true }')
  const late = `${own('< src="axe.min.js">')}${own(`(${checks})(${JSON.stringify(RULES)})`)}`
  const without = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, early)
  assert.notEqual(without, html, 'the policy stands in a meta tag')
  const file = join(folder, `${name}.html`)
  writeFileSync(file, without.replace('</body>', () => `${late}</body>`))
  const { page } = await load(file, ...flags)
  const note = /<pre id="found">([^<]*)<\/pre>/.exec(page)
  assert.ok(note, 'the checks ran to their end')
  return JSON.parse(decodeURIComponent(note[1]))
}

/** A portfolio of `count` items with hostile names among them, some proved, some lost. */
async function portfolio(count) {
  const ledger = new SavingsLedger()
  for (let i = 0; i < count; i++) {
    const name = HOSTILE[i % HOSTILE.length]
    const at = `2026-0${1 + (i % 3)}-${String(1 + (i % 28)).padStart(2, '0')}T08:00:00.000000Z`
    const by = { actor: 'svc:detector', at }
    const type = ['idle_nodes', 'orphan_volumes', 'over_requested_cpu'][i % 3]
    const team = i % 4 === 0 ? '' : name
    const estimatedMonthlySavings = String(7 * i + 3)
    const { id } = await ledger.addOpportunity({ type, resource: `r-${i}`, team, cluster: `${name}-${i % 70}`, estimatedMonthlySavings }, by)
    if (i % 5 !== 1) continue
    await ledger.approve(id, by)
    await ledger.implement(id, by)
    const [claimed, actual, verdict] = i % 10 === 1 ? ['12.345', '87.655', 'verified'] : ['-3.21', '103.21', 'regressed']
    const row = { resource: `r-${i}`, method: 'B', effect: 'eliminate', periodStart: '2026-01-06', periodEnd: '2026-02-05', currency: 'USD' }
    const figures = { priceBasis: 'effective', adjustedBaseline: '100', actual, total: claimed, claimed, cashReduction: claimed, avoidedGrowth: '0' }
    await ledger.recordVerification(id, verdict, { ...row, ...figures }, by)
  }
  return new ReportGenerator(ledger).monthly('2026-02').toHtml()
}

const skip = chromium === null ? 'no Chromium' : false

for (const count of [1, 50, 1000]) {
  test(`a report of ${count} opportunities passes in light and dark, wide and narrow`, { skip }, async () => {
    const html = await portfolio(count)
    for (const [scheme, size] of [['light', '1280,900'], ['dark', '500,900']]) {
      const dark = scheme === 'dark'
      const found = await inspect(html, `${count}-${scheme}`, `--blink-settings=preferredColorScheme=${dark ? 0 : 1}`, `--window-size=${size}`)
      assert.deepEqual(found.violations, [], scheme)
      assert.ok(found.passes.includes('color-contrast') && found.passes.length > 20, String(found.passes))
      assert.equal(found.dark, dark)
      assert.deepEqual([found.overflows, found.nameless, found.scripts, found.loaded, found.alerted], [false, 0, 0, [], false])
      assert.ok(found.shown.some((text) => text.includes('<script>alert(1)</script>')), 'a hostile name is shown as it is')
    }
  })
}

test('the report as it is needs nothing that its policy refuses', { skip }, async () => {
  const file = join(folder, 'original.html')
  writeFileSync(file, await portfolio(50))
  const { page, complaints } = await load(file)
  assert.deepEqual(complaints, [])
  assert.match(page, /<h1>Savings report 2026-02<\/h1>/)
  // The browser is one that says when a policy refuses something.
  writeFileSync(file, (await portfolio(1)).replace('</body>', '<script>document.title = "ran"</script></body>'))
  const spoiled = await load(file)
  assert.equal(spoiled.complaints.length, 1)
  assert.doesNotMatch(spoiled.page, /<title>ran/)
})
