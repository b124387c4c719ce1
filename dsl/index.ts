// Text imports are ambient: no module of this package can bring them to a user's files.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="./text-imports.d.ts" preserve="true" />
/**
 * The language of ov: everything here is imported as `'ov'`. It has no dependencies and no state; constructors return plain, frozen objects.
 * @packageDocumentation
 */
export { layer, type AnyLayer, type Layer, type LayerRef, type LayerSpec } from './layer.ts'
export {
  debootstrap,
  image,
  type AnyImage,
  type BaseRef,
  type BootstrapBase,
  type DataImageSpec,
  type BuilderImages,
  type DebootstrapSpec,
  type Image,
  type ImageSpec,
} from './image.ts'
export { host, type Host, type HostFields, type InstallOptions } from './host.ts'
export {
  bind,
  encrypted,
  fromFile,
  fromOperator,
  pod,
  provided,
  volume,
  type Backing,
  type CloudflareTunnel,
  type EnvSource,
  type EnvValue,
  type ExtraVolume,
  type Pod,
  type PodFields,
  type PortTarget,
  type SecretSource,
  type Sidecar,
  type SidecarSecret,
  type TailscaleTunnel,
  type Tunnel,
  type TunnelPorts,
} from './pod.ts'
export {
  build,
  cmd,
  copy,
  download,
  link,
  mkdir,
  setcap,
  write,
  type BuildTask,
  type CmdTask,
  type CopyTask,
  type DownloadTask,
  type Extract,
  type LinkTask,
  type MkdirTask,
  type SetcapTask,
  type Task,
  type WriteTask,
} from './tasks.ts'
export { service, type CustomService, type PackagedService, type Service } from './service.ts'
export type { Artifact } from './artifact.ts'
export type { Capabilities } from './capabilities.ts'
export type {
  Check,
  CommandCheck,
  Duration,
  FileCheck,
  HttpCheck,
  Matcher,
  Matchers,
  PackageCheck,
  PortCheck,
  ProcessCheck,
  Scalar,
  ServiceCheck,
} from './check.ts'
export type { DataEntry } from './data.ts'
export type { ExtractedFiles } from './extracted.ts'
export type { Hooks } from './hooks.ts'
export type { McpContract, McpServer } from './mcp.ts'
export type { Route } from './route.ts'
export type { Shell, ShellCode } from './shell.ts'
export type { OwnedSecret } from './secret.ts'
export type { BuilderManifests } from './builders.ts'
export type {
  AurSection,
  DebRepo,
  DebSection,
  DistroPackages,
  NamedPackage,
  PackageSections,
  PacRepo,
  PacSection,
  RpmRepo,
  RpmSection,
  TagSection,
} from './packages.ts'
export type { Security } from './security.ts'
export type { EnvContract, LayerPort, PortKey, PortProtocol, SecretContract } from './names.ts'
export {
  defineBuilder,
  defineDistro,
  defineInit,
  definePackageFormat,
  type Builder,
  type BuilderContext,
  type Distro,
  type Init,
  type PackageFormat,
  type RunStep,
  type SectionData,
  type StageStep,
} from './vocabulary.ts'
