export {
  quadletEnvironment,
  readQuadletEnvironment,
  readServiceEnvironment,
  serviceEnvironment,
} from './environment.ts'
export { type ExecCommand, execLine, execWord, readExecLine, readExecWord } from './exec.ts'
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
export { composeUnit, type Unit, type UnitLine, unitValues, type UnitSection } from './unit.ts'
