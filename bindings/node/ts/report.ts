/** Reports of a week or a month: one model, three renderings. The same events and inputs give the same bytes, in any order. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Handle, guard, native } from './native'
import { membersText, textArgument, typedFields, wrongArgument } from './ledger-value'
import type { LedgerAmount } from './opportunity'
import { type By, type Recorded, SavingsLedger } from './savings-ledger'
import { type Instant, instantMs } from './time'

/** Two numbers that make a ratio, and where they come from. */
export interface Ratio {
  part: LedgerAmount
  whole: LedgerAmount
  source?: string
}

/** What a report shows beside the ledger; all of it may be left out. Where origin, root and anchor are, they are the log's. */
export interface ReportInputs {
  origin?: string
  root?: string
  anchoredUpTo?: bigint | number
  latestBillingDay?: string
  estimatedLinesShare?: LedgerAmount
  currency?: string
  costRows?: readonly { list?: LedgerAmount | null; effective: LedgerAmount; purchase?: boolean }[]
  costSource?: string
  allocation?: Ratio
  forecast?: Ratio
  commitmentCoverage?: Ratio
  commitmentUtilisation?: Ratio
  unitCost?: Ratio
  figures?: readonly { name: string; value?: LedgerAmount | null; unit?: string; reason?: string; source?: string }[]
}

/** The members of a report, with the names of the wire: money as text, unknown as null with its reason. */
export interface ReportModel {
  v: number
  kind: 'weekly' | 'monthly'
  period: { label: string; start: string; end: string }
  header: Record<string, string | number | null>
  totals: Record<string, string>
  kpis: Record<string, { value: string | null; reason: string | null; source: string | null }>
  counts: Record<string, number>
  by_status: Record<string, number>
  by_team: ReportRow[]
  by_type: ReportRow[]
  by_cluster: ReportRow[]
  top: Record<string, string>[]
  trend: Record<string, string>[]
  ageing_days: Record<string, number>
  regressions: Record<string, unknown>[]
  recommendations: Record<string, unknown>[]
  figures: Record<string, string | null>[]
}

export interface ReportRow {
  key: string
  open: number
  estimated_monthly: string
  realized: string
  cash_reduction: string
  avoided_growth: string
}

const RATIOS = ['allocation', 'forecast', 'commitment_coverage', 'commitment_utilisation', 'unit_cost']

function inputsText(inputs: ReportInputs | Record<string, unknown>): string {
  const typed = typedFields(inputs, ['estimated_lines_share'], [])
  const each = (value: unknown, numbers: string[]): unknown =>
    Array.isArray(value) ? value.map((item) => typedFields(item, numbers, [])) : value
  for (const name of RATIOS) if (typeof typed[name] === 'object') typed[name] = typedFields(typed[name], ['part', 'whole'], [])
  if ('cost_rows' in typed) typed.cost_rows = each(typed.cost_rows, ['list', 'effective'])
  if ('figures' in typed) typed.figures = each(typed.figures, ['value'])
  return membersText(typed)
}

/** A report. */
export class Report {
  /** The week or month, for example `2026-W12`. */
  readonly label: string
  readonly #handle: Handle
  readonly #ledger: SavingsLedger

  /** @internal */
  constructor(handle: Handle, ledger: SavingsLedger, label: string) {
    this.#handle = handle
    this.#ledger = ledger
    this.label = label
  }

  /** Every figure, with the names of the wire; `JSON.stringify` calls it. */
  toJSON(): ReportModel {
    return JSON.parse(this.toJson()) as ReportModel
  }

  /** Canonical JSON: complete, money as text. Its SHA-256 is what `issue` records. */
  toJson(): string {
    return this.#render('json')
  }

  /** CommonMark with tables. */
  toMarkdown(): string {
    return this.#render('markdown')
  }

  /** One HTML file without script and network. */
  toHtml(): string {
    return this.#render('html')
  }

