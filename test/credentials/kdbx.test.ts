import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import kdbxweb from 'kdbxweb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { KdbxDatabase, makeKey, readSealed } from '../../src/credentials/kdbx-database.ts'
import type { XmlNode } from '../../src/credentials/kdbx-tree.ts'
import { createKdbx } from '../../src/credentials/kdbx.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import {
  Answers,
  keepassxc,
  makeCheap,
  PASSWORD,
  problemOf,
  readWithLibrary,
  scratch,
  storeOf,
  valueByKeepassxc,
} from './kdbx-bed.ts'

const KINDS = [3, 'aes', 'argon2d', 'argon2id'] as const
/** Its key derivation takes KeePassXC no longer than it must. */
const QUICK = ['-q', '-t', '100'] as const

/** Version and key derivation of a file. */
async function headerOf(path: string): Promise<string> {
  const { header } = await readWithLibrary(readFileSync(path))
  const parameters = header.kdfParameters
  const cost = parameters
    ? ['M', 'I', 'P', 'R'].map((name) => `${name}=${Number(parameters.get(name))}`).join(' ')
    : `rounds=${header.keyEncryptionRounds}`
  const id = parameters?.get('$UUID')
  const kdf = id instanceof ArrayBuffer ? Buffer.from(id).toString('base64') : 'AES'
  return `${header.versionMajor}.${header.versionMinor} ${kdf} ${cost}`
}

