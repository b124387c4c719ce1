import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_METADATA } from '../../../src/plan/metadata.ts'
import { BadFlag, withFlags } from '../../../src/plan/pod/flags.ts'
import { planPorts } from '../../../src/plan/pod/index.ts'
import { parseMapping, printMapping } from '../../../src/plan/ports.ts'

describe('port mappings', () => {
  it.each([
    ['80', { host: 80, container: 80, protocol: 'tcp' }],
    ['8080:80', { host: 8080, container: 80, protocol: 'tcp' }],
    ['127.0.0.1:8080:80/udp', { bind: '127.0.0.1', host: 8080, container: 80, protocol: 'udp' }],
    ['[::1]:8080:80', { bind: '[::1]', host: 8080, container: 80, protocol: 'tcp' }],
    ['53:53/tcp', { host: 53, container: 53, protocol: 'tcp' }],
  ] as const)('POD-63 %s', (text, mapping) => expect(parseMapping(text)).toEqual(mapping))
  it.each([
    '',
    '0',
    '65536',
    '1:2:3',
    'a:1',
    '127.0.0.1:80',
    '::1:80:80',
    '80/sctp',
    '80:',
    ':80',
    '300.1.1:1:1',
    '1:99999',
  ])('POD-63 %j is none', (text) => expect(parseMapping(text)).toBeUndefined())
  it('POD-63 printing and reading are each other’s reverse', () => {
    const port = fc.integer({ min: 1, max: 65535 })
    const mappings = fc.record(
      {
        bind: fc.constantFrom('0.0.0.0', '[::]', '10.0.0.1'),
        host: port,
        container: port,
        protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      },
      { requiredKeys: ['host', 'container', 'protocol'] },
    )
    fc.assert(
      fc.property(mappings, (mapping) => {
        expect(parseMapping(printMapping(mapping))).toEqual(mapping)
      }),
    )
  })

  const image = { ...EMPTY_METADATA, ports: ['3000:3000', '5900:5900', '53:53/udp'] }
  const shown = (entry: Parameters<typeof planPorts>[0], bind = '127.0.0.1') =>
    planPorts(entry, image, bind).map(
      ({ bind: at, host, container, protocol }) => `${at}:${host}:${container}/${protocol}`,
    )
  it('POD-64 POD-T3 an address is prefixed once, and one that is given is kept', () => {
    expect(shown({ ports: ['8888:8888', '127.0.0.1:8889:8889', '0.0.0.0:1:1'] })).toEqual([
      '127.0.0.1:8888:8888/tcp',
      '127.0.0.1:8889:8889/tcp',
      '0.0.0.0:1:1/tcp',
    ])
    expect(shown({ ports: ['8888:8888'] }, '0.0.0.0')).toEqual(['0.0.0.0:8888:8888/tcp'])
  })
  it('POD-66 POD-T3 one that can’t be read is reported, and the others are published', () => {
    const said: string[] = []
    const ports = planPorts({ ports: ['x:y', '80:80'] }, image, '', (_, __, message) => void said.push(message))
    expect(ports).toHaveLength(1)
    expect(said).toEqual(['ignoring unparseable port mapping "x:y" (expected forms: "P", "H:C", "IP:H:C")'])
  })
  it('POD-27 POD-68 POD-69 what was found, else the list, else the image’s; auto stands for those not named', () => {
    expect(shown({})).toEqual(['127.0.0.1:3000:3000/tcp', '127.0.0.1:5900:5900/tcp', '127.0.0.1:53:53/udp'])
    expect(shown({ ports: ['1:3000'] })).toEqual(['127.0.0.1:1:3000/tcp'])
    expect(shown({ ports: ['auto', '1:3000', 'auto'] })).toEqual([
      '127.0.0.1:1:3000/tcp',
      '127.0.0.1:auto:5900/tcp',
      '127.0.0.1:auto:53/udp',
    ])
    expect(shown({ ports: ['auto'], resolvedPort: ['4001:3000'] })).toEqual(['127.0.0.1:4001:3000/tcp'])
  })

  const ports = (...given: string[]) => withFlags({}, { ports: given }, image, undefined).ports
  it('POD-67 -p changes the host side, keeps the protocol, and adds what is missing', () => {
    expect(ports('5901:5900', '5353:53')).toEqual(['3000:3000', '5901:5900', '5353:53/udp'])
    expect(ports('9999:9000/udp')).toContain('9999:9000/udp')
    expect(() => ports('x')).toThrow('invalid port override "x": expected host:container (e.g., 5901:5900)')
  })
  it('POD-18 POD-19 POD-T8 without flags an entry stays as it is', () => {
    const entry = { image: 'web', ports: ['9:80'], env: ['A=1'], volumes: [{ name: 'v', type: 'encrypted' as const }] }
    expect(withFlags(entry, {}, image, undefined)).toEqual(entry)
  })
  it('POD-19 -e replaces by name, -c forgets the rest', () => {
    const entry = { env: ['A=1', 'B=2'] }
    expect(withFlags(entry, { env: ['A=x,y', 'C='] }, image, undefined).env).toEqual(['A=x,y', 'B=2', 'C='])
    expect(withFlags(entry, { env: ['C=3'], clean: true }, image, undefined).env).toEqual(['C=3'])
    expect(() => withFlags(entry, { env: ['SECRET'] }, image, undefined)).toThrow(BadFlag)
  })
  it('POD-41 POD-T17 ENC-03 ENC-04 ENC-05 one volume is named and the others stay; flags go before the variable, it before the entry', () => {
    const entry = {
      volumes: [
        { name: 'library', type: 'encrypted' as const, dataSeeded: true, dataSource: 'x:1' },
        { name: 'cache', type: 'volume' as const },
      ],
    }
    const { volumes } = withFlags(
      entry,
      { encrypt: ['import', 'extra'], binds: ['import=/mnt', 'extra=/x'], volumes: ['import:bind'] },
      image,
      'cache:bind:/c,import:volume',
    )
    expect(volumes).toEqual([
      { name: 'library', type: 'encrypted', dataSeeded: true, dataSource: 'x:1' },
      { name: 'cache', type: 'bind', host: '/c' },
      { name: 'import', type: 'bind' },
      { name: 'extra', type: 'bind', host: '/x' },
    ])
  })
  it('POD-40 POD-41 ENC-03 a volume without a kind, or of an unknown one, is refused', () => {
    const use = (text: string) => () => withFlags({}, { volumes: [text] }, image, undefined)
    expect(use('library')).toThrow('library:volume, library:bind[:PATH] or library:encrypted[:PATH]')
    expect(use('library:crypt')).toThrow('there is no kind of volume "crypt"')
    expect(use('Lib:bind')).toThrow('"Lib" is not a volume name')
  })
  it('POD-60 a limit changes its own field only', () => {
    const { security } = withFlags(
      { security: { shmSize: '1g', memoryMax: '1g' } },
      { limits: { memoryMax: '6g' } },
      image,
      undefined,
    )
    expect(security).toEqual({ shmSize: '1g', memoryMax: '6g' })
  })
})
