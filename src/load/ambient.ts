/** Globals that give the same answers in every run on every machine. Everything else, the clock and the environment above all, does not. */
const SAME_EVERYWHERE = new Set(
  `globalThis global undefined NaN Infinity Object Function Array String Number Boolean Symbol BigInt Math JSON Reflect Proxy RegExp Promise
  Map Set WeakMap WeakSet Iterator Error AggregateError EvalError RangeError ReferenceError SuppressedError SyntaxError TypeError URIError
  ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array
  Float16Array Float32Array Float64Array parseFloat parseInt isFinite isNaN eval escape unescape encodeURI encodeURIComponent decodeURI
  decodeURIComponent atob btoa structuredClone queueMicrotask Buffer URL URLSearchParams TextEncoder TextDecoder`.split(
    /\s+/,
  ),
)

/** Classes that Node loads when they are first looked at, at a third of the price of its start. They hold data, or reach out by other globals. */
const ON_DEMAND =
  /Stream|Strategy$|^(Blob|File|FormData|Headers|Request|Response|MessageEvent|CloseEvent|Performance.*|Crypto|CryptoKey|SubtleCrypto|Navigator|Storage)$/

/** Classes of that kind that reach out themselves. They can't be watched; a program in whose text they stand counts as one that uses them. */
const REACHING = /^(WebSocket|EventSource)$/

/** Whether a program's text can reach anything outside of it that {@link watchAmbient} does not see. */
export const mayReachOut = (text: string): boolean =>
  /\b((import|require)\s*[(.]|(WebSocket|EventSource)\b)/.test(text)

/** What the operator's language settings decide without any global being asked for it, as in `'ä'.localeCompare('z')`. */
export const languageSettings = (): string =>
  ['LC_ALL', 'LC_MESSAGES', 'LANG'].map((name) => process.env[name] ?? '').join('\0')

/**
 * Watches whether code that runs from now on asks for anything that may differ in the next run. A program that does not do so takes the same
 * path every time; its result may be kept. The function that is returned ends the watch and says whether that is so.
 */
export function watchAmbient(): () => boolean {
  let asked = false
  // One by one: asking for all descriptors would load what is there on demand.
  const before = Object.getOwnPropertyNames(globalThis).flatMap((name) => {
    if (SAME_EVERYWHERE.has(name) || ON_DEMAND.test(name) || REACHING.test(name)) return []
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    return descriptor?.configurable === true ? [[name, descriptor] as const] : []
  })
  const { random } = Math
  const restore = () => {
    for (const [name, descriptor] of before) Object.defineProperty(globalThis, name, descriptor)
    Math.random = random
  }
  const notice = () => {
    asked = true
    restore()
  }
  for (const [name] of before)
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        notice()
        return (globalThis as Readonly<Record<string, unknown>>)[name]
      },
      set(value: unknown) {
        notice()
        ;(globalThis as Record<string, unknown>)[name] = value
      },
    })
  Math.random = () => {
    notice()
    return random()
  }
  return () => {
    if (!asked) restore()
    return !asked
  }
}
