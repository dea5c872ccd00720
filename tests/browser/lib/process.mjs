// SPDX-License-Identifier: Apache-2.0
// Child processes that are always ended, and whose output is at hand when something fails.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'

const STOP_MS = 5_000

export class Process {
  constructor(name, command, args, { log, env } = {}) {
    this.name = name
    this.log = log
    const out = fs.openSync(log, 'a')
    this.child = spawn(command, args, { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
    fs.closeSync(out)
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => resolve(signal ?? code))
      this.child.once('error', (error) => resolve(error.message))
    })
  }

  get isRunning() {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  output() {
    return fs.readFileSync(this.log, 'utf8')
  }

  async stop() {
    if (!this.isRunning) return
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS)
    await this.ended
    clearTimeout(timer)
  }
}

export function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 })
}

/* Polls until check() gives something true. The message says what did not come. */
export async function until(what, check, timeoutMs = 15_000, everyMs = 50) {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
