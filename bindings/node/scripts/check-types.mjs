// Fails when the committed declarations are not what the sources give: `npm run check-types`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(dirname(fileURLToPath(import.meta.url)))
const fresh = mkdtempSync(join(tmpdir(), 'finops-types-'))
try {
  const tsc = join(here, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(process.execPath, [tsc, '-p', here, '--emitDeclarationOnly', '--declarationDir', fresh], { stdio: 'inherit' })
  const made = readdirSync(fresh).sort()
  const kept = readdirSync(join(here, 'types')).filter((name) => name.endsWith('.d.ts')).sort()
  const text = (folder, name) => readFileSync(join(folder, name), 'utf8')
  const stale = [...new Set([...made, ...kept])].filter(
    (name) => !made.includes(name) || !kept.includes(name) || text(fresh, name) !== text(join(here, 'types'), name),
  )
  if (stale.length > 0) {
    console.error(`stale declarations: ${stale.join(', ')}; run \`npm run build\` and commit types/`)
    process.exitCode = 1
  }
} finally {
  rmSync(fresh, { recursive: true })
}
