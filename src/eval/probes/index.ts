import type { BakedCheck } from '../baked.ts'
import { skip, type Outcome, type Target } from '../target.ts'
import { probeCommand } from './command.ts'
import { probeFile } from './file.ts'
import { probeHttp } from './http.ts'
import { probePackage } from './package.ts'
import { probePort } from './port.ts'
import { probeProcess } from './process.ts'
import { probeService } from './service.ts'

/** Looks once. `seconds` is what an attempt may take. */
export function probe(check: BakedCheck, target: Target, seconds: number): Promise<Outcome> {
  switch (check.verb) {
    case 'file':
      return probeFile(check.fields, target)
    case 'package':
      return probePackage(check.fields, target)
    case 'service':
      return probeService(check.fields, target)
    case 'port':
      return probePort(check.fields, target)
    case 'process':
      return probeProcess(check.fields, target)
    case 'command':
      return probeCommand(check.fields, target)
    case 'http':
      return probeHttp(check.fields, target, seconds)
    case 'other':
      return Promise.resolve(
        skip(
          check.name === ''
            ? 'has no verb that this version of ov knows'
            : `this version of ov does not know ${check.name} checks`,
        ),
      )
  }
}
