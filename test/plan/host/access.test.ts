import { describe, expect, it } from 'vitest'
import type { Step } from '../../../src/plan/ir.ts'
import { touchesAccess, undoTouchesAccess } from '../../../src/plan/host/access.ts'

const cmd = (script: string) => ({ kind: 'Task', task: { verb: 'cmd', script } }) as unknown as Step
const packages = (...names: string[]) => ({ kind: 'SystemPackages', packages: names }) as unknown as Step
const unit = (name: string) => ({ kind: 'ServicePackaged', unit: name }) as unknown as Step
const other = { kind: 'File' } as unknown as Step

describe('what decides on who gets in', () => {
  it.each([
    [cmd('systemctl restart ssh')],
    [cmd('nft -f /etc/nftables.conf')],
    [cmd('set -e\nufw allow 22/tcp && ufw --force enable')],
    [cmd('ip link set eth0 down')],
    [cmd('/usr/sbin/iptables -P INPUT DROP')],
    [packages('curl', 'openssh-server')],
    [packages('ufw')],
    [packages('NetworkManager-wifi')],
    [unit('ssh.service')],
    [unit('systemd-networkd.service')],
    [unit('wg-quick@wg0.service')],
  ])('%j is guarded', (step) => {
    expect(touchesAccess(step, [])).toBe(true)
  })

  it.each([
    ['/etc/ssh/sshd_config.d/a.conf'],
    ['/etc/nftables.conf'],
    ['/home/op/.ssh/authorized_keys'],
    ['/etc/sudoers.d/ops'],
  ])('so is a file at %s, put there or taken away', (path) => {
    expect(touchesAccess(other, [{ path }])).toBe(true)
    expect(undoTouchesAccess({ kind: 'rm-file-system', targets: [path] })).toBe(true)
  })

  it.each([
    [cmd('echo passwords are elsewhere > /srv/notes; ipython --version; mynft')],
    [packages('git', 'sudoku', 'ssh-askpass-nothing')],
    [unit('nginx.service')],
  ])('%j is not', (step) => {
    expect(touchesAccess(step, [{ path: '/etc/sshfs.conf' }])).toBe(false)
  })

  it('packages and units that are taken back count as well', () => {
    expect(undoTouchesAccess({ kind: 'package-remove', targets: ['ufw'] })).toBe(true)
    expect(undoTouchesAccess({ kind: 'service-disable', targets: ['ssh.service'] })).toBe(true)
    expect(undoTouchesAccess({ kind: 'package-remove', targets: ['jq'] })).toBe(false)
  })
})
