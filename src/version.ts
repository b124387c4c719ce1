declare const __OV_VERSION__: string | undefined

/** Version of ov; put in when it is built. */
export const VERSION = typeof __OV_VERSION__ === 'string' ? __OV_VERSION__ : '0.0.0-source'
