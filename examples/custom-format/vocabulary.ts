import { defineDistro, definePackageFormat } from 'ov'

/** Alpine's packages: `apk: { packages: […] }` is a section of layers from here on. */
export const apk = definePackageFormat({
  name: 'apk',
  commands: (section, { install }) => ({ install: [{ command: install, items: section.packages }] }),
})

export const alpine = defineDistro({
  name: 'alpine',
  formats: [apk],
  install: 'apk add',
  caches: [{ path: '/var/cache/apk' }],
  bootstrap: { packages: ['bash', 'ca-certificates', 'curl', 'shadow'] },
})

declare module 'ov' {
  interface PackageSections {
    /** Packages for apk. */
    readonly apk?: { readonly packages: readonly string[] }
  }
}