describe('with KeePassXC', () => {
  it.each(KINDS)('CRED-03 CRED-41 KeePassXC reads what ov writes (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, kind)
    const store = storeOf(path)
    const values = {
      'ov/enc/immich': 'correct horse',
      'ov/vnc/desk-work': 'pässwörd 密码 🎉',
      'ov/secret/märchen & <co>': ' spaces "quotes" \\ <&> ',
      'ov/api-key/long': 'x'.repeat(200 * 1024),
      'ov/api-key/lines': 'one\ntwo\r\n\tthree\u0001',
    }
    for (const [name, value] of Object.entries(values)) {
      const [, service = '', key = ''] = /^(ov\/[^/]+)\/(.*)$/.exec(name) ?? []
      await store.set(service, key, value)
    }
    for (const [name, value] of Object.entries(values)) {
      expect(valueByKeepassxc(path, name)).toBe(value)
      const [, service = '', key = ''] = /^(ov\/[^/]+)\/(.*)$/.exec(name) ?? []
      // A store of its own: nothing of this comes from memory.
      expect(await storeOf(path).get(service, key)).toBe(value)
    }
    expect((await storeOf(path).list()).map(({ service, key }) => `${service}/${key}`)).toEqual(
      Object.keys(values).sort(),
    )
  })

  it('CRED-03 CRED-41 CRED-44 ov reads what KeePassXC has made (KDBX 3.1), and KeePassXC what ov then makes of it', async () => {
    const path = join(scratch(), 'theirs.kdbx')
    keepassxc(['db-create', ...QUICK, '-p', path], PASSWORD, PASSWORD)
    for (const group of ['ov', 'ov/enc', 'Private']) keepassxc(['mkdir', '-q', path, group], PASSWORD)
    keepassxc(['add', '-q', '-p', path, 'ov/enc/immich'], PASSWORD, 'theirs ü')
    keepassxc(['add', '-q', '-p', '-u', 'me', '--url', 'https://example.org', path, 'Private/bank'], PASSWORD, 'mine')
    const before = await headerOf(path)
    expect(before).toMatch(/^3\.1 AES rounds=\d{6,}$/)

    const store = storeOf(path)
    expect(await store.get('ov/enc', 'immich')).toBe('theirs ü')
    expect(await store.get('ov/enc', 'none')).toBeUndefined()
    expect(await store.get('ov/none', 'immich')).toBeUndefined()
    await store.set('ov/enc', 'immich', 'ours')
    await store.set('ov/secret', 'new', 'more')

    expect(await headerOf(path)).toBe(before)
    expect(keepassxc(['db-info', '-q', path], PASSWORD)).toMatch(/KDF: AES \(\d+ rounds\)/)
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('ours')
    expect(valueByKeepassxc(path, 'ov/secret/new')).toBe('more')
    expect(
      keepassxc(['show', '-q', '-s', '-a', 'UserName', '-a', 'Password', '-a', 'URL', path, 'Private/bank'], PASSWORD),
    ).toBe('me\nmine\nhttps://example.org\n')
    // And it still writes it.
    keepassxc(['edit', '-q', '-p', path, 'ov/enc/immich'], PASSWORD, 'theirs again')
    expect(await storeOf(path).get('ov/enc', 'immich')).toBe('theirs again')
  })

  const KEY_FILES: Readonly<Record<string, (path: string) => Promise<void> | void>> = {
    'made by KeePassXC': () => {},
    'of 32 bytes': (path) => writeFileSync(path, Buffer.alloc(32, 7)),
    'of 64 hexadecimal digits': (path) => writeFileSync(path, '0f'.repeat(32)),
    'of any bytes': (path) => writeFileSync(path, Buffer.from('<any>\tthing & more')),
    'version 1': async (path) => writeFileSync(path, await kdbxweb.KdbxCredentials.createRandomKeyFile(1)),
    'version 2': async (path) => writeFileSync(path, await kdbxweb.KdbxCredentials.createRandomKeyFile(2)),
  }
  it.each(Object.entries(KEY_FILES))('CRED-40 CRED-41 with a key file %s', async (_, make) => {
    const folder = scratch()
    const [path, keyFile] = [join(folder, 'a.kdbx'), join(folder, 'key')]
    await make(keyFile)
    keepassxc(['db-create', ...QUICK, '-p', '--set-key-file', keyFile, path], PASSWORD, PASSWORD)
    const store = storeOf(path, undefined, keyFile)
    await store.set('ov/enc', 'immich', 'secret')
    expect(keepassxc(['show', '-q', '-s', '-a', 'Password', '-k', keyFile, path, 'ov/enc/immich'], PASSWORD)).toBe(
      'secret\n',
    )
    expect(await storeOf(path, undefined, keyFile).get('ov/enc', 'immich')).toBe('secret')
    // It does need it.
    expect((await problemOf(storeOf(path).get('ov/enc', 'immich'))).kind).toBe('locked')
  })

  it('CRED-40 a key file alone, with an empty password', async () => {
    const folder = scratch()
    const [path, keyFile] = [join(folder, 'a.kdbx'), join(folder, 'key')]
    keepassxc(['db-create', ...QUICK, '--set-key-file', keyFile, path])
    await storeOf(path, new Answers(''), keyFile).set('ov/enc', 'immich', 'secret')
    expect(
      keepassxc(['show', '-q', '-s', '-a', 'Password', '--no-password', '-k', keyFile, path, 'ov/enc/immich']),
    ).toBe('secret\n')
  })

  it('CRED-44 CRED-64 a new file is KDBX 4 with Argon2id, 64 MiB, 10 rounds and 2 lanes, and has the groups', async () => {
    const path = join(scratch(), 'new', 'secrets.kdbx')
    await createKdbx(path, PASSWORD)
    expect(keepassxc(['db-info', '-q', path], PASSWORD)).toContain('KDF: Argon2id (10 rounds, 65536 KB)')
    expect(await headerOf(path)).toMatch(/^4\.0 nimLGVbbR3OyPfw\+xvCh5g== M=67108864 I=10 P=2 /)
    const groups = keepassxc(['ls', '-q', '-R', '-f', path], PASSWORD).split('\n')
    expect(groups).toEqual(expect.arrayContaining(['ov/', 'ov/vnc/', 'ov/secret/', 'ov/enc/']))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'secret')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('secret')
    expect(keepassxc(['db-info', '-q', path], PASSWORD)).toContain('KDF: Argon2id (10 rounds, 65536 KB)')
  })

  it('CRED-64 a new file with a key file; one that exists is refused, unless it is forced', async () => {
    const folder = scratch()
    const [path, keyFile] = [join(folder, 'a.kdbx'), join(folder, 'key')]
    await makeCheap(path)
    writeFileSync(keyFile, 'a key')
    const before = readFileSync(path)
    await expect(createKdbx(path, 'other', { keyFile })).rejects.toThrow(DiagnosticError)
    await expect(createKdbx(path, 'other', { keyFile })).rejects.toThrow(`${path} exists`)
    expect(readFileSync(path)).toEqual(before)
    await createKdbx(path, 'other', { keyFile, force: true })
    expect(keepassxc(['ls', '-q', '-k', keyFile, path, 'ov'], 'other')).toBe('vnc/\nsecret/\nenc/\n')
  })
})

