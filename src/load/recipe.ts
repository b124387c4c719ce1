import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ESBUILD_VERSION, VERSION } from '../version.ts'
import type { ProjectLocation } from './discover.ts'

/** Extensions that are imported as text, besides those that JavaScript knows. */
export const TEXT_EXTENSIONS = ['txt', 'md', 'conf', 'sh', 'service', 'yml', 'yaml', 'toml', 'ini', 'html']

/** What stands for `import.meta.*` in the bundle until its place is known. */
export const META = {
  dirname: '__ov_meta_dirname__',
  filename: '__ov_meta_filename__',
  url: '__ov_meta_url__',
} as const

/** The DSL that projects import as `ov`: always the one of this very program. */
export const DSL = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dsl/index.ts' : './dsl/index.js', import.meta.url),
)

/**
 * The program exports one function for each entry file. Imports made at run time have esbuild put each file into a function of its own: in one
 * big function, every look-up of a call's position would walk through all of the program, and the time would grow with its square.
 */
export const entrySource = (entries: readonly string[]) =>
  `export const entries = [${entries.map((file) => `() => import(${JSON.stringify(`./${file}`)})`).join(', ')}]\n`

/**
 * Node can keep the compiled code of a script, but not that of a module. What only a module can hold, such as an `await` outside of functions,
 * makes a module of the bundle.
 */
export const FORMATS = ['cjs', 'esm'] as const
export type BundleFormat = (typeof FORMATS)[number]

/** A script is a function of what CommonJS gives to every file. */
const FRAMES: Readonly<Record<BundleFormat, (project: string) => readonly string[]>> = {
  cjs: () => ['--banner:js=(function(require,module,exports){"use strict";', '--footer:js=})'],
  // npm packages in CommonJS call require() for Node's own modules.
  esm: (url) => [
    `--banner:js=import{createRequire as __ov_createRequire}from"node:module";const require=__ov_createRequire(${url});`,
  ],
}

/** `import.meta.url` of code that no file of the project holds. */
export const projectUrl = (root: string) => pathToFileURL(join(root, 'package.json')).href

/** What esbuild is told, besides where to write. */
export function esbuildOptions(location: ProjectLocation, format: BundleFormat): string[] {
  return [
    '--bundle',
    `--format=${format}`,
    '--platform=node',
    '--target=node22.12',
    '--charset=utf8',
    '--sources-content=false',
    '--legal-comments=none',
    '--external:*.node',
    `--alias:ov=${DSL}`,
    `--define:import.meta.dirname=${META.dirname}`,
    `--define:import.meta.filename=${META.filename}`,
    `--define:import.meta.url=${META.url}`,
    `--define:__dirname=${META.dirname}`,
    `--define:__filename=${META.filename}`,
    ...FRAMES[format](JSON.stringify(projectUrl(location.root))),
    ...TEXT_EXTENSIONS.map((extension) => `--loader:.${extension}=text`),
  ]
}

/** Everything besides the input files that the bundle depends on. */
export function bundleRecipe(location: ProjectLocation): string {
  return JSON.stringify([
    VERSION,
    ESBUILD_VERSION,
    process.version,
    location.root,
    entrySource(location.entries),
    FORMATS.map((format) => esbuildOptions(location, format)),
  ])
}
