declare const __OV_VERSION__: string | undefined
declare const __OV_ESBUILD_VERSION__: string | undefined

/** Version of ov; put in when it is built. */
export const VERSION = typeof __OV_VERSION__ === 'string' ? __OV_VERSION__ : '0.0.0-source'

/** The one version of esbuild that ov depends on; reading it from the package would cost every run a search for the package. */
export const ESBUILD_VERSION = typeof __OV_ESBUILD_VERSION__ === 'string' ? __OV_ESBUILD_VERSION__ : 'source'
