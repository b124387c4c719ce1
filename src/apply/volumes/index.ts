export { badPassphrase } from './gocryptfs.ts'
export { checkVault, type VaultCheck } from './checks.ts'
export { Passphrases, type Question } from './passphrase.ts'
export { changeVault } from './passwd.ts'
export { encryptedVolume, fillHome, type EncryptedVolume } from './places.ts'
export {
  argumentsOf,
  guardVault,
  mountVault,
  openVault,
  unmountVault,
  vaultStates,
  type Vault,
  type VaultTools,
} from './vault.ts'
export type { VolumeState } from './state.ts'
