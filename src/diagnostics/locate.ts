/** Finds the text a field path stands for in the user's source, starting from the call that declared the entity. */
import { parse, type parseExpression } from '@babel/parser'
import { splitLines } from './frame.ts'

// One line only: a squiggle cannot span more. Counts from 1, UTF-16 units, as `Place` does.
export interface Range {
  readonly line: number
  readonly column: number
  readonly length: number
}

type Expression = ReturnType<typeof parseExpression>
type Of<Type extends Expression['type']> = Extract<Expression, { type: Type }>
type Call = Of<'CallExpression' | 'OptionalCallExpression' | 'NewExpression'>
/** What every node has; nodes are told apart by `type` and cast once they are. */
interface Tree {
  readonly type: string
  readonly start: number
  readonly end: number
}
interface Span {
  readonly start: number
  readonly end: number
}
interface Binding {
  readonly scope: Span
  readonly init?: Expression | undefined
  /** The exported name, where the binding is an import. */
  readonly imported?: string | undefined
}
interface Survey {
  /** Where each line starts. */
  readonly lines: readonly number[]
  /** Undefined where the text is no program. */
  readonly tree: Parsed | undefined
}
interface Parsed {
  /** By each line from where a call begins to its first argument; counted from 0. */
  readonly calls: ReadonlyMap<number, readonly Call[]>
  readonly bindings: ReadonlyMap<string, readonly Binding[]>
}
/** `absent`: certainly not there; `unknown`: cannot be told from the text. */
type Step = { readonly value: Tree; readonly key: Tree } | 'absent' | 'unknown'
type Segment = string | number

// Diagnostics know the call and the field path; this is how they come to point at the very value.
export function locateField(
  source: string,
  place: { readonly line: number; readonly column: number },
  field: string,
  options: { readonly which?: 'value' | 'key' } = {},
): Range | undefined {
  const { lines, tree } = surveyOf(source)
  const lineStart = lines[place.line - 1]
  if (lineStart === undefined) return undefined
  const lineEnd = lines[place.line] ?? source.length + 1
  const offset = Math.min(Math.max(lineStart, lineStart + place.column - 1), lineEnd - 1)
  const call = tree && callAt(tree.calls.get(place.line - 1) ?? [], offset, lineStart, lineEnd)
  if (!call) return wordAt(source, lines, offset)
  const walker = new Walker(tree.bindings)
  let found: Step = 'unknown'
  let node = call as unknown as Tree
  for (const segment of segmentsOf(field)) {
    const next = walker.step(node, segment)
    if (typeof next === 'string') return toRange(source, lines, found === 'unknown' ? calleeName(call) : node)
    found = next
    node = walker.resolve(next.value)
  }
  if (typeof found === 'string') return toRange(source, lines, calleeName(call))
  return toRange(source, lines, options.which === 'key' ? found.key : node)
}

// `volumes["a/b"].path` → volumes, a/b, path; what is not understood ends the path.
export function segmentsOf(field: string): Segment[] {
  const out: Segment[] = []
  const part = /\.?([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\['((?:[^'\\]|\\.)*)'\]/y
  while (part.lastIndex < field.length) {
    const match = part.exec(field)
    if (!match) break
    const [, name, index, json, single] = match
    if (name !== undefined) out.push(name)
    else if (index !== undefined) out.push(Number(index))
    else out.push(json === undefined ? (single ?? '') : unquote(json))
  }
  return out
}

function unquote(json: string): string {
  try {
    return String(JSON.parse(json))
  } catch {
    return json.slice(1, -1)
  }
}

class Walker {
  readonly #bindings: Parsed['bindings']
  /** Ends circular references. */
  #fuel = 1000
  constructor(bindings: Parsed['bindings']) {
    this.#bindings = bindings
  }

