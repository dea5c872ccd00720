// SPDX-License-Identifier: Apache-2.0
// The whole stand: network, attacked server, Redis, collector, sensor. Brought up in the order
// the data flows back, taken down in reverse.
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { INTERFACE, Network, SERVER_SCRIPT } from './network.mjs'
import { Process, run, until } from './process.mjs'
import { root, settings } from './settings.mjs'

export class Stand {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'guan-browser-'))
    fs.chmodSync(this.folder, 0o755) // the sensor gives up root and must still reach its files
    this.network = new Network()
    this.processes = []
  }

  async up() {
    this.network.up()
    const redis = path.join(this.folder, 'redis.sock')
    const data = path.join(this.folder, 'data')
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`

    this.start('web', 'ip', ['netns', 'exec', this.network.server, process.execPath, '-e', SERVER_SCRIPT])
    this.start('redis', settings.redis, [
      '--port', '0', '--unixsocket', redis, '--unixsocketperm', '777', '--dir', this.folder, '--save', '', '--appendonly', 'no',
    ])
    await until('Redis socket', () => fs.existsSync(redis))

    run(settings.collector, '--data', data, '--rules', path.join(root, 'rules'), '--who', 'test', '--import', path.join(root, 'rules/registry/sample.yaml'))
    this.start('collector', settings.collector, [
      '--data', data, '--redis', `unix:${redis}`, '--listen', `127.0.0.1:${port}`,
      '--dashboards', settings.dashboards, '--rules', path.join(root, 'rules'),
    ])
    await until('collector health', () => this.isHealthy(), 20_000)
    this.password = fs.readFileSync(path.join(data, 'first-password'), 'utf8').trim()

    const out = path.join(this.folder, 'sensor')
    fs.mkdirSync(out)
    fs.chmodSync(out, 0o777)
    // Checksums of packets between namespaces are left to hardware that does not exist: -k none.
    this.start('sensor', 'ip', [
      'netns', 'exec', this.network.server, settings.sensor, '-i', INTERFACE, '-k', 'none', '-c', path.join(root, 'rules/guan-sensor.yaml'),
      '-l', out, '--zone', 'priv-toll', '--sensor-id', 'toll-1', '--redis', `unix:${redis}`, '--workers', '1',
    ])
    await until('sensor capturing', () => this.isCapturing(), 30_000, 200)
  }

  start(name, command, args) {
    const process = new Process(name, command, args, { log: path.join(this.folder, `${name}.log`) })
    this.processes.push(process)
    return process
  }

  async isHealthy() {
    this.mustRun('collector')
    try {
      return (await fetch(`${this.url}/api/v1/health`)).ok
    } catch {
      return false
    }
  }

  /* A packet socket on the interface is what capturing means to the kernel. */
  isCapturing() {
    this.mustRun('sensor')
    return run('ip', 'netns', 'exec', this.network.server, 'cat', '/proc/net/packet').trim().split('\n').length > 1
  }

  mustRun(name) {
    const process = this.processes.find((p) => p.name === name)
    if (!process.isRunning) throw new Error(`${name} ended:\n${process.output().slice(-4000)}`)
  }

  logs() {
    return this.processes.map((p) => `--- ${p.name}\n${p.output().slice(-3000)}`).join('\n')
  }

  async down() {
    for (const process of [...this.processes].reverse()) await process.stop()
    this.network.down()
    if (!settings.keep) fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

async function freePort() {
  const server = net.createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
