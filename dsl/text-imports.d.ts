/** Where the running file is. (The same as in @types/node, which a project need not have.) */
interface ImportMeta {
  /** Absolute path of the source file's directory. */
  dirname: string
  /** Absolute path of the source file. */
  filename: string
  /** The source file as a `file:` URL. */
  url: string
}

/** Files that may be imported as text: `import motd from './motd.txt'`. The loader hands over their content unchanged. */
declare module '*.txt' {
  const text: string
  export default text
}
declare module '*.md' {
  const text: string
  export default text
}
declare module '*.conf' {
  const text: string
  export default text
}
declare module '*.sh' {
  const text: string
  export default text
}
declare module '*.service' {
  const text: string
  export default text
}
declare module '*.yml' {
  const text: string
  export default text
}
declare module '*.yaml' {
  const text: string
  export default text
}
declare module '*.toml' {
  const text: string
  export default text
}
declare module '*.ini' {
  const text: string
  export default text
}
declare module '*.html' {
  const text: string
  export default text
}