  /** The expression that makes the value: type assertions dropped, constants of this file followed. */
  resolve(tree: Tree): Tree {
    if (this.#fuel-- <= 0) return tree
    const node = tree as Expression
    switch (node.type) {
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
      case 'ParenthesizedExpression':
        return this.resolve(node.expression as Tree)
      case 'Identifier': {
        const init = this.#binding(node.name, tree)?.init
        return init ? this.resolve(init as Tree) : tree
      }
      case 'MemberExpression': {
        const key = node.computed ? this.#constant(node.property as Tree) : nameOf(node.property as Tree)
        const member = key === undefined ? 'unknown' : this.step(this.resolve(node.object as Tree), key)
        return typeof member === 'string' ? tree : this.resolve(member.value)
      }
      case 'CallExpression': {
        const [argument] = node.arguments
        const frozen = argument && calleePath(node) === 'Object.freeze'
        return frozen ? this.resolve(argument as Tree) : tree
      }
      default:
        return tree
    }
  }

  step(tree: Tree, segment: Segment): Step {
    if (this.#fuel-- <= 0) return 'unknown'
    const node = tree as Expression
    switch (node.type) {
      case 'ObjectExpression':
        return this.#property(node, String(segment))
      case 'ArrayExpression':
        return typeof segment === 'number' ? this.#element(node, segment) : this.#named(node, segment)
      case 'CallExpression':
      case 'OptionalCallExpression':
      case 'NewExpression':
        return this.#argument(node, segment)
      default:
        return 'unknown'
    }
  }

  /** Later properties win, so the search runs backwards; a spread that cannot be seen through ends it. */
  #property(object: Of<'ObjectExpression'>, name: string): Step {
    let missing: Step = 'absent'
    for (const property of object.properties.toReversed()) {
      if (property.type === 'SpreadElement') {
        const base = this.resolve(property.argument as Tree)
        const spread = base.type === 'ObjectExpression' ? this.step(base, name) : 'unknown'
        if (spread !== 'absent') return spread
        continue
      }
      const key = property.computed ? this.#constant(property.key as Tree) : nameOf(property.key as Tree)
      // A computed key may be the one, but not when it is also spelt out.
      if (key === undefined) missing = 'unknown'
      if (key !== name) continue
      const value = property.type === 'ObjectMethod' ? property : property.value
      return { value: value as Tree, key: property.key as Tree }
    }
    return missing
  }

  #element(array: Of<'ArrayExpression'>, index: number): Step {
    const { items, open } = this.#items(array)
    const item = items[index]
    if (item) return { value: item, key: item }
    return open ? 'unknown' : 'absent'
  }

  /** `volumes["data"]` where volumes is a list: the entry of that name. */
  #named(array: Of<'ArrayExpression'>, name: string): Step {
    const { items, open } = this.#items(array)
    for (const item of items) {
      if (!item) continue
      const node = this.resolve(item)
      const own = this.step(node, 'name')
      const first = (node as Partial<Call>).arguments?.[0] as Tree | undefined
      const said = typeof own === 'string' ? (first ?? node) : own.value
      if (this.#constant(said) === name) return { value: item, key: said }
    }
    return open ? 'unknown' : 'absent'
  }

  /** The elements whose index is certain: those before a spread that cannot be seen through. */
  #items(array: Of<'ArrayExpression'>): { readonly items: readonly (Tree | undefined)[]; readonly open: boolean } {
    const items: (Tree | undefined)[] = []
    for (const element of array.elements) {
      if (element?.type !== 'SpreadElement') {
        items.push((element as Tree | null) ?? undefined)
        continue
      }
      const spread = this.resolve(element.argument as Tree) as Expression
      if (spread.type !== 'ArrayExpression' || this.#fuel-- <= 0) return { items, open: true }
      const inner = this.#items(spread)
      items.push(...inner.items)
      if (inner.open) return { items, open: true }
    }
    return { items, open: false }
  }

