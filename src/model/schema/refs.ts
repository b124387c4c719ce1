/** The name in a reference to another entity. */
export const refName = (ref: string | { readonly name: string }): string => (typeof ref === 'string' ? ref : ref.name)
