import type { Step } from '../../../plan/ir.ts'

/** A step in a few words, without anything that may be secret. (HOST-35) */
export function describe(step: Step): string {
  switch (step.kind) {
    case 'SystemPackages':
      return `${step.format}: ${step.packages.length} packages (${step.phase})`
    case 'Builder':
      return `${step.builder}: build`
    case 'Task': {
      const { task } = step
      switch (task.verb) {
        case 'cmd':
          return step.comment === undefined ? 'cmd' : `cmd: ${step.comment}`
        case 'mkdir':
        case 'link':
        case 'setcap':
          return `${task.verb}: ${task.verb} ${task.path}`
        case 'copy':
        case 'write':
          return `${task.verb}: ${task.verb} ${task.to}`
        case 'download':
          return `download: ${task.url.replace(/\?.*$/s, '')}`
        case 'build':
          return 'build'
      }
    }
    case 'File':
      return `file ${step.dest}`
    case 'ServicePackaged':
      return `unit ${step.unit}`
    case 'ServiceCustom':
      return `unit ${step.name}`
    case 'ShellHook':
      return `env=${step.envFile}`
    case 'ShellSnippet':
      return `${step.shell}: ${step.destination}`
    case 'RepoChange':
      return `repository ${step.file}`
    case 'ApkInstall':
      return `layer=${step.layerName} skipped: apk installs only on a kind:android device`
  }
}