  /** `copy('x', { to: '/y' })`: `to` is in the options, `copy` is the first argument. */
  #argument(call: Call, segment: Segment): Step {
    let outcome: Step = 'absent'
    for (const argument of call.arguments.toReversed()) {
      const options = this.resolve(argument as Tree)
      if (options.type !== 'ObjectExpression') continue
      const found = this.step(options, segment)
      if (typeof found === 'object') return found
      if (found === 'unknown') outcome = found
    }
    const [first] = call.arguments
    const callee = calleeName(call)
    const verb = nameOf(callee)
    const original = call.callee === (callee as unknown) && verb !== undefined ? this.#binding(verb, callee) : undefined
    if (first && (original?.imported ?? verb) === segment) return { value: first as Tree, key: callee }
    return outcome
  }

  #constant(tree: Tree): string | undefined {
    const node = this.resolve(tree) as Expression
    if (node.type === 'StringLiteral' || node.type === 'NumericLiteral') return String(node.value)
    if (node.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined
    return node.quasis[0]?.value.cooked ?? undefined
  }

  #binding(name: string, at: Span): Binding | undefined {
    const inScope = this.#bindings.get(name)?.filter(({ scope }) => scope.start <= at.start && at.end <= scope.end)
    return inScope?.reduce(
      (inner, next) => (size(next.scope) < size(inner.scope) ? next : inner),
      inScope[0] as Binding,
    )
  }
}

function size(span: Span): number {
  return span.end - span.start
}

function nameOf(tree: Tree): string | undefined {
  const node = tree as Expression
  if (node.type === 'Identifier') return node.name
  return node.type === 'StringLiteral' || node.type === 'NumericLiteral' ? String(node.value) : undefined
}

function calleeName(call: Call): Tree {
  const { callee } = call
  const member = callee.type === 'MemberExpression' || callee.type === 'OptionalMemberExpression'
  return (member ? callee.property : callee) as Tree
}

function calleePath(call: Of<'CallExpression'>): string {
  const { callee } = call
  if (callee.type !== 'MemberExpression') return ''
  return `${nameOf(callee.object as Tree) ?? ''}.${nameOf(callee.property as Tree) ?? ''}`
}

/** V8 reports the name of the callee, `new`, or, for anything more involved, the opening parenthesis. */
function callAt(calls: readonly Call[], offset: number, lineStart: number, lineEnd: number): Call | undefined {
  let best: { readonly call: Call; readonly rank: readonly [number, number] } | undefined
  for (const call of calls) {
    const { start, end, anchor, header } = headOf(call)
    const onLine = anchor >= lineStart && anchor < lineEnd
    let rank: readonly [number, number]
    if (offset === anchor) rank = [0, end - start]
    else if (offset === start) rank = [1, end - start]
    else if (offset > start && offset < header) rank = [2, end - start]
    else if (onLine) rank = [3, Math.abs(offset - anchor)]
    else continue
    const better = !best || rank[0] < best.rank[0] || (rank[0] === best.rank[0] && rank[1] < best.rank[1])
    if (better) best = { call, rank }
  }
  return best?.call
}

/** The whole call, where V8 says it is, and the end of what stands before its first argument. */
function headOf(call: Call): Span & { readonly anchor: number; readonly header: number } {
  const { start, end } = call as unknown as Tree
  const anchor = call.type === 'NewExpression' ? start : calleeName(call).start
  return { start, end, anchor, header: (call.arguments[0] as Tree | undefined)?.start ?? end }
}

/** Without a syntax tree, the name that stands at the place is all there is to mark. */
function wordAt(source: string, lines: readonly number[], offset: number): Range | undefined {
  const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
  word.lastIndex = offset
  const found = word.exec(source)
  return found ? toRange(source, lines, { type: 'Identifier', start: offset, end: word.lastIndex }) : undefined
}

function lineStarts(source: string): number[] {
  const starts: number[] = []
  let offset = 0
  for (const line of splitLines(source)) {
    starts.push(offset)
    offset += line.length
    offset += source.startsWith('\r\n', offset) ? 2 : 1
  }
  return starts
}

function lineOf(lines: readonly number[], offset: number): number {
  let [low, high] = [0, lines.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (lines[middle]! <= offset) low = middle
    else high = middle
  }
  return low
}

function toRange(source: string, lines: readonly number[], { type, start, end }: Tree): Range {
  const line = lineOf(lines, start)
  const next = lines[line + 1]
  let text = source.slice(start, next === undefined ? end : Math.min(end, next)).trimEnd()
  // Of a container that goes on below only the bracket is marked, not the comment behind it.
  const container = type === 'ObjectExpression' || type === 'ArrayExpression'
  if (container && next !== undefined && end > next && /^.\s*(?:\/\/|\/\*|$)/.test(text)) text = text.slice(0, 1)
  return { line: line + 1, column: start - (lines[line] ?? 0) + 1, length: Math.max(1, text.length) }
}

