// SPDX-License-Identifier: Apache-2.0
// A small network apart from the machine's own: an attacker and a server, each in a namespace of
// its own, joined by a veth pair. The sensor listens on the server's end.
//
//   attacker 10.78.9.9 ----- veth ----- server 10.20.0.10 (toll centre), 10.77.0.10
//
// The registry knows 10.20.0.0/16 only. The attacker's address must be unknown to it too: an alert
// belongs to a facility by either end.
import { run } from './process.mjs'

export const ATTACKER = '10.78.9.9'
export const SERVER = '10.20.0.10'
export const UNKNOWN_SERVER = '10.77.0.10'
export const INTERFACE = 'toll0'

export class Network {
  constructor() {
    const tag = process.pid
    this.attacker = `guan-a-${tag}`
    this.server = `guan-s-${tag}`
  }

  up() {
    run('ip', 'netns', 'add', this.attacker)
    run('ip', 'netns', 'add', this.server)
    run('ip', '-n', this.attacker, 'link', 'add', 'out0', 'type', 'veth', 'peer', 'name', INTERFACE, 'netns', this.server)
    run('ip', '-n', this.attacker, 'addr', 'add', `${ATTACKER}/16`, 'dev', 'out0')
    run('ip', '-n', this.server, 'addr', 'add', `${SERVER}/16`, 'dev', INTERFACE)
    run('ip', '-n', this.server, 'addr', 'add', `${UNKNOWN_SERVER}/16`, 'dev', INTERFACE)
    for (const [ns, dev] of [
      [this.attacker, 'out0'],
      [this.server, INTERFACE],
    ]) {
      run('ip', '-n', ns, 'link', 'set', 'lo', 'up')
      run('ip', '-n', ns, 'link', 'set', dev, 'up')
    }
    for (const net of ['10.20.0.0/16', '10.77.0.0/16']) run('ip', '-n', this.attacker, 'route', 'add', net, 'dev', 'out0')
    run('ip', '-n', this.server, 'route', 'add', '10.78.0.0/16', 'dev', INTERFACE)
  }

  /* Deleting a namespace takes its interfaces with it. */
  down() {
    for (const ns of [this.attacker, this.server])
      try {
        run('ip', 'netns', 'del', ns)
      } catch {
        // not made, or gone already
      }
  }

  /* Sends one HTTP request as the attacker; answers when it was sent, by this machine's clock. */
  request(target, path) {
    const script = `
      const http = require('node:http')
      const at = Date.now()
      http.get({ host: ${JSON.stringify(target)}, port: 80, path: ${JSON.stringify(path)}, timeout: 5000 }, (r) => {
        r.resume().on('end', () => process.stdout.write(String(at)))
      }).on('error', (e) => { console.error(e.message); process.exit(1) })`
    return Number(run('ip', 'netns', 'exec', this.attacker, process.execPath, '-e', script))
  }
}

/* What the attacked server runs: it answers everything with a short page. */
export const SERVER_SCRIPT = `
  require('node:http').createServer((q, r) => {
    r.writeHead(404, { 'Content-Type': 'text/html; charset=utf-8' })
    r.end('<p>not here</p>')
  }).listen(80, '0.0.0.0')`
