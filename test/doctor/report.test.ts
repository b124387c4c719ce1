import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { groupMark, isHealthy, reportJson, reportText, type Check, type Report } from '../../src/doctor/report.ts'
import { installHint, readSystem } from '../../src/doctor/system.ts'

const check = (status: Check['status'], name: string = status): Check => ({ name, status })
const ok = check('ok')
const missing = check('missing')

describe('what doctor says', () => {
  it.each([
    ['OK', { required: true, or: true, checks: [ok, missing] }],
    ['!!', { required: true, or: true, checks: [missing, missing] }],
    ['OK', { required: false, checks: [ok, ok] }],
    ['!!', { required: true, checks: [ok, missing] }],
    ['!!', { required: true, checks: [missing] }],
    ['!!', { required: false, checks: [ok, missing] }],
    ['!!', { required: false, checks: [check('warning'), missing] }],
    ['--', { required: false, checks: [missing, missing] }],
    ['OK', { required: false, checks: [ok, check('info')] }],
  ] as const)('DOC-02 [%s] of %j', (mark, group) => {
    expect(groupMark({ name: 'g', ...group })).toBe(mark)
  })

  const report = (more: Partial<Report> = {}): Report => ({
    system: { id: 'debian', name: 'Debian 13', manager: 'apt' },
    groups: [
      {
        name: 'Container Engine',
        required: true,
        or: true,
        checks: [
          { name: 'docker', status: 'missing', detail: 'not found', hint: 'sudo apt install docker.io' },
          { name: 'podman', status: 'ok', version: '5.4.2' },
        ],
      },
      {
        name: 'Secret Storage',
        required: false,
        checks: [{ name: 'Config permissions', status: 'warning', detail: '0644', hint: 'chmod 600 config.yml' }],
      },
    ],
    hardware: {
      gpu: false,
      amdGpu: true,
      amdGfx: 'gfx1100',
      devices: [
        { pattern: '/dev/dri/renderD*', path: '/dev/dri/renderD128', description: 'graphics', present: true },
        { pattern: '/dev/kvm', description: 'virtual machines', present: false },
      ],
      flags: ['--device', '/dev/dri/renderD128'],
    },
    ...more,
  })

  it('DOC-01 DOC-03 to people', () => {
    expect(reportText(report())).toBe(`ov doctor
=========
System: Debian 13 (apt)

[OK] Container Engine
  [-] docker -- not found (sudo apt install docker.io)
  [+] podman -- 5.4.2

[!!] Secret Storage
  [!] Config permissions -- 0644 (chmod 600 config.yml)

Hardware
  [ ] NVIDIA GPU
  [+] AMD GPU (gfx1100)
  [+] /dev/dri/renderD128 -- graphics
  [ ] /dev/kvm -- virtual machines
  Containers will receive: --device /dev/dri/renderD128

Summary: 1 found, 1 missing, 1 warnings, 1 devices detected`)
  })

  it('DOC-09 to programs', () => {
    expect(reportJson(report())).toEqual({
      schemaVersion: 1,
      system: { ID: 'debian', Name: 'Debian 13', Manager: 'apt' },
      groups: [
        {
          name: 'Container Engine',
          required: true,
          or_logic: true,
          checks: [
            { name: 'docker', status: 1, detail: 'not found', install_hint: 'sudo apt install docker.io' },
            { name: 'podman', status: 0, version: '5.4.2' },
          ],
        },
        {
          name: 'Secret Storage',
          required: false,
          checks: [{ name: 'Config permissions', status: 2, detail: '0644', install_hint: 'chmod 600 config.yml' }],
        },
      ],
      hardware: {
        gpu: false,
        amd_gpu: true,
        amd_gfx_version: 'gfx1100',
        gpu_flags: [],
        devices: [
          { pattern: '/dev/dri/renderD*', path: '/dev/dri/renderD128', description: 'graphics', present: true },
          { pattern: '/dev/kvm', description: 'virtual machines', present: false },
        ],
        container_flags: ['--device', '/dev/dri/renderD128'],
      },
      summary: { installed: 1, missing: 1, warnings: 1, devices: 1 },
    })
  })

  it('DOC-02 only a required group makes it fail', () => {
    expect(isHealthy(report())).toBe(true)
    expect(isHealthy(report({ groups: [{ name: 'e', required: true, checks: [missing] }] }))).toBe(false)
  })
})

describe('how something is installed', () => {
  it.each([
    ['ID=debian', 'fusermount3', 'sudo apt install fuse3'],
    ['ID=ubuntu\nID_LIKE=debian', 'qemu-img', 'sudo apt install qemu-utils'],
    ['ID=fedora', 'qemu-img', 'sudo dnf install qemu-img'],
    ['ID=cachyos\nID_LIKE=arch', 'script', 'sudo pacman -S util-linux'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'gocryptfs', 'sudo zypper install gocryptfs'],
    ['ID=alpine', 'git', 'sudo apk add git'],
    ['ID=nixos', 'git', 'install git'],
    ['ID=debian', 'tailscale', 'see https://tailscale.com/download'],
  ])('DOC-10 %j: %s', (release, program, hint) => {
    const file = join(mkdtempSync(join(tmpdir(), 'ov-release-')), 'os-release')
    writeFileSync(file, `${release}\nPRETTY_NAME="Some Linux"\n`)
    const system = readSystem(file)
    expect([system.name, installHint(program, system)]).toEqual(['Some Linux', hint])
  })
})
