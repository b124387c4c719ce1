const NAMES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x' }

/** This machine's architecture as image builders spell it. */
export const architecture = (): string => NAMES[process.arch] ?? process.arch
