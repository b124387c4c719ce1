/** The starter catalogue, by subject: layers to import, copy, or learn from. Each one does one thing; docs/catalogue.md lists them all. */
export * from './layers/infrastructure.ts'
export * from './layers/languages.ts'
export * from './layers/services.ts'
export * from './layers/tools.ts'
