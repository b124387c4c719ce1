export {
  quadletEnvironment,
  readQuadletEnvironment,
  readServiceEnvironment,
  serviceEnvironment,
} from './environment.ts'
export { execLine, execWord, readExecLine, readExecWord } from './exec.ts'
export { parseUnit } from './parse.ts'
export {
  expansionSafe,
  readExpansionSafe,
  readSpecifierSafe,
  readUnitValuePlain,
  specifierSafe,
  unitValuePlain,
} from './plain.ts'
export { printUnit } from './print.ts'
export { quadletPlain, quadletWord, readQuadletPlain, readQuadletWord } from './quadlet.ts'
export { composeUnit, type UnitLine, unitValues } from './unit.ts'
