/** `npm run docs:catalogue`: writes `docs/catalogue.md`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBuilt } from './built.ts'
import { readCatalogue, ROOT } from './facts.ts'
import { page } from './page.ts'

writeFileSync(join(ROOT, 'docs/catalogue.md'), page(readCatalogue(), readBuilt()))
