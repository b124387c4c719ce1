import module from 'node:module'
import { VERSION } from './version.ts'

const [first] = process.argv.slice(2)
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (process.argv.length === 3 && (first === '--version' || first === '-V')) console.log(VERSION)
else if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `ov needs Node 22.12 or later; this is ${process.versions.node}. Install a newer one, or set OV_NODE to its path.`,
  )
  process.exitCode = 1
} else {
  module.enableCompileCache()
  const { main } = await import('./commands/main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