  /** The SHA-256 of `toJson()`, in hexadecimal digits. */
  get sha256(): string {
    return createHash('sha256').update(this.toJson(), 'utf8').digest('hex')
  }

  /** Writes a file: `.json`, `.md` or `.html`. */
  async save(path: string): Promise<void> {
    const ending = /\.(json|md|markdown|html?)$/i.exec(textArgument(path, 'path'))?.[1]?.toLowerCase()
    const text = { json: this.toJson, md: this.toMarkdown, markdown: this.toMarkdown, html: this.toHtml, htm: this.toHtml }[ending ?? '']
    if (text === undefined) throw wrongArgument('path', path, 'its ending says the format: use .json, .md or .html')
    await writeFile(path, text.call(this))
  }

  /**
   * Records `report.issued` with the digest of this report. A store with tables keeps its JSON in `savings_reports` and signs a checkpoint,
   * unless a time is given.
   */
  async issue(by: By = {}): Promise<Recorded> {
    return SavingsLedger.issue(this.#ledger, this.#handle, by)
  }

  #render(form: 'json' | 'markdown' | 'html'): string {
    return guard(() => native.ledgerMethod(this.#handle.id, form, '{}'))
  }
}

/**
 * Makes the reports of a ledger.
 *
 * ```js
 * const reports = new ReportGenerator(ledger)
 * const report = reports.weekly('2026-W12')
 * report.toMarkdown()
 * ```
 */
export class ReportGenerator {
  readonly #ledger: SavingsLedger

  constructor(ledger: SavingsLedger) {
    SavingsLedger.handle(ledger)
    this.#ledger = ledger
  }

  /** The report of a week such as `2026-W12`: ISO 8601, Monday to Monday, UTC. */
  weekly(label: string, inputs: ReportInputs = {}): Report {
    return this.#report(label, inputs, /^\d{4}-W/, 'give a week such as `2026-W12`')
  }

  /** The report of a month such as `2026-03`. */
  monthly(label: string, inputs: ReportInputs = {}): Report {
    return this.#report(label, inputs, /^\d{4}-\d\d$/, 'give a month such as `2026-03`')
  }

  /** The original's name: the week that holds `weekStart`; left out, the present one. */
  generateWeeklyReport(weekStart?: Instant | null, inputs: ReportInputs = {}): Report {
    return this.weekly(weekOf(dayOf(weekStart)), inputs)
  }

  /** The original's name: the month that holds `monthStart`; left out, the present one. */
  generateMonthlyReport(monthStart?: Instant | null, inputs: ReportInputs = {}): Report {
    return this.monthly(new Date(dayOf(monthStart)).toISOString().slice(0, 7), inputs)
  }

  /** The original's name for `report.toHtml()`. */
  exportReportHtml(report: Report): string {
    return report.toHtml()
  }

  #report(label: string, inputs: ReportInputs, form: RegExp, help: string): Report {
    const text = textArgument(label, 'label')
    // What is no label of either cadence is refused by the engine.
    if (/^\d{4}-(W\d\d|\d\d)$/.test(text) && !form.test(text)) throw wrongArgument('label', label, help)
    const id = guard(() => native.ledgerReport(SavingsLedger.handle(this.#ledger).id, text, inputsText(inputs)))
    return new Report(new Handle(id, native.ledgerFree), this.#ledger, text)
  }
}

/** A day is its midnight, UTC; none is now. */
function dayOf(at: Instant | null | undefined): number {
  if (at === undefined || at === null) return Date.now()
  return instantMs(typeof at === 'string' && /^\d{4}-\d\d-\d\d$/.test(at) ? `${at}T00:00:00Z` : at)
}

/** The ISO week of an instant. */
function weekOf(ms: number): string {
  const day = new Date(ms)
  // The week belongs to the year that its Thursday is in.
  const thursday = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() - ((day.getUTCDay() + 6) % 7) + 3)
  const year = new Date(thursday).getUTCFullYear()
  const week = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * 86_400_000))
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`
}