/** Everything that a file can have which is none of ov's business. */
const RICH = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
	<Meta>
		<DatabaseName>mine</DatabaseName>
		<CustomIcons><Icon><UUID>1s6qp+u0FwiVwwHG2HVwUw==</UUID><Data>iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==</Data></Icon></CustomIcons>
		<RecycleBinEnabled>True</RecycleBinEnabled>
		<HistoryMaxItems>2</HistoryMaxItems>
		<HistoryMaxSize>6291456</HistoryMaxSize>
		<Binaries><Binary ID="0" Compressed="False">aGVsbG8=</Binary><Binary ID="1" Compressed="False">d29ybGQ=</Binary></Binaries>
		<CustomData><Item><Key>A</Key><Value>of the file</Value></Item></CustomData>
	</Meta>
	<Root>
		<Group>
			<UUID>ya9osN7sRzJLkIIpHjTYTA==</UUID>
			<Name>Passwords</Name>
			<IconID>49</IconID>
			GROUP_DATA
			<Entry>
				<UUID>E1XCaqZVq+52Yu0i0J3vBQ==</UUID>
				<IconID>7</IconID>
				<CustomIconUUID>1s6qp+u0FwiVwwHG2HVwUw==</CustomIconUUID>
				<ForegroundColor>#aa0000</ForegroundColor>
				<OverrideURL>cmd://x</OverrideURL>
				<Tags>one two;three:four</Tags>
				<Times><Expires>True</Expires><ExpiryTime>2031-05-06T07:08:09Z</ExpiryTime><UsageCount>5</UsageCount></Times>
				<String><Key>Title</Key><Value>shop</Value></String>
				<String><Key>UserName</Key><Value>me &amp; you</Value></String>
				<String><Key>Password</Key><Value ProtectInMemory="True">shop-secret</Value></String>
				<String><Key>Notes</Key><Value>a	tab
and a line &lt;&amp;&gt; ü🎉	</Value></String>
				<String><Key>PIN</Key><Value ProtectInMemory="True">1234</Value></String>
				<String><Key>Empty</Key><Value/></String>
				<Binary><Key>one.txt</Key><Value Ref="0"/></Binary>
				<Binary><Key>two.txt</Key><Value Ref="1"/></Binary>
				<AutoType><Enabled>True</Enabled><DataTransferObfuscation>0</DataTransferObfuscation>
				<Association><Window>Shop*</Window><KeystrokeSequence/></Association>
				<Association><Window>Store</Window><KeystrokeSequence>{PASSWORD}</KeystrokeSequence></Association></AutoType>
				<History><Entry><UUID>E1XCaqZVq+52Yu0i0J3vBQ==</UUID><Times/><String><Key>Title</Key><Value>shop</Value></String><String><Key>Password</Key><Value ProtectInMemory="True">older</Value></String><Binary><Key>one.txt</Key><Value Ref="0"/></Binary></Entry></History>
			</Entry>
		</Group>
	</Root>