/** Many diagnostics are about few files. */
const surveys = new Map<string, Survey>()

function surveyOf(source: string): Survey {
  let known = surveys.get(source)
  if (known === undefined) {
    const lines = lineStarts(source)
    known = { lines, tree: survey(source, lines) }
    surveys.set(source, known)
  }
  return known
}

function survey(source: string, lines: readonly number[]): Parsed | undefined {
  let program: Tree
  try {
    program = parse(source, {
      sourceType: 'module',
      plugins: ['typescript', 'decorators', 'explicitResourceManagement'],
      errorRecovery: true,
      attachComment: false,
    }).program as Tree
  } catch {
    return undefined
  }
  const calls = new Map<number, Call[]>()
  const bindings = new Map<string, Binding[]>()
  // A stack of its own: a chain of thousands of `+` must not overflow ours.
  const todo: [node: Tree, scope: Span][] = [[program, { start: 0, end: source.length }]]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [node, outer] = next
    if (/^(?:CallExpression|OptionalCallExpression|NewExpression)$/.test(node.type)) {
      const call = node as unknown as Call
      const { start, anchor, header } = headOf(call)
      for (let line = lineOf(lines, start); line <= lineOf(lines, Math.max(anchor, header)); line++)
        append(calls, line, call)
    }
    const scope = SCOPE.test(node.type) ? node : outer
    for (const [name, binding] of declared(node, scope, outer)) append(bindings, name, binding)
    for (const child of children(node)) todo.push([child, scope])
  }
  return { calls, bindings }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const known = lists.get(key)
  if (known) known.push(value)
  else lists.set(key, [value])
}

const SCOPE = /^(?:BlockStatement|StaticBlock|For\w*Statement|SwitchStatement|CatchClause|\w*Function\w*|\w*Method)$/

/** A name declared anywhere hides the outer one, so all kinds are recorded, but only a `const` has a known value. */
function* declared(node: Tree, scope: Span, outer: Span): Generator<[string, Binding]> {
  const fields = node as Tree & Record<string, unknown>
  if (node.type === 'VariableDeclaration') {
    for (const { id, init } of fields['declarations'] as { id: Tree; init: Expression | null }[]) {
      const known = fields['kind'] === 'const' && id.type === 'Identifier' && init
      for (const name of patternNames(id)) yield [name, known ? { scope, init } : { scope }]
    }
  }
  if (/^(?:Function|Class|TSEnum)Declaration$/.test(node.type) && fields['id']) {
    for (const name of patternNames(fields['id'])) yield [name, { scope: outer }]
  }
  if (/^Import\w*Specifier$/.test(node.type)) {
    const imported = fields['imported'] ? nameOf(fields['imported'] as Tree) : undefined
    for (const name of patternNames(fields['local'])) yield [name, { scope, imported }]
  }
  for (const name of patternNames(fields['params'])) yield [name, { scope }]
  if (node.type === 'CatchClause') for (const name of patternNames(fields['param'])) yield [name, { scope }]
}

function patternNames(pattern: unknown): string[] {
  if (Array.isArray(pattern)) return pattern.flatMap(patternNames)
  if (!isTree(pattern)) return []
  const fields = pattern as Tree & Record<string, unknown>
  switch (pattern.type) {
    case 'Identifier':
      return [String(fields['name'])]
    case 'ObjectPattern':
      return patternNames(fields['properties'])
    case 'ObjectProperty':
      return patternNames(fields['value'])
    case 'ArrayPattern':
      return patternNames(fields['elements'])
    case 'AssignmentPattern':
      return patternNames(fields['left'])
    case 'RestElement':
      return patternNames(fields['argument'])
    case 'TSParameterProperty':
      return patternNames(fields['parameter'])
    default:
      return []
  }
}

function* children(node: Tree): Generator<Tree> {
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) yield* value.filter(isTree)
    else if (isTree(value)) yield value
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}
