import { enableCompileCache } from 'node:module'
import { VERSION } from './version.ts'

const [first] = process.argv.slice(2)
if (process.argv.length === 3 && (first === '--version' || first === '-V')) console.log(VERSION)
else {
  enableCompileCache?.()
  const { main } = await import('./commands/main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
