import { describe, expect, it } from 'vitest'
import { readDestination, venueId } from '../../src/model/destination.ts'

const read = (host: string, user?: string, args: string[] = []) => readDestination(host, user, args)

describe('where a host deploy goes', () => {
  it.each([
    ['db1', { host: 'db1' }],
    ['op@db1.example.org:2222', { host: 'db1.example.org', user: 'op', port: 2222 }],
    ['10.0.0.1:22', { host: '10.0.0.1', port: 22 }],
    ['[fe80::1]:2222', { host: 'fe80::1', port: 2222 }],
    ['op@fe80::1', { host: 'fe80::1', user: 'op' }],
    ['localhost', { host: 'localhost' }],
  ])('DEP-43 DEP-44 %s', (text, expected) => {
    expect(read(text)).toEqual({ args: [], ...expected })
  })

  it.each([
    ['', /it is empty/],
    ['@db1', /nothing stands before the @/],
    ['a@b@db1', /more than one @/],
    ['db1:0', /"0" is no port/],
    ['db1:70000', /is no port/],
    ['db1:', /is no port/],
    ['db1:ssh', /write \[user@\]host\[:port\]/],
    ['-oProxyCommand=id', /begins with a hyphen/],
    ['db1;id', /a character/],
    ['op@-x', /begins with a hyphen/],
    ['a b', /a character/],
  ])('DEP-45 %j is refused', (text, expected) => {
    expect(read(text)).toMatchObject({ field: 'host', problem: expect.stringMatching(expected) as string })
  })

  it('DEP-44 DEP-45 the account stands in one place', () => {
    expect(read('db1', 'op')).toMatchObject({ user: 'op' })
    expect(read('op@db1', 'op')).toMatchObject({ user: 'op' })
    expect(read('op@db1', 'root')).toMatchObject({
      field: 'user',
      problem: 'ambiguous user — host: "op@db1" has inline user "op" but user: field is "root" (remove one)',
    })
    expect(read('db1', '-x')).toMatchObject({ field: 'user' })
  })

  it('DEP-43 options are those that say how to connect', () => {
    expect(read('db1', undefined, ['-p', '22', '-J', 'a,b', '-oPort=1', '-4', '-i', '~/.ssh/id'])).toMatchObject({
      host: 'db1',
    })
    expect(read('db1', undefined, ['-N'])).toMatchObject({ field: 'sshArgs' })
    expect(read('db1', undefined, ['-i'])).toMatchObject({ problem: '-i wants a value' })
    expect(read('db1', undefined, ['reboot'])).toMatchObject({ field: 'sshArgs' })
  })

  it('DEP-37 one name for one place', () => {
    expect(venueId({ host: 'db1', args: [] })).toBe('ssh://db1')
    expect(venueId({ host: 'fe80::1', user: 'op', port: 2222, args: [] })).toBe('ssh://op@[fe80::1]:2222')
  })
})
