import { readdirSync } from 'node:fs'

/** Sorted names in a folder, folders with a slash; undefined where there is no such folder. */
function listFolder(path: string): string[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
  } catch {
    return undefined
  }
}

/** The same as one text. */
export const printListing = (path: string): string | undefined => listFolder(path)?.join('\0')
