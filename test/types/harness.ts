import path from 'node:path'
import ts from 'typescript'

export const root = path.resolve(import.meta.dirname, '../..')
const desk = path.join(root, 'test/types/virtual')

/** What a project's tsconfig says; `ov` is the DSL's own source. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  // Unions print in the order of their names, so that one snippet's message does not depend on the others.
  stableTypeOrdering: true,
  noErrorTruncation: false,
  paths: { ov: [path.join(root, 'dsl/index.ts')] },
}

/** An error as it is read: every line of it, and the line of the snippet that is underlined. */
export interface Message {
  /** Counts from 1. */
  readonly line: number
  readonly code: number
  readonly text: string
  /** The underlined source. */
  readonly at: string
}

export interface Completion {
  readonly names: string[]
  readonly entries: readonly ts.CompletionEntry[]
}

/**
 * A project of virtual files beside the real DSL. All snippets are files of one program: add them while tests are collected, so that the
 * first question compiles them together.
 */
export class Snippets {
  readonly #files = new Map<string, string>()
  readonly #service: ts.LanguageService
  readonly #registry: ts.DocumentRegistry
  #options: ts.CompilerOptions

  constructor(changes: ts.CompilerOptions = {}, registry = ts.createDocumentRegistry()) {
    this.#options = { ...options, ...changes }
    this.#registry = registry
    const files = this.#files
    const host: ts.LanguageServiceHost = {
      getCompilationSettings: () => this.#options,
      getScriptFileNames: () => [...files.keys()],
      getScriptVersion: (file) => String(files.get(file)?.length ?? 0),
      getScriptSnapshot(file) {
        const text = files.get(file) ?? ts.sys.readFile(file)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (file) => files.has(file) || ts.sys.fileExists(file),
      readFile: (file) => files.get(file) ?? ts.sys.readFile(file),
      directoryExists: (folder) => folder === desk || ts.sys.directoryExists(folder),
      getDirectories: () => [],
    }
    this.#service = ts.createLanguageService(host, this.#registry)
  }

  /** The same snippets under other options. */
  under(changes: ts.CompilerOptions): Snippets {
    const other = new Snippets({ ...this.#options, ...changes }, this.#registry)
    for (const [file, text] of this.#files) other.#files.set(file, text)
    return other
  }

  /** Adds a file; without a name it gets one. */
  add(text: string, name = `snippet-${this.#files.size}.ts`): string {
    const file = path.join(desk, name)
    this.#files.set(file, text)
    return file
  }

  program(): ts.Program {
    const program = this.#service.getProgram()
    if (!program) throw new Error('no program')
    return program
  }

  messages(file: string): Message[] {
    const found = [...this.#service.getSyntacticDiagnostics(file), ...this.#service.getSemanticDiagnostics(file)]
    const source = this.program().getSourceFile(file)
    if (!source) throw new Error(`${file} is not in the program`)
    return found.map(({ start = 0, length = 0, code, messageText }) => ({
      line: source.getLineAndCharacterOfPosition(start).line + 1,
      code,
      text: ts.flattenDiagnosticMessageText(messageText, '\n'),
      at: source.text.slice(start, start + length),
    }))
  }

  complete(file: string, position: number): Completion {
    const found = this.#service.getCompletionsAtPosition(file, position, {})
    const entries = found?.entries ?? []
    return { names: entries.map(({ name }) => name), entries }
  }

  /** What hovering shows: the declaration and its docstring. */
  hover(file: string, position: number): { readonly type: string; readonly doc: string; readonly tags: string[] } {
    const info = this.#service.getQuickInfoAtPosition(file, position)
    return {
      type: ts.displayPartsToString(info?.displayParts),
      doc: ts.displayPartsToString(info?.documentation),
      tags: info?.tags?.map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`) ?? [],
    }
  }
}

/** The places marked `‸` in a text, and the text without the marks. */
export function marked(text: string): { readonly text: string; readonly positions: number[] } {
  const parts = text.split('‸')
  const positions: number[] = []
  let at = 0
  for (const part of parts.slice(0, -1)) positions.push((at += part.length))
  return { text: parts.join(''), positions }
}