</KeePassFile>
`

describe('the rest of the file', () => {
  it.each([
    ['3.1', ''],
    // Only version 4 has this.
    ['4.0', '<CustomData><Item><Key>B</Key><Value>of the group</Value></Item></CustomData>'],
  ])('CRED-41 CRED-45 all else in a file of version %s survives', async (version, groupData) => {
    const folder = scratch()
    const path = join(folder, 'rich.kdbx')
    writeFileSync(join(folder, 'rich.xml'), RICH.replace('GROUP_DATA', groupData))
    keepassxc(['import', ...QUICK, '-p', join(folder, 'rich.xml'), path], PASSWORD, PASSWORD)
    expect(await headerOf(path)).toContain(`${version} `)
    // KeePassXC puts the time of each export in, and attachments in no order; these are looked at below.
    const exported = () =>
      keepassxc(['export', '-q', path], PASSWORD)
        .replaceAll(/\s*<Item>\s*<Key>_LAST_MODIFIED<\/Key>\s*<Value>[^<]*<\/Value>\s*<\/Item>/g, '')
        .replace(/<Binaries>[^]*<\/Binaries>/, '')
        .replaceAll(/Ref="\d"/g, '')
    const before = exported()
    expect(before).toContain('a\ttab\nand a line')

    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'one')
    await store.set('ov/enc', 'immich', 'two')
    await store.set('ov/enc', 'other', 'short-lived')
    await store.delete('ov/enc', 'other')
    const after = exported()
    expect(after).toContain('two')
    expect(after).not.toContain('short-lived')
    const without = after
      .replace(/\t\t\t<Group>\n\t\t\t\t<UUID>[^<]*<\/UUID>\n\t\t\t\t<Name>ov<\/Name>[^]*?\n\t\t\t<\/Group>\n/, '')
      .replace(/<DeletedObjects>[^]*<\/DeletedObjects>/, '<DeletedObjects/>')
    expect(without).toBe(before)
    for (const [name, content] of [
      ['one.txt', 'hello'],
      ['two.txt', 'world'],
    ] as const)
      expect(keepassxc(['attachment-export', '-q', '--stdout', path, 'shop', name], PASSWORD)).toBe(content)
  })

  it('CRED-41 attachments that the file has twice stay with their entries', async () => {
    const path = join(scratch(), 'a.kdbx')
    const contents = ['same', 'same', 'other', 'last']
    await makeCheap(path, 'argon2id', async (kdbx) => {
      const entry = kdbx.createEntry(kdbx.getDefaultGroup())
      entry.fields.set('Title', 'files')
      const all = await Promise.all(contents.map((text) => kdbx.createBinary(new TextEncoder().encode(text).buffer)))
      // Written the way of programs that don't look for doubles.
      vi.spyOn(kdbx.binaries, 'getAll').mockReturnValue(all.map(({ value }, ref) => ({ ref: String(ref), value })))
      let ref = 0
      vi.spyOn(kdbx.binaries, 'getRefByHash').mockImplementation(() => ({ ref: String(ref++) }))
      all.forEach((binary, index) => entry.binaries.set(`${index}.txt`, binary))
    })
    const check = () =>
      contents.map((_, index) =>
        keepassxc(['attachment-export', '-q', '--stdout', path, 'files', `${index}.txt`], PASSWORD),
      )
    expect(check()).toEqual(contents)
    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'one')
    await store.set('ov/enc', 'immich', 'two')
    expect(check()).toEqual(contents)
  })

  it.each([3, 'argon2id'] as const)('CRED-41 elements that nobody here has heard of survive (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    const add = (node: XmlNode, value: string) => {
      const made = node.ownerDocument.createElement('Unheard')
      made.setAttribute('of', value)
      made.textContent = ` <${value}> `
      node.appendChild(made)
    }
    const all = (kdbx: kdbxweb.Kdbx, tagName: string) => {
      const { documentElement } = kdbx.xml as {
        documentElement: XmlNode & { getElementsByTagName(name: string): ArrayLike<XmlNode> }
      }
      return Array.from(documentElement.getElementsByTagName(tagName))
    }
    const places = ['Meta', 'Group', 'Entry', 'Times', 'String']
    await makeCheap(path, kind, (kdbx) => {
      kdbx.createEntry(kdbx.getDefaultGroup()).fields.set('Title', 'x')
      const { buildXml } = kdbx
      kdbx.buildXml = (context) => {
        buildXml.call(kdbx, context)
        for (const place of places) add(all(kdbx, place)[0]!, `in ${place}`)
      }
    })
    await storeOf(path).set('ov/enc', 'immich', 'one')
    await storeOf(path).set('ov/enc', 'immich', 'two')
    const kdbx = await kdbxweb.Kdbx.load(new Uint8Array(readFileSync(path)).buffer, await makeKey(PASSWORD), {
      preserveXml: true,
    })
    const found = all(kdbx, 'Unheard').map((node) => `${node.getAttribute('of')}:${node.textContent}`)
    expect(found.sort()).toEqual(places.map((place) => `in ${place}: <in ${place}> `).sort())
  })

  it.each(KINDS)('CRED-44 version and key derivation stay (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, kind)
    const before = await headerOf(path)
    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'secret')
    expect(await headerOf(path)).toBe(before)
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('secret')
  })
})

describe('entries', () => {
  const entryOf = async (path: string, title: string) => {
    const kdbx = await readWithLibrary(readFileSync(path))
    return [...kdbx.getDefaultGroup().allEntries()].find((entry) => entry.fields.get('Title') === title)
  }
  const passwordOf = (entry: kdbxweb.KdbxEntry | undefined): string | undefined => {
    const value = entry?.fields.get('Password')
    return value instanceof kdbxweb.ProtectedValue ? value.getText() : undefined
  }

  it('CRED-41 the value is in the protected password field', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    await storeOf(path).set('ov/enc', 'immich', 'secret')
    expect(passwordOf(await entryOf(path, 'immich'))).toBe('secret')
  })

  it('CRED-41 a value that another program left unprotected is read, and protected when it changes', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, 'argon2id', (kdbx) => {
      const entry = kdbx.createEntry(kdbx.createGroup(kdbx.createGroup(kdbx.getDefaultGroup(), 'ov'), 'enc'))
      entry.fields.set('Title', kdbxweb.ProtectedValue.fromString('immich'))
      entry.fields.set('Password', 'plain')
    })
    const store = storeOf(path)
    expect(await store.get('ov/enc', 'immich')).toBe('plain')
    await store.set('ov/enc', 'immich', 'secret')
    const kdbx = await readWithLibrary(readFileSync(path))
    const [entry] = [...kdbx.getDefaultGroup().allEntries()]
    expect(passwordOf(entry)).toBe('secret')
    expect(entry?.history[0]?.fields.get('Password')).toBe('plain')
  })

  it('CRED-41 an entry without a password has no value; it gets one', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, 'argon2id', (kdbx) => {
      const entry = kdbx.createEntry(kdbx.createGroup(kdbx.createGroup(kdbx.getDefaultGroup(), 'ov'), 'enc'))
      entry.fields.set('Title', 'immich')
      entry.fields.delete('Password')
    })
    expect(await storeOf(path).get('ov/enc', 'immich')).toBeUndefined()
    await storeOf(path).set('ov/enc', 'immich', 'secret')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('secret')
  })

  it('CRED-41 CRED-62 the list has what is in groups of services, sorted, each once, and nothing else', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, 'argon2id', (kdbx) => {
      const add = (group: kdbxweb.KdbxGroup, ...titles: string[]) => {
        for (const title of titles) kdbx.createEntry(group).fields.set('Title', title)
        return group
      }
      const root = add(kdbx.getDefaultGroup(), 'at the top')
      const ov = add(kdbx.createGroup(root, 'ov'), 'without a service')
      add(kdbx.createGroup(ov, 'vnc'), 'b', 'a', 'a', 'with/slash', '')
      add(kdbx.createGroup(add(kdbx.createGroup(ov, 'enc'), 'immich'), 'deeper'), 'too deep')
      add(kdbx.createGroup(ov, 'Not A Service'), 'x')
      add(kdbx.createGroup(kdbx.createGroup(root, 'ov'), 'enc'), 'second group of that name')
      add(kdbx.createGroup(kdbx.createGroup(root, 'elsewhere'), 'enc'), 'y')
    })
    const store = storeOf(path)
    expect((await store.list()).map(({ service, key }) => `${service}/${key}`)).toEqual([
      'ov/enc/immich',
      'ov/enc/second group of that name',
      'ov/vnc/a',
      'ov/vnc/b',
    ])
    expect(await store.list('ov/vnc')).toEqual([
      { service: 'ov/vnc', key: 'a' },
      { service: 'ov/vnc', key: 'b' },
    ])
    expect(await store.list('ov/none')).toEqual([])
  })

  it.each(KINDS)('CRED-45 the value before is in the history, which is as long as the file says (%s)', async (kind) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, kind, (kdbx) => {
      kdbx.meta.historyMaxItems = 2
    })
    const store = storeOf(path)
    const history = async () => (await entryOf(path, 'immich'))?.history.map(passwordOf)
    await store.set('ov/enc', 'immich', 'one')
    expect(await history()).toEqual([])
    await store.set('ov/enc', 'immich', 'two')
    expect(await history()).toEqual(['one'])
    await storeOf(path).set('ov/enc', 'immich', 'three')
    await store.set('ov/enc', 'immich', 'four')
    expect(await history()).toEqual(['two', 'three'])
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('four')
    const { times } = (await entryOf(path, 'immich'))!
    expect(times.lastModTime!.getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  it('CRED-45 the same value again changes nothing', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'one')
    const before = readFileSync(path)
    await store.set('ov/enc', 'immich', 'one')
    expect(readFileSync(path)).toEqual(before)
  })

  it('CRED-45 deleting is for good, with all of that name; what is not there is fine', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, 'argon2id', (kdbx) => {
      const enc = kdbx.createGroup(kdbx.createGroup(kdbx.getDefaultGroup(), 'ov'), 'enc')
      for (const title of ['immich', 'immich', 'stays']) kdbx.createEntry(enc).fields.set('Title', title)
    })
    const store = storeOf(path)
    await store.delete('ov/enc', 'immich')
    expect(
      keepassxc(['ls', '-q', '-R', '-f', path], PASSWORD)
        .split('\n')
        .filter((line) => !line.endsWith('/')),
    ).toEqual(['Recycle Bin/[empty]', 'ov/enc/stays', ''])
    const kdbx = await readWithLibrary(readFileSync(path))
    expect(kdbx.deletedObjects).toHaveLength(2)
    const before = readFileSync(path)
    await store.delete('ov/enc', 'immich')
    await store.delete('ov/none', 'immich')
    expect(readFileSync(path)).toEqual(before)
    // And it can come back.
    await store.set('ov/enc', 'immich', 'again')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('again')
  })

  it('CRED-41 what was thrown into the recycle bin is gone', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    await storeOf(path).set('ov/enc', 'immich', 'secret')
    keepassxc(['rm', '-q', path, 'ov/enc/immich'], PASSWORD)
    expect(keepassxc(['ls', '-q', path, 'Recycle Bin'], PASSWORD)).toBe('immich\n')
    expect(await storeOf(path).get('ov/enc', 'immich')).toBeUndefined()
    // With its groups, too.
    await storeOf(path).set('ov/enc', 'other', 'secret')
    keepassxc(['rmdir', '-q', path, 'ov'], PASSWORD)
    expect(await storeOf(path).list()).toEqual([])
  })

  it('CRED-41 not even a recycle bin called ov is searched, or written to', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path, 'argon2id', (kdbx) => {
      const bin = kdbx.getGroup(kdbx.meta.recycleBinUuid!)!
      bin.name = 'ov'
      kdbx.createEntry(kdbx.createGroup(bin, 'enc')).fields.set('Title', 'immich')
    })
    const store = storeOf(path)
    expect(await store.get('ov/enc', 'immich')).toBeUndefined()
    await store.delete('ov/enc', 'immich')
    await store.set('ov/enc', 'immich', 'secret')
    expect(await storeOf(path).get('ov/enc', 'immich')).toBe('secret')
    const kdbx = await readWithLibrary(readFileSync(path))
    expect([...kdbx.getGroup(kdbx.meta.recycleBinUuid!)!.allEntries()].map(passwordOf)).toEqual([undefined])
  })

  it.each([
    ['a\u0001b', 'value', 'is no name for an entry'],
    ['a\nb', 'value', 'is no name for an entry'],
    ['a\ud800b', 'value', 'is no name for an entry'],
    ['a\uffff', 'value', 'is no name for an entry'],
    ['a', 'half \ud800', 'is not valid text'],
  ])('CRED-41 what XML has no room for is refused, not changed: %j', async (key, value, message) => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const before = readFileSync(path)
    await expect(storeOf(path).set('ov/enc', key, value)).rejects.toThrow(message)
    await expect(storeOf(path).set('ov/enc', key, value)).rejects.toThrow(DiagnosticError)
    expect(readFileSync(path)).toEqual(before)
  })
})

describe('other writers', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('CRED-45 what KeePassXC has written since the file was opened stays', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const answers = new Answers(PASSWORD)
    const store = storeOf(path, answers)
    await store.set('ov/enc', 'immich', 'one')
    keepassxc(['add', '-q', '-p', path, 'ov/enc/theirs'], PASSWORD, 'theirs')
    keepassxc(['edit', '-q', '-p', path, 'ov/enc/immich'], PASSWORD, 'two')
    await store.set('ov/enc', 'ours', 'ours')
    expect(valueByKeepassxc(path, 'ov/enc/theirs')).toBe('theirs')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('two')
    expect(valueByKeepassxc(path, 'ov/enc/ours')).toBe('ours')
    expect(await store.get('ov/enc', 'immich')).toBe('two')
    expect(answers.asked).toBe(1)
  })

  it('CRED-45 what is in memory is not taken for what is in the file', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const store = storeOf(path)
    await store.set('ov/enc', 'immich', 'one')
    keepassxc(['edit', '-q', '-p', path, 'ov/enc/immich'], PASSWORD, 'two')
    await store.set('ov/enc', 'immich', 'one')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('one')
    keepassxc(['add', '-q', '-p', path, 'ov/enc/theirs'], PASSWORD, 'theirs')
    await store.delete('ov/enc', 'theirs')
    expect(keepassxc(['ls', '-q', path, 'ov/enc'], PASSWORD)).toBe('immich\n')
  })

  it('CRED-45 CRED-43 a master password that was changed meanwhile is asked for', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const answers = new Answers(PASSWORD, 'the new one')
    const store = storeOf(path, answers)
    await store.set('ov/enc', 'immich', 'one')
    keepassxc(['db-edit', '-q', '-p', path], PASSWORD, 'the new one', 'the new one')
    await store.set('ov/enc', 'other', 'two')
    expect(answers.asked).toBe(2)
    expect(valueByKeepassxc(path, 'ov/enc/other', 'the new one')).toBe('two')
    expect(valueByKeepassxc(path, 'ov/enc/immich', 'the new one')).toBe('one')
  })

  /** Another program writes while ov encrypts what it is about to write. */
  const writeMeanwhile = (path: string, times: number) => {
    const { encode } = KdbxDatabase.prototype
    let count = 0
    vi.spyOn(KdbxDatabase.prototype, 'encode').mockImplementation(async function (this: KdbxDatabase) {
      if (count++ < times) keepassxc(['add', '-q', '-p', path, `theirs ${count}`], PASSWORD, `theirs ${count}`)
      return encode.call(this)
    })
  }

  it('CRED-45 what is written between reading and writing is not lost', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const store = storeOf(path)
    writeMeanwhile(path, 2)
    await store.set('ov/enc', 'immich', 'ours')
    expect(valueByKeepassxc(path, 'theirs 1')).toBe('theirs 1')
    expect(valueByKeepassxc(path, 'theirs 2')).toBe('theirs 2')
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('ours')
    expect(await store.get('ov/enc', 'immich')).toBe('ours')
  })

  it('CRED-45 a file that never stands still is given up on, unharmed', async () => {
    const folder = scratch()
    const path = join(folder, 'a.kdbx')
    await makeCheap(path)
    writeMeanwhile(path, 100)
    const store = storeOf(path)
    const problem = await problemOf(store.set('ov/enc', 'immich', 'ours'))
    expect(problem.kind).toBe('unavailable')
    expect(problem.message).toContain(`another program keeps changing ${path}`)
    expect(valueByKeepassxc(path, 'theirs 5')).toBe('theirs 5')
    expect(await storeOf(path).get('ov/enc', 'immich')).toBeUndefined()
    // Nor does the store that has failed say otherwise.
    expect(await store.get('ov/enc', 'immich')).toBeUndefined()
    expect(readdirSync(folder).sort()).toEqual(['a.kdbx', 'a.kdbx.lock'])
  })

  it('CRED-45 stores that write at once wait for each other', async () => {
    const path = join(scratch(), 'a.kdbx')
    await makeCheap(path)
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)
    await Promise.all(keys.map((key) => storeOf(path).set('ov/enc', key, `value of ${key}`)))
    const store = storeOf(path)
    expect((await store.list()).map(({ key }) => key)).toEqual([...keys].sort())
    for (const key of keys) expect(await store.get('ov/enc', key)).toBe(`value of ${key}`)
  })

  it('CRED-45 the new file is for this user alone, and nothing is left beside it', async () => {
    const folder = scratch()
    const path = join(folder, 'a.kdbx')
    await makeCheap(path)
    chmodSync(path, 0o644)
    await storeOf(path).set('ov/enc', 'immich', 'secret')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['a.kdbx', 'a.kdbx.lock'])
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), 'latin1')).not.toContain('secret')
  })

  it('CRED-45 behind a link, the file itself is replaced', async () => {
    const folder = scratch()
    const [path, link] = [join(folder, 'a.kdbx'), join(folder, 'link.kdbx')]
    await makeCheap(path)
    symlinkSync('a.kdbx', link)
    await storeOf(link).set('ov/enc', 'immich', 'secret')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(valueByKeepassxc(path, 'ov/enc/immich')).toBe('secret')
  })
})

it('CRED-44 a part of a larger buffer is read as that part', async () => {
  const path = join(scratch(), 'a.kdbx')
  await makeCheap(path, 3)
  await storeOf(path).set('ov/enc', 'immich', 'secret')
  const content = readFileSync(path)
  const larger = Buffer.concat([Buffer.alloc(100, 1), content, Buffer.alloc(100, 2)])
  const database = await (await readSealed(larger.subarray(100, 100 + content.length), path))(await makeKey(PASSWORD))
  expect(database?.tree.get('ov/enc', 'immich')).toBe('secret')
})
