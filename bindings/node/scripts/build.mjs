// Builds the native library and the JavaScript around it; leaves `require('finops')` loadable in this folder.
import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(dirname(fileURLToPath(import.meta.url)))
const root = join(here, '..', '..')
const library = { linux: 'libfinops_node.so', darwin: 'libfinops_node.dylib', win32: 'finops_node.dll' }[process.platform]
if (!library) throw new Error(`no native build for ${process.platform}`)
const profile = process.argv.includes('--debug') ? 'debug' : 'release'
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')

const cargo = ['build', '--quiet', '-p', 'finops-node', ...(profile === 'release' ? ['--release'] : [])]
execFileSync('cargo', cargo, { cwd: root, stdio: 'inherit' })
copyFileSync(join(target, profile, library), join(here, `finops.${process.platform}-${process.arch}.node`))
execFileSync(process.execPath, [join(here, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', here], { stdio: 'inherit' })
