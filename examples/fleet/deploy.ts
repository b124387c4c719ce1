import { host } from 'ov'
import { access, common, web } from './layers.ts'

const installOpts = { withServices: true }

/** Three machines behind a bastion: `ov apply` works on them side by side, and tells at the end which of them failed. */
export const webs = ['web1', 'web2', 'web3'].map((name) =>
  host({
    name,
    host: `ops@${name}.example.org`,
    sshArgs: ['-J', 'bastion.example.org'],
    layers: [web, access],
    installOpts,
  }),
)

/** Its connection is described in ~/.ssh/config. */
export const db = host({ name: 'db', host: 'db', layers: [common, access], installOpts })
