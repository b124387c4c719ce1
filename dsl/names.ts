/**
 * The names that types carry from a layer through `depends`, `layers` and `base` to the deploy: one union per kind of name.
 * (One structural object resolved by conditional types would hit "excessively deep" at some 50 layers.)
 */

/** How a container port is written as a key: `8080`, `'53/udp'`. */
export type PortKey = number | `${number}/udp`

/** What a port speaks; it selects how a tunnel carries it. (LAY-80) */
export type PortProtocol =
  'http' | 'https' | 'https+insecure' | 'tcp' | 'tls-terminated-tcp' | 'ssh' | 'rdp' | 'smb' | 'udp'

/** A port a layer listens on: a number, or the number with its protocol, `'tcp:5432'`. */
export type LayerPort = number | `${PortProtocol}:${number}`

/** The key of a declared port: `8080` → `8080`, `'tcp:5432'` → `5432`, `'udp:53'` → `'53/udp'`. */
export type KeyOfPort<Port> = Port extends number
  ? Port
  : Port extends `udp:${infer N extends number}`
    ? `${N}/udp`
    : Port extends `${string}:${infer N extends number}`
      ? N
      : never

/** How a deploy names a port of an image's own list: `80`, `'8080:80'`, `'53/udp'`. */
export type KeyOfImagePort<Port> = Port extends number
  ? Port
  : Port extends `${infer Mapping}/tcp`
    ? KeyOfImagePort<Mapping>
    : Port extends `${string}:${infer N extends number}/udp` | `${infer N extends number}/udp`
      ? `${N}/udp`
      : Port extends `${string}:${infer N extends number}` | `${infer N extends number}`
        ? N
        : PortKey

/** A variable a layer asks for: its description, or more about it. (LAY-89) */
export type EnvContract =
  | string
  | {
      /** What the variable is for. */
      readonly description: string
      /** Value when nobody gives one. A variable with a default is never demanded by the compiler. */
      readonly default?: string
    }

/** A secret a layer asks for: its description, or more about it. (LAY-89, LAY-91) */
export type SecretContract =
  | string
  | {
      /** What the secret is for. */
      readonly description: string
      /** Path in the credential store, `ov/<service>/<key>`. Default: `ov/secret/<NAME>`. */
      readonly key?: string
    }

/**
 * A map of contracts: `Given` is inferred from what was written (the second branch), and what was written is then checked field by field
 * (the first). Checked against the inferred type itself, a misspelt `default` would pass.
 */
export type Contracts<Given, Contract> =
  Given extends Readonly<Record<string, Contract>> ? { readonly [Name in keyof Given]: Contract } : Given

/** Names that have no default, so that a deploy must give them. */
export type Demanded<Given> = {
  [Name in keyof Given]: Given[Name] extends { readonly default: string } ? never : Name
}[keyof Given] &
  string

/** Names that carry a default. */
export type Defaulted<Given> = Exclude<keyof Given & string, Demanded<Given>>

/** Carries names in types only; none of these properties exists at run time. */
export interface Names<
  Volume extends string,
  Port extends PortKey,
  Required extends string,
  Optional extends string,
  Secret extends string,
> {
  /** Types only: volume names. */
  readonly $volume: Volume
  /** Types only: container ports. */
  readonly $port: Port
  /** Types only: variables that a deploy must set. */
  readonly $required: Required
  /** Types only: variables that a deploy may set. */
  readonly $optional: Optional
  /** Types only: secrets. */
  readonly $secret: Secret
}

/** Anything that carries names. */
export type AnyNames = Names<string, PortKey, string, string, string>

/** References that carry names; strings (things that live elsewhere) carry none. Indexed, so that messages show plain unions of names. */
export type Carried<Ref> = Extract<Ref, AnyNames>
